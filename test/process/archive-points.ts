// A long history, restored to random points of it by every way there is: t4 restore to, open({ restore }) and the first start of a
// server. Each state is held against the model.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { open } from "../../src/index.js";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { SeededRandom } from "../support/seeded-random.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { sleep } from "../support/process/wait.js";
import { ASYNC, eventually, metric, readAll, type Places } from "./archive-harness.js";

const KEYS = 2_000;
const CALLERS = 256;
/** Restarts and pauses: terms, and moments that no write is near to. */
const PARTS = 8;
const PAUSE_MS = 60;
/** Of so many points, this one is restored over gRPC, as a branch: it takes a server each. */
const SERVER_EVERY = 5;
const EMBEDDED_EVERY = 3;

interface Change {
  readonly revision: number;
  readonly name: string;
  /** Null: deleted. */
  readonly value: string | null;
}

/** What the store was told, in the order of its revisions, and moments in between. */
interface History {
  readonly changes: readonly Change[];
  /** A wall-clock time at which everything up to the revision was acknowledged, and nothing after it begun. */
  readonly moments: readonly { readonly timeMs: number; readonly revision: number }[];
}

export interface PointsResult {
  readonly revisions: number;
  readonly points: number;
  readonly restoreMs: readonly number[];
}

export async function runPoints(
  places: Places,
  seed: number,
  revisions: number,
  points: number,
): Promise<PointsResult> {
  const random = new SeededRandom(seed);
  const history = await write(places, random, revisions);
  const last = history.changes.at(-1)?.revision ?? 1;
  const restoreMs: number[] = [];
  for (let at = 0; at < points; at += 1) {
    const moment = random.pick(history.moments);
    const isTime = at % 2 === 1;
    const revision = isTime ? moment.revision : random.between(2, last);
    const point: Point = isTime ? { timeMs: moment.timeMs } : { revision };
    const directory = join(places.root, `restored-${at}`);
    const startedMs = performance.now();
    const rows =
      at % SERVER_EVERY === 0
        ? await restoreByServer(places, directory, point, at)
        : at % EMBEDDED_EVERY === 0
          ? await restoreEmbedded(places, directory, point, at)
          : await restoreByCommand(places, directory, point);
    restoreMs.push(Math.round(performance.now() - startedMs));
    const expected = stateAt(history, revision);
    assert.equal(rows.size, expected.size, `keys at ${JSON.stringify(point)}`);
    for (const [name, value] of expected) {
      assert.equal(rows.get(name), value, `${name} at ${JSON.stringify(point)} (${revision})`);
    }
    await rm(directory, { recursive: true });
  }
  return { revisions: last, points, restoreMs };
}

function stateAt({ changes }: History, revision: number): Map<string, string> {
  const state = new Map<string, string>();
  for (const change of changes) {
    if (change.revision > revision) {
      break;
    }
    if (change.value === null) {
      state.delete(change.name);
    } else {
      state.set(change.name, change.value);
    }
  }
  return state;
}

/** Puts and deletions by many callers, with checkpoints, over several lives of the node, some of which end by kill -9. */
async function write(places: Places, random: SeededRandom, revisions: number): Promise<History> {
  const changes: Change[] = [];
  const moments: { timeMs: number; revision: number }[] = [];
  const flags = [
    ...places.flags,
    ...ASYNC,
    ...["--checkpoint-entries", String(Math.ceil(revisions / 12))],
  ];
  for (let part = 0; part < PARTS; part += 1) {
    using server = await startServer(places.data, flags);
    using client = new GrpcClient(server.address);
    for (let burst = 0; burst < 4; burst += 1) {
      await writeBurst(client, random, changes, Math.ceil(revisions / PARTS / 4));
      await sleep(PAUSE_MS);
      const revision = Math.max(...changes.slice(-CALLERS * 2).map((each) => each.revision));
      moments.push({ timeMs: Date.now(), revision });
      await sleep(PAUSE_MS);
    }
    await eventually(
      async () => (await metric(server.address, "t4_archive_backlog_entries")) === 0,
    );
    server.kill(random.chance(0.5) ? "SIGKILL" : "SIGTERM");
    await server.ended;
  }
  changes.sort((left, right) => left.revision - right.revision);
  return { changes, moments };
}

async function writeBurst(
  client: GrpcClient,
  random: SeededRandom,
  changes: Change[],
  count: number,
): Promise<void> {
  let left = count;
  const run = async (caller: number): Promise<void> => {
    while (left > 0) {
      left -= 1;
      // Each caller has keys of its own, so that the order of its changes is known.
      const name = `key/${caller}/${random.below(KEYS / CALLERS)}`;
      const value = random.chance(0.1) ? null : `${caller} ${random.below(1_000_000_000)}`;
      const key = Buffer.from(name);
      const answer: Message =
        value === null
          ? await client.must("/etcdserverpb.KV/DeleteRange", { key })
          : await client.must("/etcdserverpb.KV/Put", { key, value: Buffer.from(value) });
      if (value !== null || answer["deleted"] !== "0") {
        const { revision } = answer["header"] as { revision: string };
        changes.push({ revision: Number(revision), name, value });
      }
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, async (_, caller) => run(caller)));
}

type Point = { readonly revision: number } | { readonly timeMs: number };

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

async function restoreByCommand(
  places: Places,
  directory: string,
  point: Point,
): Promise<Map<string, string>> {
  const flags =
    "revision" in point ? ["--revision", String(point.revision)] : ["--time", iso(point.timeMs)];
  const made = await t4(["restore", "to", ...places.flags, "--data-dir", directory, ...flags]);
  assert.equal(made.code, 0, made.stderr);
  await using db = await open({ dataDir: directory });
  return await allOf(db);
}

async function restoreByServer(
  places: Places,
  directory: string,
  point: Point,
  at: number,
): Promise<Map<string, string>> {
  const source = places.flags[1] ?? "";
  const branch = places.flags.with(1, `${source.replace(/\/$/, "")}-point-${at}`);
  const flags =
    "revision" in point
      ? ["--restore-revision", String(point.revision)]
      : ["--restore-time", iso(point.timeMs)];
  using server = await startServer(directory, [...branch, "--branch-prefix", source, ...flags]);
  using client = new GrpcClient(server.address);
  return (await readAll(client)).rows;
}

async function restoreEmbedded(
  places: Places,
  directory: string,
  point: Point,
  at: number,
): Promise<Map<string, string>> {
  const source = await places.open("");
  const objectStore = await places.open(`-embedded-${at}`);
  try {
    await using db = await open({
      dataDir: directory,
      objectStore,
      branch: { source },
      restore:
        "revision" in point ? { revision: point.revision } : { time: new Date(point.timeMs) },
    });
    return await allOf(db);
  } finally {
    await Promise.all([source.close(), objectStore.close()]);
  }
}

async function allOf(db: Awaited<ReturnType<typeof open>>): Promise<Map<string, string>> {
  const { items } = await db.list({ prefix: "key/" });
  return new Map(items.map(({ key, value }) => [key, value]));
}
