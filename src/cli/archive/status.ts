// `t4 status`: what an object store holds of a database, and who leads on it.
import type { LatestManifest } from "../../archive/latest-manifest.js";
import { isRemoved } from "../../checkpoint/branch/removed.js";
import { statusOf, type PrefixStatus } from "../../checkpoint/status.js";
import type { LockRecord } from "../../election/lock-record.js";
import { hexOfId } from "../../lib/hex.js";
import { EXIT_OK } from "../exit.js";
import { print, printFacts, printJson, printTable, shownBytes, shownTime } from "./output.js";
import { readDatabase, withReadStore, type StoreCommandFlags } from "./session.js";

interface Found extends PrefixStatus {
  readonly url: string;
  readonly manifest: LatestManifest;
}

export async function status(flags: StoreCommandFlags): Promise<number> {
  return withReadStore(flags, async ({ store }) => {
    const { manifest } = await readDatabase(store);
    const found = { url: store.url, manifest, ...(await statusOf(store, manifest)) };
    if (flags.json === true) {
      printJson(jsonStatus(found));
    } else {
      printStatus(found);
    }
    return EXIT_OK;
  });
}

function jsonStatus(found: Found): Record<string, unknown> {
  const { url, manifest, window, lock, branches, files, checkpointObjects } = found;
  const { clusterId, term, base, floor, checkpoints, condemned } = manifest;
  return {
    url,
    clusterId: hexOfId(clusterId),
    term,
    isRemoved: isRemoved(manifest),
    base: base === null ? null : { index: base.index, revision: base.revision },
    floor,
    checkpoints: checkpoints.map(({ wallMs, ...record }) => ({
      ...record,
      time: shownTime(wallMs),
    })),
    log: { ...window.slots, firstKey: window.firstKey, end: window.end },
    sinceCheckpoint: window.sinceCheckpoint,
    leader: lock === null ? null : jsonLock(lock),
    branches: branches.map(({ createdMs, ...branch }) => ({
      ...branch,
      created: shownTime(createdMs),
    })),
    files,
    checkpointObjects,
    condemned: condemned.length,
  };
}

function jsonLock({ nodeId, address, term, rule, state }: LockRecord): Record<string, unknown> {
  return { nodeId, address, term, rule, state };
}

function printStatus(found: Found): void {
  const { url, manifest, window, lock, branches, files, checkpointObjects } = found;
  const { base, checkpoints } = manifest;
  const { end, firstKey, slots, sinceCheckpoint: since } = window;
  printFacts([
    ["object store", url],
    ["cluster id", hexOfId(manifest.clusterId)],
    ["term", String(manifest.term)],
    ...(isRemoved(manifest) ? [["state", "removed with unfork"] as const] : []),
    ...(base === null ? [] : [["branch", `begins at revision ${String(base.revision)}`] as const]),
    ["leader", describeLock(lock)],
    [
      "log",
      end === null
        ? "empty"
        : `${String(slots.objects)} slots, ${shownBytes(slots.bytes)}, to index ${String(end.index)}, revision ${String(end.revision)}, ${shownTime(end.wallMs)}`,
    ],
    ...(firstKey === null ? [] : [["first slot", firstKey] as const]),
    ...(end === null ? [] : [["last slot", end.key] as const]),
    [
      "since checkpoint",
      `${String(since.entries)} entries, ${String(since.objects)} slots, ${shownBytes(since.bytes)}`,
    ],
    ["files", `${String(files.objects)} objects, ${shownBytes(files.bytes)}`],
    ["checkpoints", `${String(checkpoints.length)} kept of ${String(checkpointObjects.objects)}`],
    ["condemned", `${String(manifest.condemned.length)} (about to be removed)`],
    ["branches", String(branches.length)],
  ]);
  if (checkpoints.length > 0) {
    print("");
    printTable(
      ["checkpoint", "revision", "time", "size"],
      checkpoints.map(({ key, revision, wallMs, bytes }) => [
        key,
        String(revision),
        shownTime(wallMs),
        shownBytes(bytes),
      ]),
    );
  }
  if (branches.length > 0) {
    print("");
    printTable(
      ["branch", "from revision", "state", "url"],
      branches.map(({ branchId, revision, state, url }) => [
        branchId,
        String(revision),
        state,
        url,
      ]),
    );
  }
}

/** What the lock says; whether a holder that says nothing more still lives is not known by one look. */
function describeLock(lock: LockRecord | null): string {
  if (lock === null) {
    return "none yet";
  }
  const { nodeId, address, term, rule, state } = lock;
  const who = `node ${nodeId} at ${address}, term ${String(term)}, acknowledges by ${rule}`;
  return state === "held" ? who : `none; the last was ${who}`;
}
