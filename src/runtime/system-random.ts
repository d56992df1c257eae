// The operating system's randomness.
import { randomFillSync } from "node:crypto";
import type { Random } from "./random.js";

export const systemRandom: Random = {
  bytes: (count: number): Uint8Array => randomFillSync(new Uint8Array(count)),
  fraction: (): number => Math.random(),
};
