// Writes of one key that happen only if the key is as expected, as transactions of the core: a condition, the write, and
// where the condition does not hold a read of what stands there instead, at the same revision.
import type { PutOperation, TxnOperation, TxnOutcome } from "../../core/command.js";
import type { KeyRange } from "../../core/range/key-range.js";
import type { Key } from "../../core/words.js";
import type { ValueCodec } from "../encoding.js";
import type { KeyValue } from "../key-value.js";
import { deleteOperation, rangeOperation } from "../operations.js";
import { firstOf } from "../txn-convert.js";

/** What a conditional write did. */
export type ConditionalResult<Value> =
  | {
      readonly succeeded: true;
      /** The revision that it made. */
      readonly revision: number;
    }
  | {
      readonly succeeded: false;
      readonly revision: number;
      /** What stands there instead of what was expected. */
      readonly current: KeyValue<Value> | undefined;
    };

/** A put of a key that must not exist. What stands there instead is not read. */
export function putIfMissing(put: PutOperation): TxnOperation {
  return {
    kind: "txn",
    compares: [{ range: keyRange(put.key), target: "version", result: "equal", operand: 0 }],
    success: [put],
    failure: [],
  };
}

/** A put of a key that must exist, with `revision` as that of its last change; 0: whatever that is. */
export function putIfUnchanged(put: PutOperation, revision: number): TxnOperation {
  const range = keyRange(put.key);
  return {
    kind: "txn",
    compares: [
      revision === 0
        ? { range, target: "version", result: "greater", operand: 0 }
        : { range, target: "mod", result: "equal", operand: revision },
    ],
    success: [put],
    failure: [rangeOperation(range)],
  };
}

/** The delete of a key if `revision` is that of its last change. */
export function deleteIfUnchanged(key: Key, revision: number): TxnOperation {
  const range = keyRange(key);
  return {
    kind: "txn",
    compares: [{ range, target: "mod", result: "equal", operand: revision }],
    success: [deleteOperation(range)],
    failure: [rangeOperation(range)],
  };
}

/** The answer to one of the transactions above. */
export function conditionalResult<Value>(
  { succeeded, revision, responses }: TxnOutcome,
  codec: ValueCodec<Value, never>,
): ConditionalResult<Value> {
  if (succeeded) {
    return { succeeded, revision };
  }
  const read = responses[0];
  return {
    succeeded,
    revision,
    current: read?.kind === "range" ? firstOf(read, codec) : undefined,
  };
}

function keyRange(key: Key): KeyRange {
  return { kind: "key", key };
}
