// `t4 gc`: one run of collection. A node that leads is asked to do it; for a database that nobody runs this leads for a moment, as
// a node would: lock, seal, manifest.
// Must never: take a lock whose holder may have acknowledged what only its own disk has; the next leader would not be told.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LeaderLock } from "../../election/leader-lock.js";
import type { LockRecord } from "../../election/lock-record.js";
import { readLock } from "../../election/take-lock.js";
import type { ReadManifest } from "../../archive/latest-manifest.js";
import { takeOver } from "../../archive/take-over.js";
import { collect, type CollectResult } from "../../checkpoint/collection/collect.js";
import { readCheckpoint } from "../../checkpoint/restore/history.js";
import { T4Error } from "../../core/errors.js";
import { hexOf } from "../../lib/hex.js";
import type { ObjectInfo } from "../../object/object-store.js";
import { CommandError, EXIT_FAILED, EXIT_OK } from "../exit.js";
import type { Collection, CollectClient } from "./collect-call.js";
import { note, print, printJson, shownBytes } from "./output.js";
import { readDatabase, withStore, type Session, type StoreCommandFlags } from "./session.js";

export interface GcFlags extends StoreCommandFlags, CollectClient {
  readonly keep: number;
  /** Milliseconds, these two. */
  readonly restoreWindow: number;
  readonly gcGrace: number;
  readonly dryRun?: boolean;
  /** Of the node that leads; its own word in the lock if missing. */
  readonly endpoint?: string;
}

export async function gc(flags: GcFlags): Promise<number> {
  return withStore(flags, async (session) => {
    const read = await readDatabase(session.store);
    if (flags.dryRun === true) {
      // Reads only, so nobody has to be kept out.
      const { term } = read.manifest;
      return report(
        collectionOf(await run(session, flags, term, async () => Promise.resolve(true))),
        flags,
      );
    }
    if (read.manifest.checkpoints.length === 0) {
      throw new CommandError(
        `${session.store.url} has no checkpoint: all of its log is needed, and nothing can be collected`,
        EXIT_FAILED,
      );
    }
    const asked = await askLeader(session, flags, read);
    return report(asked ?? collectionOf(await lead(session, flags, read)), flags);
  });
}

/** Null if no node leads, as far as the lock tells, or none answers. */
async function askLeader(
  session: Session,
  flags: GcFlags,
  { manifest }: ReadManifest,
): Promise<Collection | null> {
  const { context, runtime, signal } = session;
  const holder = (await readLock({ ...context, runtime }))?.record ?? null;
  const address = flags.endpoint ?? (holder?.state === "held" ? holder.address : null);
  if (address === null || address === "none" || address === "embedded") {
    return null;
  }
  const { askToCollect, isAddress } = await import("./collect-call.js");
  if (flags.endpoint === undefined && !isAddress(address)) {
    note(`the lock's holder cannot be asked: "${address}" is no place`);
    return null;
  }
  const request = {
    clusterId: manifest.clusterId,
    keep: flags.keep,
    restoreWindowMs: flags.restoreWindow,
    graceMs: flags.gcGrace,
    dryRun: false,
  };
  const answer = await askToCollect(address, request, flags, signal);
  if (answer.kind === "collected") {
    note(`node ${holder?.nodeId ?? "?"} at ${address} leads, and collected`);
    return answer.collection;
  }
  if (flags.endpoint !== undefined) {
    throw new CommandError(answer.reason, EXIT_FAILED, answer.cause);
  }
  // It may have ended without a word: its lock tells.
  note(answer.reason);
  return null;
}

function collectionOf(result: CollectResult): Collection {
  if (result.kind === "disturbed" || result.kind === "fenced") {
    return { kind: result.kind, delete: [], condemn: [], droppedKeys: [], keptKeys: [] };
  }
  const { plan } = result;
  return {
    kind: result.kind,
    delete: plan.delete,
    condemn: plan.condemn,
    droppedKeys: plan.dropped.map(({ key }) => key),
    keptKeys: plan.retained.map(({ key }) => key),
  };
}

async function run(
  { context, runtime }: Session,
  { keep, restoreWindow, gcGrace, dryRun }: GcFlags,
  term: ReadManifest["manifest"]["term"],
  isLeading: () => Promise<boolean>,
): Promise<CollectResult> {
  return collect({
    context,
    term,
    keep,
    restoreWindowMs: restoreWindow,
    graceMs: gcGrace,
    dryRun: dryRun === true,
    isLeading,
    logger: runtime.logger,
  });
}

async function lead(session: Session, flags: GcFlags, read: ReadManifest): Promise<CollectResult> {
  const directory = mkdtempSync(join(tmpdir(), "t4-gc-"));
  try {
    const lock = await acquire(session, directory, read);
    try {
      await claim(session, lock, read);
      return await run(
        session,
        flags,
        lock.term,
        async () => (await lock.confirm()).kind === "ours",
      );
    } finally {
      await lock.release();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function acquire(
  { runtime, store, signal, context }: Session,
  directory: string,
  { manifest }: ReadManifest,
): Promise<LeaderLock> {
  const before = (await readLock({ ...context, runtime }))?.record ?? null;
  try {
    return await LeaderLock.acquire({
      runtime,
      store,
      directory,
      identity: {
        clusterId: manifest.clusterId,
        nodeId: "t4-gc",
        // The last leader's: no entry is written here, so its log is still the one that the archive goes on from.
        logId: before?.logId ?? hexOf(runtime.random.bytes(16)),
        address: "none",
      },
      rule: before?.rule ?? "archive",
      seenTerm: manifest.term,
      signal,
      waiting: (holder) => {
        assertArchived(holder, store.url);
        note(`node ${holder.nodeId} at ${holder.address} may still lead: waiting up to 10 s`);
      },
      lost: () => {
        // Asked for before each call that deletes.
      },
    });
  } catch (error) {
    if (error instanceof T4Error && error.code === "T4_LOCKED") {
      throw new CommandError(
        `${error.message}. It could not be asked to collect: name its client port with --endpoint, or leave it to the node, which ` +
          "collects by itself after each checkpoint",
        EXIT_FAILED,
        error,
      );
    }
    throw error;
  }
}

function assertArchived({ nodeId, address, rule }: LockRecord, url: string): void {
  if (rule === "local") {
    throw new CommandError(
      `node ${nodeId} at ${address} leads on ${url} or has ended without a word, and acknowledges before the object store ` +
        "has it. If it runs, name its client port with --endpoint; if not, start it again first",
      EXIT_FAILED,
    );
  }
}

/** Ends the last leader's term, as whoever leads does: from here on its writes to archive and manifest are lost. */
async function claim({ context }: Session, lock: LeaderLock, read: ReadManifest): Promise<void> {
  const { store } = context;
  const newest = read.manifest.checkpoints.at(-1);
  if (newest === undefined) {
    throw new T4Error("T4_CORRUPT", `${store.url} has lost its checkpoints`);
  }
  const { next, revision } = await readCheckpoint(store, { owner: "", key: newest.key });
  const over = await takeOver(context, {
    manifest: read,
    term: lock.term,
    from: { position: next, revision },
  });
  if (over.kind !== "leading") {
    throw new CommandError(
      `another node has begun to lead on ${store.url}: it collects by itself`,
      EXIT_FAILED,
    );
  }
}

function report(result: Collection, flags: GcFlags): number {
  if (result.kind === "disturbed" || result.kind === "fenced") {
    throw new CommandError(
      result.kind === "fenced"
        ? "another node has begun to lead: it collects by itself"
        : "the manifest was written again and again meanwhile: run it again",
      EXIT_FAILED,
    );
  }
  const isDone = result.kind === "collected";
  if (flags.json === true) {
    printJson({
      kind: result.kind,
      deleted: result.delete.map(({ key }) => key),
      deletedBytes: bytesOf(result.delete),
      condemned: result.condemn.map(({ key }) => key),
      condemnedBytes: bytesOf(result.condemn),
      droppedCheckpoints: result.droppedKeys,
      keptCheckpoints: result.keptKeys,
    });
    return EXIT_OK;
  }
  const amount = (objects: readonly ObjectInfo[]): string =>
    `${String(objects.length)} objects, ${shownBytes(bytesOf(objects))}`;
  const would = isDone ? "" : "would be ";
  if (!isDone) {
    result.delete.forEach(({ key }) => {
      print(`delete  ${key}`);
    });
    result.condemn.forEach(({ key }) => {
      print(`condemn ${key}`);
    });
  }
  print(`${would}deleted: ${amount(result.delete)}`);
  print(`${would}condemned, to be deleted after the grace: ${amount(result.condemn)}`);
  print(
    `checkpoints ${would}kept: ${String(result.keptKeys.length)}, ${would}given up: ${String(result.droppedKeys.length)}`,
  );
  return EXIT_OK;
}

function bytesOf(objects: readonly ObjectInfo[]): number {
  return objects.reduce((sum, { bytes }) => sum + bytes, 0);
}
