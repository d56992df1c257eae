// Branches as people make them: by command, beside a running source, with disks that are lost on both sides, and of each other.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4, type RunningServer } from "../support/process/t4-command.js";
import { sleep } from "../support/process/wait.js";
import { eventually, readAll, type Places } from "./archive-harness.js";

const KEYS = 300;
const LEVELS = 10;
const CHECKPOINTS = ["--checkpoint-entries", "100"];
const COLLECT = ["--keep", "1", "--restore-window", "1ms", "--gc-grace", "1m", "--json"];

type State = Map<string, string>;

interface Side {
  readonly flags: readonly string[];
  readonly data: string;
  readonly state: State;
}

export interface BranchesResult {
  readonly condemned: number;
  readonly deleted: number;
}

/** `graceMs`: how long to wait between two collections; above a minute, the second one deletes. */
export async function runForkAndCollect(places: Places, graceMs: number): Promise<BranchesResult> {
  const source: Side = { flags: places.flags, data: places.data, state: new Map() };
  using server = await startServer(source.data, [...source.flags, ...CHECKPOINTS]);
  using client = new GrpcClient(server.address);
  await write(client, source.state, "before", KEYS);
  const atFork = await revisionOf(client);
  const branch: Side = {
    flags: await fork(places, source.flags, "side", ["--revision", String(atFork)]),
    data: join(places.root, "side"),
    state: new Map(source.state),
  };
  // The fork was made while the source went on, so what it begins with lies in the source's past.
  await write(client, source.state, "after", KEYS);
  {
    using side = await startServer(branch.data, [...branch.flags, ...CHECKPOINTS]);
    using sideClient = new GrpcClient(side.address);
    assert.deepEqual(sorted((await readAll(sideClient)).rows), sorted(branch.state));
    await write(sideClient, branch.state, "side", KEYS);
    await write(client, source.state, "source", KEYS);
    side.kill("SIGKILL");
    await side.ended;
  }
  await eventually(() => server.stderr().split("checkpoint made").length > 3);
  const first = await collect(source, server);
  await sleep(graceMs);
  const second = await collect(source, server);
  await verifyAfterLoss(branch);
  server.kill("SIGKILL");
  await server.ended;
  await verifyAfterLoss(source);
  for (const side of [source, branch]) {
    const verified = await t4(["verify", ...side.flags]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  }
  return { condemned: first.condemned, deleted: first.deleted + second.deleted };
}

/** Each branch of the one before, each with a write of its own; then every disk is lost. */
export async function runNested(places: Places): Promise<void> {
  const sides: Side[] = [{ flags: places.flags, data: places.data, state: new Map() }];
  for (let level = 0; level <= LEVELS; level += 1) {
    const side = sides[level];
    assert.ok(side !== undefined);
    {
      using server = await startServer(side.data, [...side.flags, "--checkpoint-entries", "5"]);
      using client = new GrpcClient(server.address);
      await write(client, side.state, `level-${level}`, 10);
      // Every other level has a checkpoint of its own, so that bases are checkpoints, slots, and both.
      if (level % 2 === 0) {
        await eventually(() => server.stderr().includes("checkpoint made"));
        await write(client, side.state, `tail-${level}`, 2);
      }
      server.kill("SIGTERM");
      assert.equal((await server.ended).code, 0, server.stderr());
    }
    if (level < LEVELS) {
      const name = `level-${level + 1}`;
      sides.push({
        flags: await fork(places, side.flags, name, []),
        data: join(places.root, name),
        state: new Map(side.state),
      });
    }
  }
  for (const side of sides) {
    await verifyAfterLoss(side);
  }
}

/** The flags that name the new branch. */
async function fork(
  places: Places,
  source: readonly string[],
  name: string,
  point: readonly string[],
): Promise<readonly string[]> {
  const made = await t4(["branch", "fork", ...source, "--branch-id", name, ...point, "--json"]);
  assert.equal(made.code, 0, made.stderr);
  const { url } = JSON.parse(made.stdout) as { url: string };
  return places.flags.with(1, url);
}

async function write(client: GrpcClient, state: State, name: string, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, at) => at);
  const run = async (): Promise<void> => {
    for (let at = numbers.pop(); at !== undefined; at = numbers.pop()) {
      // Half of them are keys that all sides write.
      const key = at % 2 === 0 ? `shared/${at}` : `${name}/${at}`;
      const value = `${name} ${at}`;
      await client.must("/etcdserverpb.KV/Put", {
        key: Buffer.from(key),
        value: Buffer.from(value),
      });
      state.set(key, value);
    }
  };
  await Promise.all(Array.from({ length: 16 }, run));
}

async function revisionOf(client: GrpcClient): Promise<number> {
  return (await readAll(client)).revision;
}

async function collect(
  { flags }: Side,
  server: RunningServer,
): Promise<{ readonly condemned: number; readonly deleted: number }> {
  const run = await t4(["gc", ...flags, ...COLLECT, "--endpoint", server.address]);
  assert.equal(run.code, 0, run.stderr);
  const { condemned, deleted } = JSON.parse(run.stdout) as Record<string, string[]>;
  return { condemned: condemned?.length ?? 0, deleted: deleted?.length ?? 0 };
}

async function verifyAfterLoss({ flags, data, state }: Side): Promise<void> {
  await rm(data, { recursive: true });
  using server = await startServer(data, flags);
  using client = new GrpcClient(server.address);
  assert.deepEqual(sorted((await readAll(client)).rows), sorted(state));
  server.kill("SIGTERM");
  await server.ended;
}

const sorted = (state: ReadonlyMap<string, string>): (readonly [string, string])[] =>
  [...state].sort(([left], [right]) => (left < right ? -1 : 1));
