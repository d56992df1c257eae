// Many keys in async mode: what is uploaded for them, and how a lost disk is restored from it.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import type { FakeS3 } from "../s3/fake-s3.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer } from "../support/process/t4-command.js";
import {
  Acknowledged,
  ASYNC,
  eventually,
  fakePlaces,
  metric,
  residentBytes,
  type Places,
} from "./archive-harness.js";

const VALUE_BYTES = 256;

export interface LargeOptions {
  readonly keys: number;
  /** 0: none but by time, so that a restore reads the log alone. */
  readonly checkpointEntries: number;
}

export interface LargeResult {
  readonly loggedBytes: number;
  readonly checkpoints: number;
  /** By the node's own count; null if the store counts nothing. */
  readonly sentBytes: number | null;
  /** By the fake's count, over all starts. */
  readonly uploadedBytes: number | null;
  readonly restoreMs: number;
  readonly startMs: number;
  /** The most that the process had in memory until it served. */
  readonly residentBytesMax: number;
}

/** Puts many keys, kills the node, starts it again, then loses the disk. */
export async function runLarge(
  places: Places,
  { keys, checkpointEntries }: LargeOptions,
  fake?: FakeS3,
): Promise<LargeResult> {
  const written = new Acknowledged();
  const flags = [...places.flags, ...ASYNC];
  const checkpoints = ["--checkpoint-entries", String(checkpointEntries)];
  let loggedBytes: number;
  let sentBytes: number | null = null;
  let made: number;
  {
    using server = await startServer(places.data, [...flags, ...checkpoints]);
    using client = new GrpcClient(server.address);
    await written.fill(client, 0, keys, VALUE_BYTES);
    await eventually(
      async () => (await metric(server.address, "t4_archive_backlog_entries")) === 0,
    );
    loggedBytes = await metric(server.address, "t4_log_bytes_total");
    if (places.flags.includes("--s3-endpoint")) {
      sentBytes = await metric(server.address, "t4_object_store_sent_bytes_total");
    }
    server.kill("SIGKILL");
    const { stderr } = await server.ended;
    made = stderr.split("checkpoint made").length - 1;
  }
  {
    using server = await startServer(places.data, flags);
    server.kill("SIGTERM");
    assert.equal((await server.ended).code, 0, server.stderr());
  }
  await rm(places.data, { recursive: true });
  const startedMs = performance.now();
  using server = await startServer(places.data, flags);
  const startMs = performance.now() - startedMs;
  const residentBytesMax = await residentBytes(server.pid, "VmHWM");
  using client = new GrpcClient(server.address);
  await written.verify(client);
  server.kill("SIGTERM");
  const { stderr } = await server.ended;
  const restoreMs = Number(/restored from the object store.*"durationMs":(\d+)/.exec(stderr)?.[1]);
  return {
    loggedBytes,
    checkpoints: made,
    sentBytes,
    uploadedBytes: fake === undefined ? null : uploadedOnce(fake),
    restoreMs,
    startMs: Math.round(startMs),
    residentBytesMax,
  };
}

/** The bytes of all uploads, no object of the log or of data twice. */
function uploadedOnce(fake: FakeS3): number {
  const uploads = fake.requests.filter(({ operation }) =>
    ["PutObject", "UploadPart"].includes(operation),
  );
  const begun = fake.requests.filter(({ operation }) =>
    ["PutObject", "CreateMultipartUpload"].includes(operation),
  );
  const immutable = begun.map((each) => each.key).filter((key) => /\/(wal|data)\//.test(key));
  assert.equal(new Set(immutable).size, immutable.length, "nothing is uploaded twice");
  return uploads.reduce((sum, each) => sum + Number(each.headers["content-length"]), 0);
}

/** As above, on a fake S3, with what it counted. */
export async function runLargeOnFake(options: LargeOptions): Promise<LargeResult> {
  await using places = await fakePlaces();
  return await runLarge(places, options, places.fake);
}
