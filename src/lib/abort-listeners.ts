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

/** Who follows a signal, and its one listener. */
interface Following {
  readonly all: Set<() => void>;
  readonly hear: () => void;
}

const followings = new WeakMap<AbortSignal, Following>();

/**
 * Calls `run` when the signal is aborted, at once if it is already. Returns what ends the listening. A signal that nobody
 * follows any more has no listener: one made by `AbortSignal.any` is kept in memory for as long as it has one.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run();
    return () => {};
  }
  const following = followings.get(signal) ?? follow(signal);
  const { all, hear } = following;
  // Wrapped, so that the same function given twice is called twice and removed once.
  const each = (): void => {
    run();
  };
  all.add(each);
  return () => {
    if (all.delete(each) && all.size === 0) {
      signal.removeEventListener("abort", hear);
      followings.delete(signal);
    }
  };
}

function follow(signal: AbortSignal): Following {
  const all = new Set<() => void>();
  const hear = (): void => {
    for (const each of all) {
      each();
    }
  };
  signal.addEventListener("abort", hear, { once: true });
  const following = { all, hear };
  followings.set(signal, following);
  return following;
}
