// Waiting for a foreign process. Nothing here decides whether a test passes by how long something took: a deadline
// only turns a hang into a failure that names what was awaited.
import type { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

export { sleep };

/** Settles as `promise` does, or fails after `deadlineMs` naming what did not happen. */
export async function within<T>(
  deadlineMs: number,
  what: string | (() => string),
  promise: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const text = typeof what === "string" ? what : what();
      reject(new Error(`did not happen within ${deadlineMs} ms: ${text}`));
    }, deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for the end of a socket or stream, also where a reset (an "error" before "close") brings it about. */
export async function closed(emitter: EventEmitter): Promise<void> {
  await new Promise<void>((resolve) => {
    emitter.once("close", resolve);
  });
}
