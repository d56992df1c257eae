// Time as a port: everything above waits and measures through it, so that a test can run on virtual time.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds on a clock that never goes back. Only differences between two readings mean anything. */
  monotonicMs(): number;
  /** Milliseconds since 1970 as the machine believes; it may jump either way. */
  wallMs(): number;
  /** Runs `run` once after `delayMs`, unless cancelled. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Runs `run` after the I/O of this turn of the event loop (setImmediate). */
  nextTurn(run: () => void): void;
}
