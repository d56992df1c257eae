// What can be wrong with a request in itself, whatever the state: checked before it is authorised or planned, in etcd's
// order, because clients are told of the first thing found.
// The rule about duplicate keys is etcd's own to the letter, with what it lets pass (checkIntervals in etcd's
// server/etcdserver/api/v3rpc/key.go): a put in one nested transaction and a delete of that key in a later one, and a
// delete without an upper bound together with a put. Both have a meaning: operations run in order.
import { unreachable } from "../lib/assert.js";
import type {
  DeleteRangeOperation,
  Operation,
  PutOperation,
  RangeOperation,
  TxnOperation,
} from "./command.js";
import { T4Error } from "./errors.js";
import type { KeyRange } from "./range/key-range.js";
import { TXN_OPERATIONS_MAX } from "./limits.js";
import { NO_LEASE, type Key } from "./words.js";

/** Throws T4_KEY_EMPTY. */
export function validateRange(operation: RangeOperation): void {
  checkRangeKey(operation.range);
}

/** Throws T4_KEY_EMPTY, T4_VALUE_PROVIDED, T4_LEASE_PROVIDED. */
export function validatePut(operation: PutOperation): void {
  if (operation.key === "") {
    throw keyEmpty();
  }
  if (operation.ignoreValue && operation.value.length > 0) {
    throw new T4Error("T4_VALUE_PROVIDED", "ignoreValue keeps the old value, but one is given");
  }
  if (operation.ignoreLease && operation.lease !== NO_LEASE) {
    throw new T4Error("T4_LEASE_PROVIDED", "ignoreLease keeps the old lease, but one is given");
  }
}

/** Throws T4_KEY_EMPTY. */
export function validateDeleteRange(operation: DeleteRangeOperation): void {
  checkRangeKey(operation.range);
}

/**
 * Throws T4_TOO_MANY_OPERATIONS, T4_DUPLICATE_KEY and what the operations' own checks throw. The longest of the three
 * lists counts against `operationsMax`, and nested transactions share what it leaves over.
 */
export function validateTxn(txn: TxnOperation, operationsMax: number = TXN_OPERATIONS_MAX): void {
  checkTxnForm(txn, operationsMax);
  // Only after the lists are known to be short.
  writesOf(txn.success);
  writesOf(txn.failure);
}

function checkTxnForm(txn: TxnOperation, operationsMax: number): void {
  const { compares, success, failure } = txn;
  const operations = Math.max(compares.length, success.length, failure.length);
  if (operations > operationsMax) {
    throw new T4Error(
      "T4_TOO_MANY_OPERATIONS",
      `a transaction has ${operations} conditions or operations in one list; ${operationsMax} are allowed here`,
    );
  }
  for (const compare of compares) {
    checkRangeKey(compare.range);
  }
  for (const operation of success) {
    checkOperation(operation, operationsMax - operations);
  }
  for (const operation of failure) {
    checkOperation(operation, operationsMax - operations);
  }
}

function checkOperation(operation: Operation, nestedOperationsMax: number): void {
  switch (operation.kind) {
    case "range":
      validateRange(operation);
      break;
    case "put":
      validatePut(operation);
      break;
    case "delete-range":
      validateDeleteRange(operation);
      break;
    case "txn":
      checkTxnForm(operation, nestedOperationsMax);
      break;
    default:
      unreachable(operation);
  }
}

/** No range starts with the empty key: on the wire it means that none is given, and the first key there can be is "\0". */
function checkRangeKey(range: KeyRange): void {
  if ((range.kind === "key" ? range.key : range.start) === "") {
    throw keyEmpty();
  }
}

function keyEmpty(): T4Error {
  return new T4Error("T4_KEY_EMPTY", "a key has no bytes");
}

interface Writes {
  readonly puts: Set<Key>;
  readonly deletes: Intervals;
}

/** The keys that a list of operations may write. Throws T4_DUPLICATE_KEY if two of them may write one key. */
function writesOf(operations: readonly Operation[]): Writes {
  let puts = new Set<Key>();
  const deletes = new Intervals();
  for (const operation of operations) {
    if (operation.kind === "delete-range") {
      deletes.add(operation.range);
    }
  }
  for (const operation of operations) {
    if (operation.kind !== "txn") {
      continue;
    }
    // One of the branches runs, so what both write is no duplicate.
    const then = writesOf(operation.success);
    const otherwise = writesOf(operation.failure);
    const nested = union(then.puts, otherwise.puts);
    const [smaller, larger] = nested.size < puts.size ? [nested, puts] : [puts, nested];
    for (const key of smaller) {
      if (larger.has(key)) {
        throw duplicateKey();
      }
    }
    for (const key of nested) {
      if (deletes.has(key)) {
        throw duplicateKey();
      }
    }
    puts = union(puts, nested);
    deletes.addAll(then.deletes);
    deletes.addAll(otherwise.deletes);
  }
  for (const operation of operations) {
    if (operation.kind !== "put") {
      continue;
    }
    if (puts.has(operation.key) || deletes.has(operation.key)) {
      throw duplicateKey();
    }
    puts.add(operation.key);
  }
  return { puts, deletes };
}

function duplicateKey(): T4Error {
  return new T4Error("T4_DUPLICATE_KEY", "a transaction may write one key twice");
}

/** Adds the smaller set to the larger, so that deep nesting does not copy a large set at each level. */
function union(left: Set<Key>, right: Set<Key>): Set<Key> {
  const [smaller, larger] = left.size < right.size ? [left, right] : [right, left];
  for (const key of smaller) {
    larger.add(key);
  }
  return larger;
}

interface Interval {
  readonly start: Key;
  readonly end: Key;
}

/** A set of keys given by intervals: sorted and disjoint when it is looked at. */
class Intervals {
  #intervals: Interval[] = [];
  #isSorted = true;

  add(range: KeyRange): void {
    if (range.kind === "key") {
      this.#push({ start: range.key, end: `${range.key}\0` });
    } else if (range.end !== null && range.start < range.end) {
      // An interval without an end is written with the end "\0", below every start: etcd never finds a key in it.
      this.#push({ start: range.start, end: range.end });
    }
  }

  addAll(others: Intervals): void {
    for (const interval of others.#intervals) {
      this.#push(interval);
    }
  }

  has(key: Key): boolean {
    this.#sort();
    // The last interval that starts at or before the key.
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#intervals[middle]?.start ?? "") <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const found = this.#intervals[low - 1];
    return found !== undefined && key < found.end;
  }

  #push(interval: Interval): void {
    this.#intervals.push(interval);
    this.#isSorted = false;
  }

  #sort(): void {
    if (this.#isSorted) {
      return;
    }
    this.#intervals.sort((left, right) => (left.start < right.start ? -1 : 1));
    const disjoint: Interval[] = [];
    for (const interval of this.#intervals) {
      const last = disjoint.at(-1);
      if (last !== undefined && interval.start <= last.end) {
        disjoint[disjoint.length - 1] = {
          start: last.start,
          end: last.end < interval.end ? interval.end : last.end,
        };
      } else {
        disjoint.push(interval);
      }
    }
    this.#intervals = disjoint;
    this.#isSorted = true;
  }
}
