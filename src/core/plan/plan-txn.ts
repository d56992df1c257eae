// Transactions as etcd runs them: the conditions at every depth are decided first, against the state before; then the
// operations of the branches chosen run in order, each seeing what those before it wrote. All writes share one revision.
import { assert, unreachable } from "../../lib/assert.js";
import { compareBytes } from "../../lib/bytes.js";
import type {
  Command,
  Compare,
  Operation,
  OperationOutcome,
  PutOperation,
  RangeOperation,
  RangeOutcome,
  TxnOperation,
  TxnOutcome,
} from "../command.js";
import { deleteRange, draftRevision, put, viewThrough, type Draft } from "./draft.js";
import { leaseNotFoundError, nothingToKeepError } from "../errors.js";
import { compactedError, futureRevisionError, readRange } from "../range/range-read.js";
import type { Row } from "../row.js";
import { headOf, type PlanView, type RowHead } from "../view.js";
import { NO_LEASE, type Revision } from "../words.js";

/** The branch chosen for a transaction, and for each transaction within that branch in order. */
interface Choice {
  readonly succeeded: boolean;
  readonly operations: readonly Operation[];
  readonly nested: readonly Choice[];
}

/** Whether a transaction can write in no case. Such a one needs no plan: it is a read at what is committed. */
export function isReadOnly(txn: TxnOperation): boolean {
  const reads = (operation: Operation): boolean =>
    operation.kind === "range" || (operation.kind === "txn" && isReadOnly(operation));
  return txn.success.every(reads) && txn.failure.every(reads);
}

/** Whether a command may go over the keys of an interval in their order, in one of its branches. */
export function walksKeys(command: Command | Operation): boolean {
  switch (command.kind) {
    case "range":
    case "delete-range":
      return command.range.kind === "interval";
    case "txn":
      return (
        command.compares.some(({ range }) => range.kind === "interval") ||
        command.success.some(walksKeys) ||
        command.failure.some(walksKeys)
      );
    default:
      return false;
  }
}

/** Throws T4_KEY_NOT_FOUND, T4_LEASE_NOT_FOUND, T4_FUTURE_REVISION or T4_COMPACTED: then nothing is written. */
export function executeTxn(draft: Draft, txn: TxnOperation): TxnOutcome {
  const choice = choose(txn, draft.base);
  check(choice, draft.base);
  return execute(draft, choice);
}

function choose(txn: TxnOperation, view: PlanView): Choice {
  const succeeded = txn.compares.every((compare) => isSatisfied(compare, view));
  const operations = succeeded ? txn.success : txn.failure;
  const nested: Choice[] = [];
  for (const operation of operations) {
    if (operation.kind === "txn") {
      nested.push(choose(operation, view));
    }
  }
  return { succeeded, operations, nested };
}

/** What can be told to fail by the state before. The branches not chosen may ask for what they like. */
function check(choice: Choice, base: PlanView): void {
  let nestedAt = 0;
  for (const operation of choice.operations) {
    switch (operation.kind) {
      case "put":
        checkPut(operation, base);
        break;
      case "delete-range":
        break;
      case "range":
        checkRevision(operation.revision, base);
        break;
      case "txn":
        check(at(choice.nested, nestedAt), base);
        nestedAt += 1;
        break;
      default:
        unreachable(operation);
    }
  }
}

function checkPut({ key, lease, ignoreValue, ignoreLease }: PutOperation, base: PlanView): void {
  if ((ignoreValue || ignoreLease) && headOf(base, key, base.revision) === undefined) {
    throw nothingToKeepError();
  }
  if (lease !== NO_LEASE && !base.leaseExists(lease)) {
    throw leaseNotFoundError(lease);
  }
}

/** The transaction's own writes have no revision yet that could be asked for. */
function checkRevision(revision: number, base: PlanView): void {
  if (revision > base.revision) {
    throw futureRevisionError(revision, base.revision);
  }
  // etcd takes a negative revision for the current one, but here only what is not below the compact revision: -1, before
  // the first compaction.
  if (revision !== 0 && revision < base.compactRevision) {
    throw compactedError(revision, base.compactRevision);
  }
}

function execute(draft: Draft, choice: Choice): TxnOutcome {
  const responses: OperationOutcome[] = [];
  let nestedAt = 0;
  for (const operation of choice.operations) {
    switch (operation.kind) {
      case "put":
        responses.push(put(draft, operation));
        break;
      case "delete-range":
        responses.push(deleteRange(draft, operation));
        break;
      case "range":
        responses.push(range(draft, operation));
        break;
      case "txn":
        responses.push(execute(draft, at(choice.nested, nestedAt)));
        nestedAt += 1;
        break;
      default:
        unreachable(operation);
    }
  }
  return { kind: "txn", revision: draftRevision(draft), succeeded: choice.succeeded, responses };
}

function at(choices: readonly Choice[], index: number): Choice {
  const choice = choices[index];
  assert(choice !== undefined, "each nested transaction of a branch chosen has its choice");
  return choice;
}

function range(draft: Draft, operation: RangeOperation): RangeOutcome {
  const current = draftRevision(draft);
  return operation.revision > 0
    ? readRange(operation, draft.base, operation.revision as Revision, current)
    : readRange(operation, viewThrough(draft), current, current);
}

function isSatisfied(compare: Compare, view: PlanView): boolean {
  const { range: keys } = compare;
  if (keys.kind === "key") {
    if (compare.target === "value") {
      return valueSatisfies(compare.operand, compare, view.get(keys.key, view.revision));
    }
    return headSatisfies(compare, headOf(view, keys.key, view.revision));
  }
  const cursor = view.scan(keys, view.revision, false);
  try {
    if (!cursor.next()) {
      return headSatisfies(compare, undefined);
    }
    do {
      const satisfied =
        compare.target === "value"
          ? valueSatisfies(compare.operand, compare, cursor.row())
          : headSatisfies(compare, cursor.head);
      if (!satisfied) {
        return false;
      }
    } while (cursor.next());
    return true;
  } finally {
    cursor.close();
  }
}

/** A missing key has no value that could be compared, so that even "not equal" is false. */
function valueSatisfies(operand: Uint8Array, compare: Compare, row: Row | undefined): boolean {
  return row !== undefined && resultHolds(compare, compareBytes(row.value, operand));
}

/** A missing key compares as one with all numbers 0, and has no value. */
function headSatisfies(compare: Compare, head: RowHead | undefined): boolean {
  switch (compare.target) {
    case "version":
      return resultHolds(compare, order(head?.version ?? 0, compare.operand));
    case "create":
      return resultHolds(compare, order(head?.createRevision ?? 0, compare.operand));
    case "mod":
      return resultHolds(compare, order(head?.modRevision ?? 0, compare.operand));
    case "lease":
      return resultHolds(compare, order(head?.lease ?? NO_LEASE, compare.operand));
    case "value":
      return false;
    default:
      return unreachable(compare);
  }
}

function order<Value extends number | bigint>(left: Value, right: Value): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function resultHolds({ result }: Compare, ordering: number): boolean {
  switch (result) {
    case "equal":
      return ordering === 0;
    case "not-equal":
      return ordering !== 0;
    case "greater":
      return ordering > 0;
    case "less":
      return ordering < 0;
    default:
      return unreachable(result);
  }
}
