// Between a transaction as callers write it and as the core plans it.
import type {
  Compare,
  DeleteRangeOutcome,
  Operation,
  OperationOutcome,
  PutOutcome,
  RangeOutcome,
  TxnOperation,
  TxnOutcome,
} from "../core/command.js";
import { validateTxn } from "../core/validate.js";
import { assert, unreachable } from "../lib/assert.js";
import { selectedRange, wholeNumber } from "./arguments.js";
import { encodeKey, type ValueCodec } from "./encoding.js";
import { keyInfo, keyValue, type KeyInfo, type KeyValue } from "./key-value.js";
import {
  checkLease,
  checkSize,
  deleteOperation,
  putOperation,
  rangeOperation,
} from "./operations.js";
import type { Condition, DeleteResult, ListResult, Op, Ops, PutResult, TxnRequest } from "./txn.js";

/**
 * Throws T4_INVALID_ARGUMENT, T4_KEY_EMPTY, T4_VALUE_PROVIDED, T4_LEASE_PROVIDED, T4_TOO_MANY_OPERATIONS,
 * T4_DUPLICATE_KEY and T4_REQUEST_TOO_LARGE.
 */
export function txnOperation<Input>(
  request: TxnRequest<Input>,
  codec: ValueCodec<unknown, Input>,
): TxnOperation {
  const txn = convertTxn(request, codec);
  validateTxn(txn);
  checkSize(sizeOf(txn));
  return txn;
}

function convertTxn<Input>(
  request: TxnRequest<Input>,
  codec: ValueCodec<unknown, Input>,
): TxnOperation {
  return {
    kind: "txn",
    compares: (request.if ?? []).map((condition) => convertCondition(condition, codec)),
    success: (request.then ?? []).map((operation) => convertOp(operation, codec)),
    failure: (request.else ?? []).map((operation) => convertOp(operation, codec)),
  };
}

function convertCondition<Input>(
  condition: Condition<Input>,
  codec: ValueCodec<unknown, Input>,
): Compare {
  const { keys, result } = condition;
  const range =
    typeof keys === "string" || keys instanceof Uint8Array
      ? ({ kind: "key", key: encodeKey(keys) } as const)
      : selectedRange(keys);
  switch (condition.target) {
    case "value":
      return { range, result, target: "value", operand: codec.encode(condition.operand) };
    case "lease":
      return { range, result, target: "lease", operand: checkLease(condition.operand) };
    case "version":
    case "create":
    case "mod": {
      const operand = wholeNumber("a condition's operand", condition.operand, 0, 0);
      return { range, result, target: condition.target, operand };
    }
    default:
      return unreachable(condition);
  }
}

function convertOp<Input>(op: Op<Input>, codec: ValueCodec<unknown, Input>): Operation {
  switch (op.kind) {
    case "put":
      return putOperation(codec, op.key, op.value, op.options);
    case "delete":
      return deleteOperation(selectedRange(op.keys), op.options);
    case "get":
      return rangeOperation({ kind: "key", key: encodeKey(op.key) }, op.options);
    case "list":
      return rangeOperation(selectedRange(op.keys), op.options);
    case "count":
      return { ...rangeOperation(selectedRange(op.keys), op.options), countOnly: true };
    case "txn":
      return convertTxn(op, codec);
    default:
      return unreachable(op);
  }
}

function sizeOf(txn: TxnOperation): number {
  let bytes = 0;
  for (const compare of txn.compares) {
    bytes += compare.target === "value" ? compare.operand.length : 0;
  }
  for (const operation of [...txn.success, ...txn.failure]) {
    if (operation.kind === "put") {
      bytes += operation.key.length + operation.value.length;
    } else if (operation.kind === "txn") {
      bytes += sizeOf(operation);
    }
  }
  return bytes;
}

/** `TxnResult` without the types that follow from the operations: the caller knows them. */
export interface UntypedTxnResult {
  readonly succeeded: boolean;
  readonly revision: number;
  readonly responses: readonly unknown[];
}

export function txnResult<Value>(
  request: TxnRequest<unknown>,
  outcome: TxnOutcome,
  codec: ValueCodec<Value, never>,
): UntypedTxnResult {
  const { succeeded, revision } = outcome;
  const ops: Ops<unknown> = (succeeded ? request.then : request.else) ?? [];
  assert(ops.length === outcome.responses.length, "each operation of the branch has its answer");
  const responses = outcome.responses.map((response, place) => {
    const op = ops[place];
    assert(op !== undefined, "each answer has its operation");
    return opResult(op, response, codec);
  });
  return { succeeded, revision, responses };
}

function opResult<Value>(
  op: Op<unknown>,
  outcome: OperationOutcome,
  codec: ValueCodec<Value, never>,
): unknown {
  switch (outcome.kind) {
    case "put":
      return putResult(outcome, codec);
    case "delete-range":
      return deleteResult(outcome, codec);
    case "range":
      if (op.kind === "get") {
        return firstOf(outcome, codec);
      }
      return op.kind === "count" ? outcome.count : listResult(outcome, codec);
    case "txn":
      assert(op.kind === "txn", "a nested transaction answers one");
      return txnResult(op, outcome, codec);
    default:
      return unreachable(outcome);
  }
}

export function putResult<Value>(
  outcome: PutOutcome,
  codec: ValueCodec<Value, never>,
): PutResult<Value> {
  const { revision, previous } = outcome;
  return { revision, previous: previous === null ? undefined : keyValue(previous, codec) };
}

export function deleteResult<Value>(
  outcome: DeleteRangeOutcome,
  codec: ValueCodec<Value, never>,
): DeleteResult<Value> {
  const { revision, deleted, previous } = outcome;
  return { revision, deleted, previous: previous.map((row) => keyValue(row, codec)) };
}

export function firstOf<Value>(
  outcome: RangeOutcome,
  codec: ValueCodec<Value, never>,
): KeyValue<Value> | undefined {
  const row = outcome.rows[0];
  return row === undefined ? undefined : keyValue(row, codec);
}

export function listResult<Value>(
  outcome: RangeOutcome,
  codec: ValueCodec<Value, never>,
): ListResult<KeyInfo> | ListResult<KeyValue<Value>> {
  const { revision, rows, count, more } = outcome;
  return outcome.keysOnly
    ? { revision, items: rows.map(keyInfo), count, more }
    : { revision, items: rows.map((row) => keyValue(row, codec)), count, more };
}
