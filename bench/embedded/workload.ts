// Keys, values and callers of the embedded benchmarks.
import { randomBytes } from "node:crypto";

import type { Database } from "./database.js";
import { quantile } from "../harness/statistics.js";

export const valueBytes = 256;
export const prefix = "bench/";

/** A bijection of 32 bits ("lowbias32", by C. Wellons): near numbers get far keys, in an order that is always the same. */
function scatter(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * The load generator's keys. Whoever keeps a hundred thousand of them has each as one piece: as the concatenation it would
 * be three objects, and half of what V8 walks over when it collects.
 */
export function keyOf(number: number): string {
  const hexadecimal = (value: number): string => value.toString(16).padStart(8, "0");
  const key = prefix + hexadecimal(scatter(number)) + hexadecimal(number);
  return Buffer.from(key, "latin1").toString("latin1");
}

/** Random bytes, so that nothing is gained by compressing them; made before, since it is not what is measured. */
const values = Array.from({ length: 1024 }, () => new Uint8Array(randomBytes(valueBytes)));
let nextAt = 0;

export function nextValue(): Uint8Array {
  nextAt = (nextAt + 1) % values.length;
  return values[nextAt] ?? new Uint8Array(valueBytes);
}

export function randomBelow(bound: number): number {
  return Math.floor(Math.random() * bound);
}

/** Puts each of the keys once, many at a time. */
export async function fill(database: Database, keys: number, callers = 1024): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < keys) {
        await database.put(keyOf(next++), nextValue());
      }
    }),
  );
}

export interface CallersResult {
  readonly perSecond: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

/** Each caller calls again as soon as it is answered. The first second is not measured. */
export async function runCallers(
  callers: number,
  seconds: number,
  call: () => PromiseLike<unknown>,
): Promise<CallersResult> {
  const startedAt = performance.now() + 1000;
  const endsAt = startedAt + seconds * 1000;
  const durationsMs: number[] = [];
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let before = performance.now(); before < endsAt;) {
        await call();
        const after = performance.now();
        if (after >= startedAt && after < endsAt) {
          durationsMs.push(after - before);
        }
        before = after;
      }
    }),
  );
  return {
    perSecond: durationsMs.length / seconds,
    p50Ns: quantile(durationsMs, 0.5) * 1e6,
    p99Ns: quantile(durationsMs, 0.99) * 1e6,
  };
}
