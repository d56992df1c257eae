// From decoded requests to commands and reads. What is wrong with a request's form is found later, in etcd's order, by
// core's validation; this adds what only the wire can express: unknown sort options, empty operations, unknown compares.
import {
  PutCommand,
  type Compare,
  type CompareResult,
  type DeleteRangeOperation,
  type Operation,
  type PutOperation,
  type RangeOperation,
  type Sort,
  type SortTarget,
  type TxnOperation,
} from "../../core/command.js";
import { T4Error } from "../../core/errors.js";
import { keyRangeFromWire, type KeyRange } from "../../core/range/key-range.js";
import { NO_LEASE, type Key } from "../../core/words.js";
import { unreachable } from "../../lib/assert.js";
import { invalidSortOption } from "../errors.js";
import {
  CompareCompareResult,
  CompareCompareTarget,
  RangeRequestSortOrder,
  RangeRequestSortTarget,
  type Compare as WireCompare,
  type DeleteRangeRequest,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from "../gen/rpc.js";
import { noBytes } from "../wire.js";

/** The read of one key and nothing else, by far the most frequent request. */
export function pointRead(key: Key): RangeOperation {
  return {
    kind: "range",
    range: { kind: "key", key },
    revision: 0,
    limit: 0,
    sort: null,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

/** An unknown sort option gives an operation whose range throws when validation comes to it. */
export function rangeOperation(request: RangeRequest): RangeOperation {
  const sort = sortOf(request);
  const operation: RangeOperation = {
    kind: "range",
    range: keyRangeFromWire(request.key, request.rangeEnd),
    revision: request.revision,
    limit: request.limit,
    sort: sort === "invalid" ? null : sort,
    keysOnly: request.keysOnly,
    countOnly: request.countOnly,
    minModRevision: request.minModRevision,
    maxModRevision: request.maxModRevision,
    minCreateRevision: request.minCreateRevision,
    maxCreateRevision: request.maxCreateRevision,
  };
  return sort === "invalid" && request.key !== ""
    ? refused(operation, invalidSortOption())
    : operation;
}

const sortTargets: readonly SortTarget[] = ["key", "version", "create", "mod", "value"];

function sortOf(request: RangeRequest): Sort | null | "invalid" {
  const { sortOrder } = request;
  const target = sortTargets[request.sortTarget];
  if (target === undefined || sortOrder < 0 || sortOrder > RangeRequestSortOrder.DESCEND) {
    return "invalid";
  }
  if (sortOrder === RangeRequestSortOrder.NONE) {
    return request.sortTarget === RangeRequestSortTarget.KEY
      ? null
      : { target, descending: false, limitFirst: true };
  }
  return { target, descending: sortOrder === RangeRequestSortOrder.DESCEND };
}

/**
 * An operation that cannot be: validation throws `error` when it looks at its range. So what comes before it in a
 * transaction is complained about first, as etcd does.
 */
function refused(operation: RangeOperation, error: Error): RangeOperation {
  return {
    ...operation,
    get range(): KeyRange {
      throw error;
    },
  };
}

export function putOperation(request: PutRequest): PutOperation {
  const { key, value, lease, prevKv, ignoreValue, ignoreLease } = request;
  return new PutCommand(key, value, lease, prevKv, ignoreValue, ignoreLease);
}

export function deleteRangeOperation(request: DeleteRangeRequest): DeleteRangeOperation {
  return {
    kind: "delete-range",
    range: keyRangeFromWire(request.key, request.rangeEnd),
    prevKv: request.prevKv,
  };
}

export function txnOperation(request: TxnRequest): TxnOperation {
  return {
    kind: "txn",
    compares: request.compare.map(compareOf),
    success: request.success.map(operationOf),
    failure: request.failure.map(operationOf),
  };
}

function operationOf(request: RequestOp): Operation {
  const union = request.request;
  if (union === null) {
    // etcd's words for an operation without content.
    return refused(pointRead(""), new T4Error("T4_KEY_NOT_FOUND", "an operation is empty"));
  }
  switch (union.kind) {
    case "requestRange":
      return rangeOperation(union.value);
    case "requestPut":
      return putOperation(union.value);
    case "requestDeleteRange":
      return deleteRangeOperation(union.value);
    case "requestTxn":
      return txnOperation(union.value);
    default:
      return unreachable(union);
  }
}

const results: readonly CompareResult[] = ["equal", "greater", "less", "not-equal"];

function compareOf(compare: WireCompare): Compare {
  const range = keyRangeFromWire(compare.key, compare.rangeEnd);
  const result = results[compare.result];
  if (result === undefined) {
    // etcd takes a result it does not know for true, but a value that is missing for false.
    const operand = compare.target === CompareCompareTarget.VALUE ? 0 : -1;
    return { range, result: "greater", target: "version", operand };
  }
  const union = compare.targetUnion;
  const number = (kind: "version" | "createRevision" | "modRevision"): number =>
    union?.kind === kind ? union.value : 0;
  switch (compare.target) {
    case CompareCompareTarget.VERSION:
      return { range, result, target: "version", operand: number("version") };
    case CompareCompareTarget.CREATE:
      return { range, result, target: "create", operand: number("createRevision") };
    case CompareCompareTarget.MOD:
      return { range, result, target: "mod", operand: number("modRevision") };
    case CompareCompareTarget.VALUE:
      return {
        range,
        result,
        target: "value",
        operand: union?.kind === "value" ? union.value : noBytes,
      };
    case CompareCompareTarget.LEASE:
      return {
        range,
        result,
        target: "lease",
        operand: union?.kind === "lease" ? union.value : NO_LEASE,
      };
    default:
      // etcd compares a target that it does not know as equal.
      return compare.result === CompareCompareResult.EQUAL
        ? { range, result: "greater", target: "version", operand: -1 }
        : { range, result: "less", target: "version", operand: 0 };
  }
}

/** Whether a transaction changes nothing whichever branch it takes. */
export function isReadOnly(txn: TxnOperation): boolean {
  const reads = (operation: Operation): boolean =>
    operation.kind === "range" || (operation.kind === "txn" && isReadOnly(operation));
  return txn.success.every(reads) && txn.failure.every(reads);
}
