// A start that waits for its object store: says so, and does not wait for ever. What a start does there is tried again and again
// while it does not answer; this is what ends it.
import { T4Error } from "../../core/errors.js";
import type { AnswerWatch, Silence } from "../../object/answer-watch.js";
import type { Timer } from "../../runtime/clock.js";
import type { Runtime } from "../../runtime/runtime.js";

const LOOK_MS = 500;
/** When it is first said that a start waits, and how often. */
const TELL_MS = 5_000;

export interface StartWatchParts {
  readonly answers: AnswerWatch;
  /** Of the store. */
  readonly url: string;
  /** 0: for ever. */
  readonly limitMs: number;
  readonly runtime: Pick<Runtime, "clock" | "logger">;
  /** Of who asked for the start. */
  readonly signal: AbortSignal | undefined;
}

export class StartWatch {
  /** Aborted by who asked for the start, or with a T4Error when the store has not answered for too long. */
  readonly signal: AbortSignal;
  readonly #parts: StartWatchParts;
  readonly #limit = new AbortController();
  #timer: Timer;
  #toldMs: number;

  constructor(parts: StartWatchParts) {
    this.#parts = parts;
    const own = this.#limit.signal;
    this.signal = parts.signal === undefined ? own : AbortSignal.any([own, parts.signal]);
    this.#toldMs = parts.runtime.clock.monotonicMs();
    this.#timer = this.#schedule();
  }

  /** The start is over: from now on the signal is aborted by nobody but who asked for it. */
  end(): void {
    this.#timer.cancel();
  }

  #schedule(): Timer {
    return this.#parts.runtime.clock.after(LOOK_MS, () => {
      this.#timer = this.#schedule();
      const { silence } = this.#parts.answers;
      if (silence !== null) {
        this.#look(silence);
      }
    });
  }

  #look({ sinceMs, failure }: Silence): void {
    const { url, limitMs, runtime } = this.#parts;
    const nowMs = runtime.clock.monotonicMs();
    const silentMs = nowMs - sinceMs;
    if (limitMs > 0 && silentMs >= limitMs) {
      this.end();
      const error = unreachableError(url, silentMs, failure);
      this.#limit.abort(error);
      this.#parts.answers.giveUp(error);
    } else if (silentMs >= TELL_MS && nowMs - this.#toldMs >= TELL_MS) {
      this.#toldMs = nowMs;
      runtime.logger.warn("the object store does not answer: the start waits for it", {
        objectStore: url,
        seconds: Math.round(silentMs / 1_000),
        limitSeconds: limitMs / 1_000,
        reason: failure?.message ?? "no call has come back",
      });
    }
  }
}

function unreachableError(url: string, silentMs: number, failure: Error | null): T4Error {
  const reason = failure === null ? "" : ` (${failure.message})`;
  return new T4Error(
    "T4_UNAVAILABLE",
    `the object store ${url} has not answered for ${Math.round(silentMs / 1_000)} s${reason}: the node was not started. ` +
      "Look whether the store is up, and whether its address and the network to it are right; then start again",
    { cause: failure ?? undefined },
  );
}
