// 100,000 keys through etcdctl and programs that load, then kill -9 in the middle of writes and the loss of the disk.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { etcdctl, RunningEtcdctl } from "../foreign/etcdctl.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, type RunningServer } from "../support/process/t4-command.js";
import { sleep } from "../support/process/wait.js";
import {
  Acknowledged,
  ASYNC,
  eventually,
  metric,
  readAll,
  type Places,
} from "./archive-harness.js";

const KEYS = 100_000;
const ETCDCTL_PUTS = 300;
const ETCDCTL_TXNS = 10;
const PUTS_PER_TXN = 100;
const MIRRORED_KEYS = 300;
/** While these write, the node is killed. */
const WRITERS = 16;
const WRITING_MS = 1_500;
const RAISED_BY = 1_000_000_000;

export interface ManyWritersResult {
  readonly acknowledged: number;
  /** Acknowledged and lost with the disk. */
  readonly lost: number;
  /** By how many entries the object store was behind when that was last looked at, before the kill. */
  readonly backlog: number;
}

export async function runManyWriters(
  places: Places,
  mode: "sync" | "async",
): Promise<ManyWritersResult> {
  const flags = [
    ...places.flags,
    ...(mode === "async" ? [...ASYNC, "--segment-max-age-sec", "1"] : []),
  ];
  const written = new Acknowledged();
  let seen: Awaited<ReturnType<typeof lookAt>>;
  {
    using server = await startServer(places.data, flags);
    await fillByEtcdctl(written, server);
    await fillByMirror(written, server, join(places.root, "mirrored"));
    using client = new GrpcClient(server.address);
    await written.fill(client, MIRRORED_KEYS, KEYS - MIRRORED_KEYS);
    const writing = Promise.all(
      Array.from({ length: WRITERS }, async (_, at) => writeUntilItFails(written, server, at)),
    );
    await sleep(WRITING_MS);
    seen = await lookAt(client, server);
    server.kill("SIGKILL");
    await Promise.all([server.ended, writing]);
  }
  await rm(places.data, { recursive: true });
  using server = await startServer(places.data, flags);
  using client = new GrpcClient(server.address);
  const acknowledged = written.values.size;
  if (mode === "sync") {
    await written.verify(client);
    return { acknowledged, lost: 0, backlog: seen.backlog };
  }
  assert.match(server.stderr(), /may be lost/);
  const restored = Number(
    /restored from the object store.*"revision":(\d+)/.exec(server.stderr())?.[1],
  );
  // What the metric told was at most what a loss at that moment would have taken.
  assert.ok(restored >= seen.revision - seen.backlog, `${restored}, and ${JSON.stringify(seen)}`);
  const lost = await written.verify(client, restored);
  const { revision } = await readAll(client);
  assert.ok(revision >= written.revision + RAISED_BY - lost);
  return { acknowledged, lost, backlog: seen.backlog };
}

/** The backlog first: what is written between the two only makes it smaller than it was. */
async function lookAt(
  client: GrpcClient,
  server: RunningServer,
): Promise<{ readonly revision: number; readonly backlog: number }> {
  const answer = await client.must("/etcdserverpb.KV/Range", { key: Buffer.from("none") });
  const revision = Number((answer["header"] as { revision: string }).revision);
  return { revision, backlog: await metric(server.address, "t4_archive_backlog_entries") };
}

async function fillByEtcdctl(written: Acknowledged, server: RunningServer): Promise<void> {
  const puts = Array.from({ length: ETCDCTL_PUTS }, (_, at) => `ctl/${at}`);
  const run = async (): Promise<void> => {
    for (let name = puts.pop(); name !== undefined; name = puts.pop()) {
      const { exitCode, stdout } = await etcdctl(server.address, ["put", name, `by hand ${name}`]);
      assert.deepEqual([exitCode, stdout], [0, "OK\n"]);
      written.values.set(name, `by hand ${name}`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, run));
  for (let txn = 0; txn < ETCDCTL_TXNS; txn += 1) {
    const names = Array.from({ length: PUTS_PER_TXN }, (_, at) => `ctl/txn/${txn}/${at}`);
    const lines = names.map((name) => `put ${name} "in a txn"`);
    const { exitCode, stdout } = await etcdctl(
      server.address,
      ["txn"],
      `\n${lines.join("\n")}\n\n\n`,
    );
    assert.equal(exitCode, 0);
    assert.match(stdout, /^SUCCESS/);
    for (const name of names) {
      written.values.set(name, "in a txn");
    }
  }
}

/** `etcdctl make-mirror` copies a range from another server, one put after the other. */
async function fillByMirror(
  written: Acknowledged,
  server: RunningServer,
  sourceDirectory: string,
): Promise<void> {
  using source = await startServer(sourceDirectory);
  using sourceClient = new GrpcClient(source.address);
  const mirrored = new Acknowledged();
  await mirrored.fill(sourceClient, 0, MIRRORED_KEYS);
  await using mirror = new RunningEtcdctl(source.address, ["make-mirror", server.address]);
  using client = new GrpcClient(server.address);
  await eventually(async () => {
    assert.ok(mirror.isRunning, "make-mirror has ended");
    const range = { key: Buffer.from("key/"), range_end: Buffer.from("key0"), count_only: true };
    const { count } = await client.must("/etcdserverpb.KV/Range", range);
    return Number(count) === MIRRORED_KEYS;
  });
  for (const [name, value] of mirrored.values) {
    written.values.set(name, value);
  }
}

async function writeUntilItFails(
  written: Acknowledged,
  server: RunningServer,
  writer: number,
): Promise<void> {
  using client = new GrpcClient(server.address);
  for (let at = 0; await written.put(client, `tail/${writer}/${at}`, `${at}`); at += 1) {
    // Each to a key of its own.
  }
}
