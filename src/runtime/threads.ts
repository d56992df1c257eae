// Worker threads as a port. The real form starts a thread; a simulation runs the same handler inline, at a moment of
// its choosing.

/** One worker. Messages arrive in the order sent. */
export interface Thread {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once if the worker dies of an uncaught error. */
  onError(listener: (error: Error) => void): void;
  terminate(): Promise<void>;
}

export interface Threads {
  /** Starts the worker whose entry module is `main`; `data` reaches it as its first argument. */
  spawn(name: string, main: URL, data: unknown): Thread;
}
