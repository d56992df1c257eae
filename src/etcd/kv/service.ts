// etcdserverpb.KV: the hot path of the server. A read of one key goes from request bytes to answer bytes without a
// promise, a closure or a copy but that of the row.
import type { Caller } from "../../core/auth/authorise.js";
import type {
  DeleteRangeOperation,
  OperationOutcome,
  PutOperation,
  RangeOutcome,
  TxnOperation,
} from "../../core/command.js";
import { T4Error } from "../../core/errors.js";
import {
  validateDeleteRange,
  validatePut,
  validateRange,
  validateTxn,
} from "../../core/validate.js";
import { assert } from "../../lib/assert.js";
import { latin1 } from "../../lib/bytes.js";
import type { Completion } from "../../node/node.js";
import type { Method, UnaryCall, UnaryHandler } from "../../transport/service.js";
import { failCall } from "../errors.js";
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  sizeCompactionResponse,
  writeCompactionResponse,
  type CompactionRequest,
  type CompactionResponse,
} from "../gen/rpc.js";
import {
  checkCaller,
  checkSize,
  proposed,
  unary,
  type ServiceContext,
} from "../service-context.js";
import { NestedTooDeep } from "../wire.js";
import {
  deleteRangeOperation,
  isReadOnly,
  pointRead,
  putOperation,
  rangeOperation,
  txnOperation,
} from "./requests.js";
import { outcomeSize, writeOutcome } from "./responses.js";

/** Idle completions kept for reuse: about the writes that one group commit answers. */
const IDLE_COMPLETIONS_MAX = 4096;

export function kvMethods(context: ServiceContext): (readonly [path: string, method: Method])[] {
  const service = new KvService(context);
  const handlers: Record<string, UnaryHandler> = {
    Range: service.range,
    Put: service.put,
    DeleteRange: service.deleteRange,
    Txn: service.txn,
  };
  const methods = Object.entries(handlers).map(
    ([name, handle]) => [`/etcdserverpb.KV/${name}`, { kind: "unary", handle }] as const,
  );
  const compact = unary(
    context.node,
    decodeCompactionRequest,
    { size: sizeCompactionResponse, write: writeCompactionResponse },
    async (request, _requestBytes, call) =>
      service.compact(request, context.authoriser.callerOf(call)),
  );
  return [...methods, ["/etcdserverpb.KV/Compact", compact]];
}

/** A completion that can be used for one write after the other. */
class PendingWrite {
  call: UnaryCall | null = null;
  readonly done: Completion;

  constructor(service: KvService) {
    this.done = (error, outcome) => {
      const call = this.call;
      assert(call !== null, "a write is answered once");
      this.call = null;
      service.release(this);
      if (error !== null) {
        failCall(call, error);
      } else if (outcome !== null && isOperationOutcome(outcome.kind)) {
        service.answer(call, outcome as OperationOutcome);
      }
    };
  }
}

function isOperationOutcome(kind: string): boolean {
  return kind === "put" || kind === "txn" || kind === "delete-range";
}

class KvService {
  readonly #context: ServiceContext;
  readonly #idle: PendingWrite[] = [];

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  readonly range: UnaryHandler = (call, request, start, end) => {
    const { node, readConsistency, authoriser } = this.#context;
    try {
      checkCaller(call, node);
      let outcome: RangeOutcome | Promise<RangeOutcome>;
      const keyEnd = start + 2 + (request[start + 1] ?? 0);
      // One key of up to 127 bytes and nothing else: what most requests are.
      if (keyEnd === end && request[start] === 0x0a && end - start > 2 && end - start < 130) {
        const operation = pointRead(latin1(request, start + 2, end));
        authoriser.read(call, operation.range);
        outcome = node.range(operation, readConsistency);
      } else {
        const decoded = decodeRangeRequest(request, start, end);
        const operation = rangeOperation(decoded);
        validateRange(operation);
        authoriser.read(call, operation.range);
        outcome = node.range(operation, decoded.serializable ? "serializable" : readConsistency);
      }
      if (outcome instanceof Promise) {
        this.#answerLater(call, outcome, node.auth.revision);
      } else {
        this.answer(call, outcome);
      }
    } catch (error) {
      failCall(call, error);
    }
  };

  readonly put: UnaryHandler = (call, request, start, end) => {
    try {
      checkCaller(call, this.#context.node);
      // The value stays a view of the request: planning, in this tick, copies it into its row.
      const operation = putOperation(decodePutRequest(request, start, end));
      validatePut(operation);
      this.#propose(call, operation, end - start);
    } catch (error) {
      failCall(call, error);
    }
  };

  readonly deleteRange: UnaryHandler = (call, request, start, end) => {
    try {
      checkCaller(call, this.#context.node);
      const operation = deleteRangeOperation(decodeDeleteRangeRequest(request, start, end));
      validateDeleteRange(operation);
      this.#propose(call, operation, end - start);
    } catch (error) {
      failCall(call, error);
    }
  };

  readonly txn: UnaryHandler = (call, request, start, end) => {
    try {
      checkCaller(call, this.#context.node);
      const operation = txnOperation(decodeTxnRequest(request, start, end));
      validateTxn(operation, this.#context.txnOperationsMax);
      // A read has no limit but the message's.
      this.#propose(call, operation, isReadOnly(operation) ? 0 : end - start);
    } catch (error) {
      // Each level takes one of the operations allowed, so what is nested deeper than we read has too many.
      const reason =
        error instanceof NestedTooDeep
          ? new T4Error("T4_TOO_MANY_OPERATIONS", error.message)
          : error;
      failCall(call, reason);
    }
  };

  /** What the caller may do is decided where the command is planned. */
  #propose(
    call: UnaryCall,
    operation: PutOperation | DeleteRangeOperation | TxnOperation,
    requestBytes: number,
  ): void {
    const { node, authoriser, requestBytesMax } = this.#context;
    const caller = authoriser.callerOf(call);
    checkSize(requestBytes, requestBytesMax);
    node.propose(operation, this.#completion(call), caller);
  }

  async compact(request: CompactionRequest, caller: Caller): Promise<CompactionResponse> {
    const { node, headers } = this.#context;
    await proposed<"compact">(node, { kind: "compact", revision: request.revision }, caller);
    if (request.physical) {
      await node.compactionDone();
    }
    return { header: headers.message(node.revision) };
  }

  answer(call: UnaryCall, outcome: OperationOutcome): void {
    if (call.cancelled) {
      return;
    }
    const { headers } = this.#context;
    const header =
      outcome.kind === "range"
        ? headers.field(outcome.revision)
        : headers.passingField(outcome.revision);
    const at = call.reply(outcomeSize(header, outcome));
    writeOutcome(call.output, at, header, outcome);
  }

  release(pending: PendingWrite): void {
    if (this.#idle.length < IDLE_COMPLETIONS_MAX) {
      this.#idle.push(pending);
    }
  }

  #completion(call: UnaryCall): Completion {
    const pending = this.#idle.pop() ?? new PendingWrite(this);
    pending.call = call;
    return pending.done;
  }

  #answerLater(call: UnaryCall, outcome: Promise<RangeOutcome>, authRevision: number): void {
    outcome
      .then((later) => {
        this.#context.authoriser.stillAt(authRevision);
        this.answer(call, later);
      })
      .catch((error: unknown) => {
        failCall(call, error);
      });
  }
}
