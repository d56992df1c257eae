// What the least of all durable writes costs that leave the event loop free: another thread is asked by a message, writes
// with O_DSYNC, and answers. Nothing of the package is in it: what a put takes beyond it is ours.
import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { quantile } from "../harness/statistics.js";

const fileBytes = 1024 * 1024;
const recordBytes = 250;
const writes = 2000;

/** Nanoseconds from asking to hearing of it, p50. */
export async function probeThreadWrites(directory: string): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { workerData: directory, execArgv: [] });
  const answered = async (): Promise<void> =>
    new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", () => {
        worker.off("error", reject);
        resolve();
      });
    });
  await answered();
  const times: number[] = [];
  for (let count = 0; count < writes; count += 1) {
    const startedAt = performance.now();
    const answer = answered();
    worker.postMessage({ kind: "write", bytes: recordBytes });
    await answer;
    times.push((performance.now() - startedAt) * 1e6);
  }
  await worker.terminate();
  rmSync(join(directory, "thread-write"));
  return quantile(times, 0.5);
}

function serveWrites(directory: string): void {
  const file = openSync(
    join(directory, "thread-write"),
    constants.O_CREAT | constants.O_TRUNC | constants.O_RDWR | constants.O_DSYNC,
  );
  writeSync(file, new Uint8Array(fileBytes), 0, fileBytes, 0);
  const record = new Uint8Array(recordBytes).fill(1);
  let at = 0;
  parentPort?.on("message", () => {
    writeSync(file, record, 0, recordBytes, at);
    at += recordBytes;
    parentPort?.postMessage({ kind: "written" });
  });
  parentPort?.on("close", () => {
    closeSync(file);
  });
  parentPort?.postMessage({ kind: "ready" });
}

if (!isMainThread) {
  serveWrites(workerData as string);
}
