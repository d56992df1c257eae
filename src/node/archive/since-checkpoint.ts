// How long ago the newest checkpoint is, in all that a restore or the next start has to read: counted over restarts, or a node
// that is started often would never make another one.
import type { LatestManifest } from "../../archive/latest-manifest.js";
import type { LogIndex, Term } from "../../core/words.js";

export interface SinceCheckpoint {
  /** The last entry in it; without any, the last one before the chain. */
  readonly index: LogIndex;
  /** The wall clock of its last entry; null: there is none, and there are slots that it should hold. */
  readonly wallMs: number | null;
  readonly slots: number;
  readonly bytes: number;
  /** Leaderships, this one included. */
  readonly terms: number;
}

/** Behind a take-over, or at the beginning of a prefix: `nowMs` is the wall clock. */
export function sinceCheckpoint(
  { checkpoints, chain }: Pick<LatestManifest, "checkpoints" | "chain">,
  term: Term,
  walked: { readonly slots: number; readonly bytes: number },
  nowMs: number,
): SinceCheckpoint {
  const newest = checkpoints.at(-1);
  const { slots, bytes } = walked;
  return newest === undefined
    ? {
        index: (chain.firstIndex - 1) as LogIndex,
        wallMs: slots > 0 ? null : nowMs,
        slots,
        bytes,
        terms: term - chain.term,
      }
    : {
        index: newest.index,
        // A clock that was set back must not put the next one off.
        wallMs: Math.min(newest.wallMs, nowMs),
        slots,
        bytes,
        terms: term - newest.term,
      };
}
