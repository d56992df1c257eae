// Load on a server whose object store answers errors, answers nothing, or does what it is asked and says nothing.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { internalError, slowDown, type Fault } from "../s3/fake/faults.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer } from "../support/t4-command.js";
import { sleep } from "../support/wait.js";
import {
  Acknowledged,
  ASYNC,
  eventually,
  fakePlaces,
  metric,
  residentBytes,
} from "./archive-harness.js";

/** UNAVAILABLE as gRPC numbers it. */
const UNAVAILABLE = 14;
const RANGE = "/etcdserverpb.KV/Range";
const WRITERS = 8;

export interface OutageResult {
  readonly acknowledged: number;
  readonly refused: number;
  readonly residentBytesBefore: number;
  readonly residentBytesAfter: number;
}

const faults: readonly (readonly [string, readonly Fault[]])[] = [
  ["errors", [internalError, slowDown(), { kind: "drop-before" }]],
  ["silence", [{ kind: "hang" }, { kind: "stall", bytes: 10 }]],
  ["lost responses", [{ kind: "drop-after" }, { kind: "hang-after" }]],
];
export const faultNames: readonly string[] = faults.map(([name]) => name);

/** One server through a time of good service, an outage, and good service again; then its disk is lost. */
export async function runOutage(
  mode: "sync" | "async",
  name: string,
  outageMs: number,
): Promise<OutageResult> {
  await using places = await fakePlaces();
  const { fake, data } = places;
  const flags = [...places.flags, ...(mode === "async" ? ASYNC : [])];
  const written = new Acknowledged();
  const counts = { acknowledged: 0, refused: 0 };
  const resident = { before: 0, after: 0 };
  {
    using server = await startServer(data, flags);
    let isOver = false;
    const write = async (writer: number): Promise<void> => {
      using client = new GrpcClient(server.address);
      for (let at = 0; !isOver; at += 1) {
        const isDone = await written.put(client, `${writer}/${at % 50}`, `${at}`.padEnd(256, "v"));
        counts[isDone ? "acknowledged" : "refused"] += 1;
        if (!isDone) {
          await sleep(50);
        }
      }
    };
    const writing = Promise.all(Array.from({ length: WRITERS }, async (_, at) => write(at)));
    await sleep(1_000);
    resident.before = await residentBytes(server.pid);
    const failuresBefore = written.failures.length;
    assert.equal(failuresBefore, 0, JSON.stringify(written.failures[0]));
    fake.faults.random(1, 1, faults.find(([each]) => each === name)?.[1] ?? []);
    await sleep(outageMs);
    resident.after = await residentBytes(server.pid);
    if (mode === "async") {
      assert.deepEqual(written.failures, [], "a node that does not wait for the store goes on");
    }
    fake.faults.none();
    const done = counts.acknowledged;
    await eventually(() => counts.acknowledged > done + 10 * WRITERS);
    isOver = true;
    await writing;
    for (const { code, message } of written.failures) {
      assert.equal(code, UNAVAILABLE, message);
    }
    using client = new GrpcClient(server.address);
    // Whether it leads is known again with the next renewal of the lock; until then it shows nothing.
    await eventually(async () => (await client.call(RANGE, { key: Buffer.from("0/0") })).ok);
    await written.verify(client);
    if (mode === "async") {
      await eventually(
        async () => (await metric(server.address, "t4_archive_backlog_entries")) === 0,
      );
    }
    server.kill("SIGKILL");
    await server.ended;
  }
  await rm(data, { recursive: true });
  using server = await startServer(data, flags);
  using client = new GrpcClient(server.address);
  await written.verify(client);
  return {
    ...counts,
    residentBytesBefore: resident.before,
    residentBytesAfter: resident.after,
  };
}
