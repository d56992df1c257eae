// Many keys in async mode: what is uploaded for them, and how a lost disk is restored from it.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import type { FakeS3 } from "../s3/fake-s3.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer } from "../support/t4-command.js";
import {
  Acknowledged,
  ASYNC,
  eventually,
  fakePlaces,
  metric,
  type Places,
} from "./archive-harness.js";

const VALUE_BYTES = 256;

export interface LargeResult {
  readonly loggedBytes: number;
  readonly uploadedBytes: number;
  readonly restoreMs: number;
  readonly startMs: number;
}

/** Puts `keys` keys, kills the node, starts it again, then loses the disk. */
export async function runLarge(places: Places, keys: number, fake?: FakeS3): Promise<LargeResult> {
  const written = new Acknowledged();
  const flags = [...places.flags, ...ASYNC];
  let loggedBytes: number;
  {
    using server = await startServer(places.data, [...flags, "--checkpoint-entries", "1000"]);
    using client = new GrpcClient(server.address);
    await written.fill(client, 0, keys, VALUE_BYTES);
    await eventually(
      async () => (await metric(server.address, "t4_archive_backlog_entries")) === 0,
    );
    loggedBytes = await metric(server.address, "t4_archive_bytes_total");
    server.kill("SIGKILL");
    await server.ended;
  }
  {
    using server = await startServer(places.data, flags);
    server.kill("SIGTERM");
    assert.equal((await server.ended).code, 0, server.stderr());
  }
  const puts = fake?.requests.filter((each) => each.operation === "PutObject") ?? [];
  const immutable = puts.map((each) => each.key).filter((key) => /\/(wal|data)\//.test(key));
  assert.equal(new Set(immutable).size, immutable.length, "nothing is uploaded twice");
  const uploadedBytes = puts.reduce((sum, each) => sum + Number(each.headers["content-length"]), 0);
  await rm(places.data, { recursive: true });
  const startedMs = performance.now();
  using server = await startServer(places.data, flags);
  const startMs = performance.now() - startedMs;
  using client = new GrpcClient(server.address);
  await written.verify(client);
  server.kill("SIGTERM");
  const { stderr } = await server.ended;
  const restoreMs = Number(/restored from the object store.*"durationMs":(\d+)/.exec(stderr)?.[1]);
  return { loggedBytes, uploadedBytes, restoreMs, startMs: Math.round(startMs) };
}

/** As above, on a fake S3, with what it counted. */
export async function runLargeOnFake(keys: number): Promise<LargeResult> {
  await using places = await fakePlaces();
  return await runLarge(places, keys, places.fake);
}
