// One Observe call: tells who leads, then each value that the leader proclaims, then who leads next, for as long as the
// client listens. It may pass over leaders and values that came and went while the client read nothing; what it tells
// last is how things stand.
import { prefixRange, type KeyRange } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import { T4Error } from "../../core/errors.js";
import { onAbort } from "../../lib/abort-listeners.js";
import type { Watcher, WatchBatch } from "../../node/node.js";
import type { StreamCall, StreamReceiver } from "../../transport/service.js";
import { failCall, STREAM_MALFORMED } from "../errors.js";
import type { KeyValue } from "../gen/kv.js";
import {
  decodeLeaderRequest,
  sizeLeaderResponse,
  writeLeaderResponse,
  type LeaderResponse,
} from "../gen/v3election.js";
import type { ServiceContext } from "../service-context.js";
import { firstInLine, linePrefix } from "./place.js";
import { asEtcdsOwnClient } from "./waiting-calls.js";

export function keyValueOf(row: Row): KeyValue {
  const { key, createRevision, modRevision, version, value, lease } = row;
  return { key, createRevision, modRevision, version, value, lease };
}

export class Observation implements StreamReceiver {
  readonly #context: ServiceContext;
  readonly #call: StreamCall;
  readonly #ended: () => void;
  readonly #over = new AbortController();
  #isStarted = false;
  #isOver = false;
  /** The watcher that is not fed while the client does not read. */
  #stalled: Watcher | null = null;
  /** Goes on with what waits for the client. */
  #wake: () => void = () => {
    // Nothing waits.
  };

  constructor(context: ServiceContext, call: StreamCall, ended: () => void) {
    this.#context = context;
    this.#call = call;
    this.#ended = ended;
    call.onDrain(() => {
      const stalled = this.#stalled;
      this.#stalled = null;
      stalled?.resume();
      this.#wake();
    });
  }

  message(request: Uint8Array, start: number, end: number): void {
    if (this.#isStarted) {
      return;
    }
    this.#isStarted = true;
    try {
      const { name } = decodeLeaderRequest(request, start, end);
      this.#observe(name).catch((error: unknown) => {
        this.fail(error);
      });
    } catch (error) {
      this.fail(error);
    }
  }

  halfClosed(): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#end();
      this.#call.end();
    }
  }

  cancelled(): void {
    this.#end();
  }

  fail(reason: unknown): void {
    if (!this.#isOver) {
      this.#end();
      failCall(this.#call, asEtcdsOwnClient(reason), STREAM_MALFORMED);
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#ended();
    this.#wake();
    this.#over.abort(new T4Error("T4_CANCELLED", "nobody observes any more"));
  }

  async #observe(name: string): Promise<void> {
    const { node } = this.#context;
    for (;;) {
      await this.#untilTaken();
      if (this.#isOver) {
        return;
      }
      const { rows, revision } = await node.range(firstInLine(name), "linearizable");
      let seen = rows[0] === undefined ? null : { row: rows[0], revision: revision as number };
      seen ??= await this.#firstPut(prefixRange(linePrefix(name)), revision + 1);
      if (seen !== null) {
        this.#send(seen.row, seen.revision);
        await this.#follow(seen.row.key, seen.revision + 1);
      }
    }
  }

  /** Resolves when the client has taken most of what was sent: leaders may come and go faster than it reads. */
  async #untilTaken(): Promise<void> {
    while (!this.#isOver && this.#call.bufferedBytes > this.#call.highWaterBytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The first put in a range, with its revision; null if it cannot be told any more which was the first. */
  async #firstPut(
    range: KeyRange,
    fromRevision: number,
  ): Promise<{ readonly row: Row; readonly revision: number } | null> {
    let first: Row | null = null;
    await this.#watch(range, fromRevision, true, ({ events }) => {
      first ??= events.find(({ row }) => !row.isTombstone)?.row ?? null;
      return first !== null;
    });
    const row = first as Row | null;
    return row === null ? null : { row, revision: row.modRevision };
  }

  /** Tells every value of a key until it is deleted. */
  async #follow(key: string, fromRevision: number): Promise<void> {
    await this.#watch({ kind: "key", key }, fromRevision, false, ({ events, revision }) => {
      for (const { row } of events) {
        if (row.isTombstone) {
          return true;
        }
        this.#send(row, revision);
      }
      return false;
    });
  }

  /** Gives batches to `take` until it returns true, or until a compaction overtakes a client that reads too slowly. */
  async #watch(
    range: KeyRange,
    fromRevision: number,
    putsOnly: boolean,
    take: (batch: WatchBatch) => boolean,
  ): Promise<void> {
    const { node } = this.#context;
    const { signal } = this.#over;
    let watcher: Watcher | null = null;
    let stopListening = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        stopListening = onAbort(signal, () => {
          reject(signal.reason as Error);
        });
        let isDone = false;
        watcher = node.watch(
          { range, startRevision: fromRevision, puts: true, deletes: !putsOnly },
          {
            deliver: (batch) => {
              isDone ||= this.#isOver || take(batch);
              if (isDone) {
                resolve();
                return true;
              }
              const isFull = this.#call.bufferedBytes > this.#call.highWaterBytes;
              this.#stalled = isFull ? watcher : null;
              return !isFull;
            },
            compacted: () => {
              resolve();
            },
          },
        );
      });
    } catch (error) {
      if (!(error instanceof T4Error && error.code === "T4_COMPACTED")) {
        throw error;
      }
    } finally {
      stopListening();
      this.#stalled = null;
      (watcher as Watcher | null)?.cancel();
    }
  }

  #send(row: Row, revision: number): void {
    if (this.#isOver) {
      return;
    }
    const response: LeaderResponse = {
      header: this.#context.headers.message(revision),
      kv: keyValueOf(row),
    };
    const bytes = new Uint8Array(sizeLeaderResponse(response));
    writeLeaderResponse(bytes, 0, response);
    this.#call.send(bytes);
  }
}
