// The thread that writes a log. A module of its own, so that who opens a log can start it before all else is loaded.
import type { Thread, Threads } from "../runtime/threads.js";

/** Starts a thread that touches no file before a log takes it over. */
export function startLogThread(threads: Threads): Thread {
  return threads.spawn("t4-log", new URL("./log-worker-main.js", import.meta.url), null);
}
