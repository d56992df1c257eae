// etcdserverpb.KV/RangeStream (etcd 3.7): a Range whose answer comes in chunks, so that neither side holds all of it. It
// reads at one revision, however long the client takes and whatever is compacted meanwhile.
// Must never: make the next chunk before the client has taken most of the last one.
import { validateRange } from "../../core/validate.js";
import type { RangeOperation, RangeOutcome } from "../../core/command.js";
import type { RangePage } from "../../core/range/range-pages.js";
import type { Consistency, RowPages } from "../../node/node.js";
import type { Method, StreamCall, StreamReceiver } from "../../transport/service.js";
import { failCall, rangeStreamFilters, rangeStreamSort, STREAM_MALFORMED } from "../errors.js";
import {
  decodeRangeRequest,
  RangeRequestSortOrder,
  RangeRequestSortTarget,
  type RangeRequest,
} from "../gen/rpc.js";
import { checkCaller, refusedStream, type ServiceContext } from "../service-context.js";
import { varintSize, writeVarint } from "../../lib/varint.js";
import { noBytes } from "../wire.js";
import { rangeOperation } from "./requests.js";
import { outcomeSize, rowSize, writeOutcome } from "./responses.js";

/** Keys in the first chunk, as etcd: the next ones grow until they are about as large as a request may be. */
const FIRST_CHUNK_ROWS = 10;

export function rangeStreamMethods(
  context: ServiceContext,
): (readonly [path: string, method: Method])[] {
  const rangeStream: Method = {
    kind: "stream",
    open(call) {
      try {
        checkCaller(call, context.node);
      } catch (error) {
        failCall(call, error);
        return refusedStream;
      }
      return new RangeStream(context, call);
    },
  };
  return [["/etcdserverpb.KV/RangeStream", rangeStream]];
}

class RangeStream implements StreamReceiver {
  readonly #context: ServiceContext;
  readonly #call: StreamCall;
  #isStarted = false;
  #isOver = false;
  #drained: () => void = () => {
    // Nobody waits.
  };

  constructor(context: ServiceContext, call: StreamCall) {
    this.#context = context;
    this.#call = call;
    call.onDrain(() => {
      this.#drained();
    });
  }

  message(request: Uint8Array, start: number, end: number): void {
    if (this.#isStarted) {
      return;
    }
    this.#isStarted = true;
    try {
      const decoded = decodeRangeRequest(request, start, end);
      const operation = rangeOperation(decoded);
      validateRange(operation);
      checkStreamable(decoded);
      const consistency = decoded.serializable ? "serializable" : this.#context.readConsistency;
      this.#answer(operation, consistency).catch((error: unknown) => {
        this.#fail(error);
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  halfClosed(): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#isOver = true;
      this.#call.end();
    }
  }

  cancelled(): void {
    this.#isOver = true;
    this.#drained();
  }

  /** Whether the client went away while something was waited for. */
  #hasGone(): boolean {
    return this.#isOver;
  }

  #fail(error: unknown): void {
    if (!this.#isOver) {
      this.#isOver = true;
      failCall(this.#call, error, STREAM_MALFORMED);
    }
  }

  async #answer(operation: RangeOperation, consistency: Consistency): Promise<void> {
    const pages = this.#context.node.pages(operation, consistency);
    try {
      let rows = FIRST_CHUNK_ROWS;
      while (!this.#isOver) {
        // The rows before say nothing of how large these are.
        const page = await pages.next(rows, this.#context.requestBytesMax * 2);
        if (this.#hasGone()) {
          return;
        }
        this.#send(pages, page, operation.keysOnly);
        if (page.end !== null) {
          this.#isOver = true;
          this.#call.end();
          return;
        }
        rows = this.#nextRows(rows, page, operation.keysOnly);
        await this.#untilTaken();
      }
    } finally {
      pages.close();
    }
  }

  #send(pages: RowPages, { rows, end }: RangePage, keysOnly: boolean): void {
    const { revision } = pages;
    const header = end === null ? noBytes : this.#context.headers.field(revision);
    const outcome: RangeOutcome = {
      kind: "range",
      revision,
      rows,
      keysOnly,
      count: end?.count ?? 0,
      more: end?.more ?? false,
    };
    const size = outcomeSize(header, outcome);
    const bytes = new Uint8Array(1 + varintSize(size) + size);
    // RangeStreamResponse holds the response as its only field.
    bytes[0] = 0x0a;
    writeOutcome(bytes, writeVarint(bytes, 1, size), header, outcome);
    this.#call.send(bytes);
  }

  /** Twice as many while a chunk is below half the size aimed at, half as many if it is above twice that. */
  #nextRows(rowsBefore: number, { rows }: RangePage, keysOnly: boolean): number {
    const wantedBytes = this.#context.requestBytesMax;
    let bytes = 0;
    for (const row of rows) {
      bytes += rowSize(row, keysOnly);
    }
    if (bytes < wantedBytes / 2) {
      return rowsBefore * 2;
    }
    return bytes > wantedBytes * 2 ? Math.max(1, Math.floor(rowsBefore / 2)) : rowsBefore;
  }

  async #untilTaken(): Promise<void> {
    while (!this.#isOver && this.#call.bufferedBytes > this.#call.highWaterBytes / 2) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
  }
}

/** Throws for what cannot be answered in order of keys as it is read. */
function checkStreamable(request: RangeRequest): void {
  const { sortOrder, sortTarget } = request;
  const isByKey =
    sortOrder === RangeRequestSortOrder.NONE ||
    (sortOrder === RangeRequestSortOrder.ASCEND && sortTarget === RangeRequestSortTarget.KEY);
  if (!isByKey) {
    throw rangeStreamSort();
  }
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
  if (
    minModRevision !== 0 ||
    maxModRevision !== 0 ||
    minCreateRevision !== 0 ||
    maxCreateRevision !== 0
  ) {
    throw rangeStreamFilters();
  }
}
