// Starts on an object store that end by kill -9 at a random moment, some of them while they load, restore or wait: none may
// hang, and none may harm the next.
import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { GrpcClient } from "../support/grpc-client.js";
import { SeededRandom } from "../support/seeded-random.js";
import { beginServer, type StartingServer } from "../support/process/t4-command.js";
import { sleep } from "../support/process/wait.js";
import { Acknowledged, ASYNC, fakePlaces, type FakePlaces } from "./archive-harness.js";

/** A start takes a second; one that has a dead node's lock to wait for, 11. Far above that it hangs. */
const HANG_MS = 60_000;
const REPORT_MS = 3_000;

export interface StartKillsResult {
  readonly starts: number;
  readonly killedInStart: number;
  readonly disksLost: number;
  readonly slowestStartMs: number;
}

/** One database through so many starts. Throws, with what the hanging process reports of itself, if one hangs. */
export async function runStartKills(seed: number, starts: number): Promise<StartKillsResult> {
  await using places = await fakePlaces();
  const before = process.env["NODE_OPTIONS"];
  process.env["NODE_OPTIONS"] =
    `${before ?? ""} --report-on-signal --report-signal=SIGUSR2 --report-directory=${places.root}`;
  try {
    return await runStarts(places, new SeededRandom(seed), starts);
  } finally {
    process.env["NODE_OPTIONS"] = before ?? "";
  }
}

async function runStarts(
  places: FakePlaces,
  random: SeededRandom,
  starts: number,
): Promise<StartKillsResult> {
  const written = new Acknowledged();
  const result = { starts, killedInStart: 0, disksLost: 0, slowestStartMs: 0 };
  for (let at = 0; at < starts; at += 1) {
    const startedMs = performance.now();
    const mode = random.chance(0.5) ? ASYNC : [];
    using server = beginServer(places.data, [...places.flags, ...mode]);
    if (random.chance(0.3)) {
      result.killedInStart += 1;
      await Promise.race([sleep(random.between(20, 1_500)), server.serving.catch(() => {})]);
      await kill(server);
      continue;
    }
    const address = await servingOrReport(places, server, at);
    result.slowestStartMs = Math.max(result.slowestStartMs, performance.now() - startedMs);
    using client = new GrpcClient(address);
    await written.verify(client);
    const writing = writeUntilItFails(written, client, at);
    await sleep(random.between(0, 1_500));
    await kill(server);
    await writing;
    // Since it served, all that was ever acknowledged is in the object store.
    if (mode.length === 0 && random.chance(0.05)) {
      result.disksLost += 1;
      await rm(places.data, { recursive: true });
    }
  }
  return { ...result, slowestStartMs: Math.round(result.slowestStartMs) };
}

async function kill(server: StartingServer): Promise<void> {
  server.kill("SIGKILL");
  await server.ended;
}

async function writeUntilItFails(
  written: Acknowledged,
  client: GrpcClient,
  start: number,
): Promise<void> {
  for (let at = 0; await written.put(client, `key/${at % 20}`, `${start}/${at}`); at += 1) {
    // One after the other.
  }
}

async function servingOrReport(
  { root, fake }: FakePlaces,
  server: StartingServer,
  at: number,
): Promise<string> {
  const late = sleep(HANG_MS, null, { ref: false });
  const serving = await Promise.race([server.serving, late]);
  if (serving !== null) {
    return serving.address;
  }
  server.kill("SIGUSR2");
  await sleep(REPORT_MS);
  const names = (await readdir(root)).filter((name) => name.startsWith("report."));
  const reports = await Promise.all(names.map(async (name) => readFile(join(root, name), "utf8")));
  const requests = fake.requests
    .slice(-20)
    .map(({ operation, key, status }) => `${operation} ${key} ${status}`);
  await rm(root, { recursive: true, force: true });
  return assert.fail(
    `start ${at} does not serve:\n${server.stderr()}\n${requests.join("\n")}\n${reports.join("\n")}`,
  );
}
