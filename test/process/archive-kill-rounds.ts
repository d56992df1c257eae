// The rounds of kill-rounds.ts on a node with an object store; where that is what acknowledges, some rounds lose the disk too.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../support/seeded-random.js";
import { ASYNC, type Places } from "./archive-harness.js";
import { runKillRounds, type RoundsResult, type Sabotage } from "./kill-rounds.js";

/** So that rounds of half a second hold many uploads and some checkpoints. */
const BUSY: readonly string[] = [
  ...["--wal-puts-per-second-max", "0"],
  ...["--wal-linger-ms", "1"],
  ...["--checkpoint-entries", "100"],
  ...["--checkpoint-keep", "1"],
  ...["--restore-window", "1s"],
];

export interface ArchiveRoundsResult extends RoundsResult {
  readonly disksLost: number;
}

export async function runArchiveKillRounds(
  places: Places,
  mode: "sync" | "async",
  seeds: readonly number[],
): Promise<ArchiveRoundsResult> {
  const random = new SeededRandom(seeds[0] ?? 0);
  let disksLost = 0;
  const loseDisk: Sabotage = {
    beforeLoad: async () => Promise.resolve(),
    afterKill: async (directory) => {
      if (mode === "sync" && random.chance(0.2)) {
        disksLost += 1;
        await rm(join(directory, "t4"), { recursive: true });
      }
    },
  };
  const flags = [...places.flags, ...BUSY, ...(mode === "async" ? ASYNC : [])];
  return { ...(await runKillRounds(seeds, loseDisk, flags)), disksLost };
}
