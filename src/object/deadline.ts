// An end for calls that have none of their own: a hung disk or network file system answers never, and everybody above
// counts on an answer.
import { onAbort } from "../lib/abort-listeners.js";
import type { Clock } from "../runtime/clock.js";
import { ObjectStoreError } from "./object-store.js";

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Each gives the call up. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** For messages: "get of file:///data/lock". */
  readonly what: string;
}

/**
 * The result of `run`, or an ObjectStoreError "unavailable" when time is up, "cancelled" when it was given up. `run` is
 * told by its own signal, whose reason is that error, and may still be doing the step that hangs.
 */
export async function withDeadline<Result>(
  options: DeadlineOptions,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { clock, limitMs, what } = options;
  const signals = options.signals.filter((signal) => signal !== undefined);
  const controller = new AbortController();
  let refuse: (error: ObjectStoreError) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  const giveUp = (error: ObjectStoreError): void => {
    controller.abort(error);
    refuse(error);
  };
  const cancel = (): void => {
    const cause: unknown = signals.find((signal) => signal.aborted)?.reason;
    giveUp(new ObjectStoreError("cancelled", `${what} was given up`, { cause }));
  };
  const timer = clock.after(limitMs, () => {
    giveUp(new ObjectStoreError("unavailable", `${what} did not end within ${limitMs / 1_000} s`));
  });
  const releases = signals.map((signal) => onAbort(signal, cancel));
  try {
    if (controller.signal.aborted) {
      return await givenUp;
    }
    return await Promise.race([givenUp, run(controller.signal)]);
  } finally {
    timer.cancel();
    for (const release of releases) {
      release();
    }
  }
}
