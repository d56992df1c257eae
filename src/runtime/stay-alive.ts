// Keeps the process from ending while something is awaited that only a timer will bring on: those of the clock do not keep it.

/** As long as a timer can be: it is never meant to fire. */
const LONG_MS = 2 ** 31 - 1;

export async function stayAlive<Result>(run: () => Promise<Result>): Promise<Result> {
  const timer = setInterval(() => {}, LONG_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}
