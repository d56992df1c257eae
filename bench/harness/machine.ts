// What a figure depends on beside the code: the machine, its kernel, its disk. Written into every result.
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeSync,
} from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";

import { quantile } from "./statistics.js";

export interface Machine {
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly nodeVersion: string;
  readonly etcdVersion: string;
  readonly fileSystem: string;
  readonly syncedWriteNs: { readonly p50: number; readonly p99: number };
}

/** `directory` is where the servers will keep their data. */
export function describeMachine(directory: string): Machine {
  return {
    cpuModel: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    nodeVersion: process.version,
    etcdVersion: firstLine("etcd", ["--version"]),
    fileSystem: fileSystemOf(directory),
    syncedWriteNs: probeSyncedWrites(directory),
  };
}

function firstLine(program: string, args: readonly string[]): string {
  try {
    const output = execFileSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return output.split("\n", 1)[0] ?? "";
  } catch {
    return "not installed";
  }
}

/** The type of the file system with the longest mount point that holds `directory`; Linux only. */
function fileSystemOf(directory: string): string {
  const path = `${realpathSync(directory)}/`;
  let best = { mount: "", type: "unknown" };
  let mounts: string;
  try {
    mounts = readFileSync("/proc/self/mounts", "utf8");
  } catch {
    return best.type;
  }
  for (const line of mounts.split("\n")) {
    const [, mount = "", fileSystem = ""] = line.split(" ");
    const prefix = mount.endsWith("/") ? mount : `${mount}/`;
    if (mount !== "" && path.startsWith(prefix) && prefix.length >= best.mount.length) {
      best = { mount: prefix, type: fileSystem };
    }
  }
  return best.type;
}

const probeFileBytes = 1024 * 1024;
const probeRecordBytes = 250;
const probeWrites = 1000;

/**
 * How long one small record takes to be durable: written with O_DSYNC into a preallocated file, one after the other.
 * It bounds what one caller of `put` can get, so floors for durable writes are scaled by it.
 */
export function probeSyncedWrites(directory: string): { p50: number; p99: number } {
  const path = join(directory, `synced-write-probe-${process.pid}`);
  const file = openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_DSYNC);
  try {
    writeSync(file, Buffer.alloc(probeFileBytes), 0, probeFileBytes, 0);
    fsyncSync(file);
    const record = Buffer.alloc(probeRecordBytes, 1);
    const durations: number[] = [];
    for (let write = 0; write < probeWrites; write++) {
      const startedAt = process.hrtime.bigint();
      writeSync(file, record, 0, probeRecordBytes, write * probeRecordBytes);
      durations.push(Number(process.hrtime.bigint() - startedAt));
    }
    return { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) };
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
