// The same calls through h2load, a tool that nobody here wrote, to confirm the generator's figures. It sends one fixed
// request again and again and takes HTTP 200 for a success whatever grpc-status says; but a failed call has no message, so
// the bytes of DATA tell.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cpuSeconds, run } from "./processes.js";

export interface H2loadReport {
  readonly mode: "h2load";
  readonly perSecond: number;
  readonly done: number;
  readonly failed: number;
  /** Of DATA, in the mean. */
  readonly bytesPerAnswer: number;
  readonly latencyNs: { readonly mean: number; readonly max: number };
  /** "TLSv1.3" and its like; absent without TLS. */
  readonly tlsVersion?: string;
  /** Of the server, in all its threads; absent if it was not asked for. */
  readonly serverCpuMicrosecondsPerOperation?: number;
}

export interface H2loadOptions {
  readonly method: "Range" | "Put";
  readonly port: number;
  /** The core it is kept on; undefined: any. */
  readonly core?: number;
  readonly connections: number;
  readonly streams: number;
  readonly valueBytes: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** The port speaks TLS. */
  readonly tls?: boolean;
  /** Whose CPU time is told. */
  readonly serverPid?: number;
}

/** The frame of any answer, and the shortest header in it. */
const smallestAnswerBytes = 5 + 4;

/** The generator's key number 0. */
const key = Buffer.from(`bench/${"0".repeat(16)}`);

function bytesField(field: number, bytes: Buffer): Buffer {
  const length =
    bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
}

/** One gRPC message: RangeRequest{key} or PutRequest{key, value}. Values are below 16 KiB. */
function requestBody(options: H2loadOptions): Buffer {
  const message =
    options.method === "Range"
      ? bytesField(1, key)
      : Buffer.concat([bytesField(1, key), bytesField(2, Buffer.alloc(options.valueBytes, "v"))]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const nanosecondsPerUnit: Readonly<Record<string, number>> = { us: 1e3, ms: 1e6, s: 1e9 };

function duration(text: string | undefined): number {
  const [, number, unit = ""] = /^([\d.]+)(us|ms|s)$/.exec(text ?? "") ?? [];
  return Number(number) * (nanosecondsPerUnit[unit] ?? Number.NaN);
}

/** Reads h2load's summary; throws if it does not look as expected. */
export function parseH2load(output: string): H2loadReport {
  const rate = /finished in [\d.]+(?:us|ms|s), ([\d.]+) req\/s/.exec(output);
  const counts = /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(output);
  const data = /\((\d+)\) data/.exec(output);
  const times = /time for request:\s+(\S+)\s+(\S+)\s+(\S+)/.exec(output);
  if (rate === null || counts === null || times === null || data === null) {
    throw new Error(`h2load printed something unknown: ${output}`);
  }
  const tls = /TLS Protocol: (\S+)/.exec(output);
  return {
    mode: "h2load",
    ...(tls?.[1] === undefined ? {} : { tlsVersion: tls[1] }),
    perSecond: Number(rate[1]),
    done: Number(counts[1]),
    bytesPerAnswer: Number(data[1]) / Number(counts[1]),
    failed: Number(counts[2]) + Number(counts[3]) + Number(counts[4]),
    latencyNs: { mean: duration(times[3]), max: duration(times[2]) },
  };
}

/** h2load knows no fractions. */
function wholeSeconds(seconds: number): number {
  return Math.max(1, Math.ceil(seconds));
}

export async function runH2load(options: H2loadOptions): Promise<H2loadReport> {
  const directory = mkdtempSync(join(tmpdir(), "t4-bench-h2load-"));
  try {
    const bodyPath = join(directory, "body");
    writeFileSync(bodyPath, requestBody(options));
    const cpuBefore = options.serverPid === undefined ? 0 : cpuSeconds(options.serverPid);
    const output = await run({
      file: "h2load",
      args: [
        ...["-t", "1", "-c", String(options.connections), "-m", String(options.streams)],
        ...[
          "-D",
          String(wholeSeconds(options.seconds)),
          `--warm-up-time=${wholeSeconds(options.warmUpSeconds)}`,
        ],
        ...["-H", "content-type: application/grpc", "-H", "te: trailers", "-d", bodyPath],
        `${options.tls === true ? "https" : "http"}://127.0.0.1:${options.port}/etcdserverpb.KV/${options.method}`,
      ],
      cores: options.core === undefined ? undefined : [options.core],
    });
    const report = parseH2load(output);
    const bytesLeast = options.method === "Range" ? options.valueBytes : smallestAnswerBytes;
    if (report.failed > 0 || !(report.bytesPerAnswer >= bytesLeast)) {
      throw new Error(`calls of h2load failed: ${output}`);
    }
    if (options.serverPid === undefined) {
      return report;
    }
    // The warm-up's calls are not in the report: they are taken to be as many a second as the others.
    const seconds = wholeSeconds(options.seconds) + wholeSeconds(options.warmUpSeconds);
    const spentUs = (cpuSeconds(options.serverPid) - cpuBefore) * 1e6;
    const perOperation = spentUs / (report.perSecond * seconds);
    return { ...report, serverCpuMicrosecondsPerOperation: perOperation };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
