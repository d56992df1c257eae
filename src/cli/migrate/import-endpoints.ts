// `t4 import --endpoints`: copies the keys of a running etcd, all as of one revision, into a new data directory or a
// running server. What was copied is remembered page by page, so that the same command goes on after an interruption.
import { join, resolve } from "node:path";
import { T4Error } from "../../core/errors.js";
import { hexOfId } from "../../lib/hex.js";
import { COPYING_NAME } from "../../node/directory/replaced-data.js";
import { IDENTITY_NAME } from "../../node/directory/identity.js";
import { openNode } from "../../node/open-node.js";
import type { Runtime } from "../../runtime/runtime.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import { note, print, printJson, Progress, shellWord } from "../archive/output.js";
import { CommandError, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "../exit.js";
import { keyArgument } from "../render.js";
import { abortedBySignal } from "../signals.js";
import { CopySource } from "./copy-source.js";
import { StateKeeper, type CopyState } from "./copy-state.js";
import { hexOfLease, leaseOfHex } from "./copied-leases.js";
import { leasesAt, nodeTarget, serverTarget, type CopyTarget } from "./copy-target.js";
import { CallError, describeCall, EtcdClient, type ClientOptions } from "./etcd-client.js";

export interface ImportEndpointsFlags extends Omit<ClientOptions, "endpoints"> {
  readonly endpoints: readonly string[];
  readonly prefix?: string;
  readonly dataDir: string;
  readonly nodeId?: string;
  /** A running server instead of a data directory. */
  readonly to?: string;
  readonly toUser?: string;
  readonly state: string;
  readonly json?: boolean;
}

export async function importEndpoints(flags: ImportEndpointsFlags): Promise<number> {
  using client = new EtcdClient(flags);
  const runtime = systemRuntime();
  try {
    return await (flags.to === undefined
      ? intoDirectory(flags, client, runtime)
      : intoServer(flags, flags.to, client, runtime));
  } catch (error) {
    throw describeCall(error, "the copy has stopped, and the same command goes on with it");
  }
}

async function intoDirectory(
  flags: ImportEndpointsFlags,
  client: EtcdClient,
  runtime: Runtime,
): Promise<number> {
  const path = resolve(flags.dataDir);
  const { disk } = runtime;
  const keeper = new StateKeeper(disk, join(path, COPYING_NAME));
  const isThere = disk.exists(`${path}/${IDENTITY_NAME}`);
  if (isThere && !keeper.exists) {
    throw new T4Error(
      "T4_DATA_DIR_UNUSABLE",
      `${path} holds a database already, and an import never changes one: import into a new directory, or move this one away first; ` +
        "or start it with t4 run, and copy into the running server with --to",
    );
  }
  const source = new CopySource(client, keyArgument(flags.prefix ?? ""));
  const state = await beginning(keeper, source, flags, "");
  if (!keeper.exists) {
    disk.makeDirectory(path);
    if (disk.list(path).length > 0) {
      throw new T4Error(
        "T4_DATA_DIR_UNUSABLE",
        `${path} holds other files: choose an empty or new directory`,
      );
    }
    keeper.write(state);
  }
  const nodeId = flags.nodeId ?? null;
  const node = await openNode({ dataDirectory: path, nodeId, isCopying: true }, runtime);
  let copied: Copied;
  let revision: number;
  try {
    copied = await copy(source, nodeTarget(node), state, keeper);
    ({ revision } = node);
  } finally {
    await node.close();
  }
  keeper.remove();
  tell(flags, copied, {
    dataDir: path,
    revision,
    run: `t4 run --data-dir ${shellWord(path)}`,
  });
  return EXIT_OK;
}

async function intoServer(
  flags: ImportEndpointsFlags,
  to: string,
  client: EtcdClient,
  runtime: Runtime,
): Promise<number> {
  using target = new EtcdClient(targetOptions(flags, to));
  const keeper = new StateKeeper(runtime.disk, resolve(flags.state));
  const source = new CopySource(client, keyArgument(flags.prefix ?? ""));
  await using leases = leasesAt(target, runtime.clock);
  let state = await beginning(keeper, source, flags, to);
  if (!(await leases.adopt(leasesOf(state)))) {
    note(`leases have ended at ${to} since, and copied keys with them: all are copied again`);
    state = { ...state, after: null, copied: 0, leases: [] };
  }
  keeper.write(state);
  const copied = await copy(source, serverTarget(target, leases), state, keeper);
  keeper.remove();
  tell(flags, copied, { to });
  return EXIT_OK;
}

/** The files of certificates are for the source, and for a target that is said to be https as well. */
function targetOptions(flags: ImportEndpointsFlags, to: string): ClientOptions {
  const { cacert, cert, key, toUser } = flags;
  const user = toUser === undefined ? {} : { user: toUser };
  if (!to.toLowerCase().startsWith("https://")) {
    return { endpoints: [to], ...user };
  }
  return {
    endpoints: [to],
    ...user,
    ...(cacert === undefined ? {} : { cacert }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Where the copy begins, or goes on. */
async function beginning(
  keeper: StateKeeper,
  source: CopySource,
  flags: ImportEndpointsFlags,
  to: string,
): Promise<CopyState> {
  const prefix = Buffer.from(keyArgument(flags.prefix ?? ""), "latin1").toString("hex");
  const now = await source.state(0);
  const cluster = hexOfId(now.clusterId);
  const before = keeper.read();
  if (before === null) {
    const { revision, count: total } = now;
    return { format: 1, cluster, prefix, to, revision, total, after: null, copied: 0 };
  }
  if (before.cluster !== cluster || before.prefix !== prefix || before.to !== to) {
    throw new CommandError(
      `${keeper.path} is of another copy: finish that one, or remove ${to === "" ? "the directory" : "the file"} and begin anew`,
      EXIT_USAGE,
    );
  }
  note(
    `going on after ${String(before.copied)} of ${String(before.total)} keys, as of revision ${String(before.revision)}`,
  );
  return before;
}

interface Copied {
  readonly state: CopyState;
  readonly leases: number;
  /** Keys whose leases had ended at the source when they were copied. */
  readonly strayKeys: number;
}

async function copy(
  source: CopySource,
  target: CopyTarget,
  begun: CopyState,
  keeper: StateKeeper,
): Promise<Copied> {
  const stop = abortedBySignal(
    (name) => new CommandError(`interrupted by ${name}: the same command goes on`, EXIT_FAILED),
  );
  const leases = new Map(leasesOf(begun).map((lease) => [lease, true]));
  const progress = new Progress();
  let state = begun;
  let strayKeys = 0;
  try {
    for (;;) {
      const page = await pageOf(source, state);
      const last = page.at(-1);
      if (last === undefined) {
        await target.finish();
        const granted = [...leases.values()].filter((isGranted) => isGranted).length;
        return { state, leases: granted, strayKeys };
      }
      for (const row of page) {
        if (row.lease !== 0n && !(await isGranted(row.lease, leases, source, target))) {
          row.lease = 0n;
          strayKeys += 1;
        }
      }
      await target.write(page);
      const after = Buffer.from(last.key, "latin1").toString("hex");
      const held = target.leases.map(hexOfLease);
      const leasesHeld = held.length === 0 ? {} : { leases: held };
      state = { ...state, after, copied: state.copied + page.length, ...leasesHeld };
      keeper.write(state);
      stop.throwIfAborted();
      const { copied, total, revision } = state;
      progress.show(
        () =>
          `copying: ${String(copied)} of ${String(total)} keys as of revision ${String(revision)}`,
      );
    }
  } finally {
    progress.end();
  }
}

function leasesOf({ leases = [] }: CopyState): bigint[] {
  return leases.map(leaseOfHex);
}

async function pageOf(
  source: CopySource,
  { after, revision }: CopyState,
): ReturnType<CopySource["page"]> {
  const key = after === null ? null : Buffer.from(after, "hex").toString("latin1");
  try {
    return await source.page(key, revision);
  } catch (error) {
    if (error instanceof CallError && error.message.includes("has been compacted")) {
      throw new CommandError(
        `the source has compacted revision ${String(revision)} before all of it was copied, so what is copied is no whole. ` +
          "Begin anew with another target, or without waiting for long; or copy a snapshot: etcdctl snapshot save, then t4 import --from",
        EXIT_FAILED,
        error,
      );
    }
    throw error;
  }
}

/** Whether the target has a lease of that id; it is granted the time that it was granted for at the source. */
async function isGranted(
  lease: bigint,
  known: Map<bigint, boolean>,
  source: CopySource,
  target: CopyTarget,
): Promise<boolean> {
  const before = known.get(lease);
  if (before !== undefined) {
    return before;
  }
  const ttlSeconds = await source.grantedSeconds(lease);
  if (ttlSeconds !== null) {
    await target.grant(lease, ttlSeconds);
  }
  known.set(lease, ttlSeconds !== null);
  return ttlSeconds !== null;
}

function tell(
  flags: ImportEndpointsFlags,
  { state, leases, strayKeys }: Copied,
  facts: Readonly<Record<string, string | number>>,
): void {
  const { copied: keys, revision: sourceRevision } = state;
  if (strayKeys > 0) {
    note(`${String(strayKeys)} keys had leases that ended meanwhile: they are copied without`);
  }
  if (flags.json === true) {
    printJson({ ...facts, keys, leases, sourceRevision, keysOfEndedLeases: strayKeys });
    return;
  }
  const where = facts["dataDir"] ?? facts["to"] ?? "";
  print(
    `copied ${String(keys)} keys and ${String(leases)} leases as of revision ${String(sourceRevision)} into ${String(where)}`,
  );
  if (facts["run"] !== undefined) {
    print("Next:");
    print(`  ${String(facts["run"])}`);
  }
}
