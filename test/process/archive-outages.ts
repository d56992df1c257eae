// Load on a server whose object store answers errors, answers nothing, or does what it is asked and says nothing.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { conflict, internalError, slowDown, type Fault } from "../s3/fake/faults.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer } from "../support/process/t4-command.js";
import { sleep } from "../support/process/wait.js";
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
  /** During the outage. */
  readonly residentBytesMax: number;
  readonly residentBytesAfter: number;
  /** From the end of the outage until writes were acknowledged again. */
  readonly recoveryMs: number;
}

interface Outage {
  readonly faults: readonly Fault[];
  /** Of each request to meet one. */
  readonly probability: number;
}

/** Longer than a caller waits for an answer: what is asked is done when nobody expects it any more. */
const LATE: Fault = { kind: "delay", delayMs: 15_000 };
const RESIDENT_LOOK_MS = 1_000;

const refusals: readonly Fault[] = [internalError, slowDown(), { kind: "drop-before" }];
const silence: readonly Fault[] = [{ kind: "hang" }, { kind: "stall", bytes: 10 }];
const lostResponses: readonly Fault[] = [{ kind: "drop-after" }, { kind: "hang-after" }];
const lies: readonly Fault[] = [conflict, { kind: "truncate", bytes: 10 }, LATE];

const outages: Readonly<Record<string, Outage>> = {
  errors: { faults: refusals, probability: 1 },
  silence: { faults: silence, probability: 1 },
  "lost responses": { faults: lostResponses, probability: 1 },
  lies: { faults: [...lies, ...lostResponses], probability: 1 },
  everything: { faults: [...refusals, ...silence, ...lostResponses, ...lies], probability: 0.7 },
};

/** Without any answer for the whole time. */
export const faultNames: readonly string[] = ["errors", "silence", "lost responses"];
/** What else there is: some requests get through. */
export const otherFaultNames: readonly string[] = ["lies", "everything"];

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
  const resident = { before: 0, max: 0, after: 0 };
  let recoveryMs: number;
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
    const outage = outages[name];
    assert.ok(outage !== undefined, name);
    fake.faults.random(1, outage.probability, outage.faults);
    const endsMs = performance.now() + outageMs;
    while (performance.now() < endsMs) {
      await sleep(RESIDENT_LOOK_MS);
      resident.max = Math.max(resident.max, await residentBytes(server.pid));
    }
    if (mode === "async") {
      assert.deepEqual(written.failures, [], "a node that does not wait for the store goes on");
    }
    fake.faults.none();
    const done = counts.acknowledged;
    const overMs = performance.now();
    await eventually(() => counts.acknowledged > done + 10 * WRITERS);
    recoveryMs = Math.round(performance.now() - overMs);
    isOver = true;
    await writing;
    for (const { code, message } of written.failures) {
      assert.equal(code, UNAVAILABLE, message);
    }
    using client = new GrpcClient(server.address);
    // Whether it leads is known again with the next renewal of the lock; until then it shows nothing.
    await eventually(async () => (await client.call(RANGE, { key: Buffer.from("0/0") })).ok);
    await written.verify(client);
    resident.after = await residentBytes(server.pid);
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
    residentBytesMax: resident.max,
    residentBytesAfter: resident.after,
    recoveryMs,
  };
}
