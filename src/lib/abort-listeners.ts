// Listening to a signal that many share. However many calls follow it, the signal itself has one listener: platforms take
// more than a few for a leak and print a warning.

/** Settles as `promise` does, or rejects with the signal's reason if that comes first. */
export async function orAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) {
    return promise;
  }
  let release: () => void = () => {};
  const end = new Promise<never>((_, reject) => {
    release = onAbort(signal, () => {
      reject(signal.reason as Error);
    });
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    release();
  }
}

const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `run` when the signal is aborted, at once if it is already. Returns what ends the listening. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run();
    return () => {};
  }
  let all = listeners.get(signal);
  if (all === undefined) {
    const made = new Set<() => void>();
    listeners.set(signal, made);
    signal.addEventListener(
      "abort",
      () => {
        for (const each of made) {
          each();
        }
      },
      { once: true },
    );
    all = made;
  }
  // Wrapped, so that the same function given twice is called twice and removed once.
  const each = (): void => {
    run();
  };
  all.add(each);
  return () => {
    all.delete(each);
  };
}
