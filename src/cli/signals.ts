// SIGTERM and SIGINT ask for a clean end; a second one does not wait for it.

import { exitCodeOf, type CommandError } from "./exit.js";

export interface StopRequest {
  readonly signal: NodeJS.Signals;
}

/** Resolves at the first signal. The second ends the process at once, with the exit code shells expect. */
export async function stopRequested(): Promise<StopRequest> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) {
        process.exit(exitCodeOf(signal));
      }
      asked = true;
      resolve({ signal });
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

/** Aborted by the first signal, with what `toError` makes of it. */
export function abortedBySignal(
  toError: (signal: NodeJS.Signals) => CommandError,
  stop: Promise<StopRequest> = stopRequested(),
): AbortSignal {
  const controller = new AbortController();
  stop.then(
    ({ signal }) => {
      controller.abort(toError(signal));
    },
    () => {},
  );
  return controller.signal;
}
