// Sends requests: each within its deadline, and again and again where the caller says that this may be done.
import type { S3Client } from "@aws-sdk/client-s3";
import { onAbort } from "../../lib/abort-listeners.js";
import { TaskGroup } from "../../lib/task-group.js";
import type { Clock } from "../../runtime/clock.js";
import type { Random } from "../../runtime/random.js";
import { ObjectStoreError } from "../object-store.js";
import type { RequestOutcome, S3Counters } from "./s3-counters.js";
import { failureOf, type S3Failure, type S3Place } from "./s3-failure.js";
import { RETRY_DELAY_MS_FIRST, RETRY_DELAY_MS_MAX } from "./s3-limits.js";
import type { S3Operation } from "./s3-operation.js";
import type { S3Deadlines } from "./s3-options.js";

export interface S3Call {
  readonly operation: S3Operation;
  readonly place: S3Place;
  /** Of the body that is sent. */
  readonly bytes: number;
  readonly signal: AbortSignal | undefined;
}

/** What a request is sent with. */
export interface Attempt {
  readonly client: S3Client;
  readonly options: { readonly abortSignal: AbortSignal; readonly requestTimeout: number };
  /** Counts a body that is on its way here, and gives it the time that it may take. */
  receives(bytes: number): void;
}

export interface Answer<Value> {
  readonly value: Value;
  readonly outcome: RequestOutcome;
}

export type Send<Value> = (attempt: Attempt) => Promise<Answer<Value>>;

export type Result<Value> =
  | { readonly kind: "answered"; readonly value: Value }
  | { readonly kind: "failed"; readonly failure: S3Failure };

export interface S3CallsParts {
  readonly client: S3Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: S3Deadlines;
  readonly counters: S3Counters;
}

export class S3Calls {
  readonly #parts: S3CallsParts;
  readonly #tasks = new TaskGroup();
  /** What gives up the calls that run. */
  readonly #atClose = new Set<() => void>();

  constructor(parts: S3CallsParts) {
    this.#parts = parts;
  }

  /** Sends a request until it is answered or may not be sent again. Only for what may be done twice. */
  async repeat<Value>(call: S3Call, send: Send<Value>): Promise<Value> {
    return this.#tasks.run(async () => {
      const { clock, deadlines } = this.#parts;
      const endsAtMs = clock.monotonicMs() + deadlines.retryTimeoutMs;
      let corrections = 0;
      for (let tries = 0; ; tries += 1) {
        const result = await this.#attempt(call, send);
        if (result.kind === "answered") {
          return result.value;
        }
        const { failure } = result;
        const correctable = failure.clockCorrected && corrections === 0;
        const delayMs = correctable ? 0 : this.#delayMs(tries, failure);
        if (!(failure.again || correctable) || clock.monotonicMs() + delayMs >= endsAtMs) {
          throw failure.error;
        }
        corrections += correctable ? 1 : 0;
        await this.#sleep(delayMs, call);
      }
    });
  }

  /**
   * Sends a request once: no second one can then be taken for the first. Only one that was refused for its date, which
   * S3 checks before anything else, is sent again with the right one.
   */
  async once<Value>(call: S3Call, send: Send<Value>): Promise<Result<Value>> {
    return this.#tasks.run(async () => {
      const result = await this.#attempt(call, send);
      if (result.kind === "failed" && result.failure.clockCorrected) {
        return this.#attempt(call, send);
      }
      return result;
    });
  }

  async close(): Promise<void> {
    const closed = this.#tasks.close(
      new ObjectStoreError("cancelled", "the object store is closed"),
    );
    for (const run of [...this.#atClose]) {
      run();
    }
    await closed;
    this.#parts.client.destroy();
  }

  async #attempt<Value>(call: S3Call, send: Send<Value>): Promise<Result<Value>> {
    const { client, counters } = this.#parts;
    const deadline = this.#deadline(call);
    let sent = false;
    try {
      deadline.signal.throwIfAborted();
      sent = true;
      counters.sent(call.bytes);
      const answer = send({
        client,
        options: { abortSignal: deadline.signal, requestTimeout: deadline.timeoutMs },
        receives: (bytes) => {
          counters.received(bytes);
          deadline.extend(bytes);
        },
      });
      // The SDK heeds the signal only while it has a request under way, not while it looks for credentials.
      const { value, outcome } = await Promise.race([answer, deadline.passed]);
      counters.request(call.operation, outcome);
      return { kind: "answered", value };
    } catch (error) {
      const failure = deadline.signal.aborted
        ? givenUp(deadline.signal.reason as ObjectStoreError, error, sent)
        : failureOf(error, call.operation, call.place);
      if (sent) {
        counters.request(call.operation, failure.error.code);
      }
      return { kind: "failed", failure };
    } finally {
      deadline.release();
    }
  }

  /** A signal that is aborted, with an ObjectStoreError, by the caller, by `close` or when time is up. */
  #deadline(call: S3Call): Deadline {
    const { clock, deadlines } = this.#parts;
    const controller = new AbortController();
    const allowedMs = (bytes: number): number =>
      deadlines.attemptTimeoutMs + Math.ceil((bytes * 1000) / deadlines.bytesPerSecondMin);
    const passed = new Promise<never>((_, reject) => {
      controller.signal.addEventListener("abort", () => {
        reject(controller.signal.reason as ObjectStoreError);
      });
    });
    // It is raced against the answer; nobody else may be looking when it is rejected.
    passed.catch(() => undefined);
    const where = `${call.operation} of ${call.place.url}`;
    const start = (timeoutMs: number): { cancel(): void } =>
      clock.after(timeoutMs, () => {
        controller.abort(
          new ObjectStoreError("unavailable", `${where}: no answer within ${timeoutMs} ms`),
        );
      });
    const timeoutMs = allowedMs(call.bytes);
    let timer = start(timeoutMs);
    const onCancel = (): void => {
      controller.abort(
        new ObjectStoreError("cancelled", `${where}: given up by its caller`, {
          cause: call.signal?.reason,
        }),
      );
    };
    const onClose = (): void => {
      controller.abort(this.#tasks.signal.reason);
    };
    const releaseCancel = call.signal === undefined ? null : onAbort(call.signal, onCancel);
    this.#onClose(onClose);
    return {
      signal: controller.signal,
      timeoutMs,
      passed,
      extend(bytes) {
        timer.cancel();
        timer = start(allowedMs(bytes));
      },
      release: () => {
        timer.cancel();
        releaseCancel?.();
        this.#atClose.delete(onClose);
      },
    };
  }

  /** Node takes more than ten listeners on one signal for a leak: these are kept apart, and told by one. */
  #onClose(run: () => void): void {
    if (this.#tasks.signal.aborted) {
      run();
    } else {
      this.#atClose.add(run);
    }
  }

  /** Full jitter: many clients that failed together do not come back together. */
  #delayMs(tries: number, failure: S3Failure): number {
    const ceilingMs = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_FIRST * 2 ** tries);
    return Math.max(failure.retryAfterMs, this.#parts.random.fraction() * ceilingMs);
  }

  /** Waits; the next attempt finds out whether the call was given up meanwhile. */
  async #sleep(delayMs: number, call: S3Call): Promise<void> {
    await new Promise<void>((resolve) => {
      let release: (() => void) | null = null;
      const done = (): void => {
        timer.cancel();
        release?.();
        this.#atClose.delete(done);
        resolve();
      };
      const timer = this.#parts.clock.after(delayMs, done);
      release = call.signal === undefined ? null : onAbort(call.signal, done);
      this.#onClose(done);
    });
  }
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Rejects when the signal is aborted. */
  readonly passed: Promise<never>;
  /** Starts it anew, for a body that has begun to come. */
  extend(bytes: number): void;
  release(): void;
}

function givenUp(reason: ObjectStoreError, thrown: unknown, sent: boolean): S3Failure {
  return {
    error:
      reason === thrown
        ? reason
        : new ObjectStoreError(reason.code, reason.message, { cause: reason.cause ?? thrown }),
    again: reason.code === "unavailable",
    sent,
    retryAfterMs: 0,
    clockCorrected: false,
  };
}
