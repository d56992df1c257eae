// Worker threads as a port. The real form starts a thread; a simulation runs the same handler inline, at a moment of
// its choosing.
import type { Clock } from "./clock.js";
import type { Disk } from "./disk/disk.js";

/** One worker, seen from the thread that started it. Messages arrive in the order sent. */
export interface Thread {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** At most one listener. */
  onMessage(listener: (message: unknown) => void): void;
  /** At most one listener; called once if the worker dies of an uncaught error. Without one the process dies of it. */
  onError(listener: (error: Error) => void): void;
  /**
   * Keeps the process alive from `hold` to `release`. A thread does not when it starts: hold it while an answer is
   * awaited, or a program with nothing else to do ends in the middle of it. Calls do not add up.
   */
  hold(): void;
  release(): void;
  /** Stops the thread where it stands. No message or error is delivered after this is called. */
  terminate(): Promise<void>;
}

export interface Threads {
  /** Starts the worker whose entry module is `main`; `data` is copied to it, SharedArrayBuffers in it are shared. */
  spawn(name: string, main: URL, data: unknown): Thread;
}

/** What a worker's code gets of its thread: the same in a real thread and in a simulation. */
export interface WorkerContext {
  /** What `spawn` was given. */
  readonly data: unknown;
  readonly disk: Disk;
  readonly clock: Clock;
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** At most one listener. The thread ends when it has none and nothing else to do. */
  onMessage(listener: (message: unknown) => void): void;
}

/** A worker's code. Its entry module calls `runWorker(handler)`; an error it throws reaches `Thread.onError`. */
export type WorkerHandler = (context: WorkerContext) => void;
