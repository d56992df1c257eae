// Reads, as etcd answers them: from a request and a view to the rows, the count and whether there are more. A long read
// runs in slices, so that its caller can let others run in between; it sees one revision throughout.
// Must never: touch a value that the answer does not show and its order does not need.
import { unreachable } from "../../lib/assert.js";
import { compareBytes } from "../../lib/bytes.js";
import { SlicedSort } from "../../lib/collections/sliced-sort.js";
import type { RangeOperation, RangeOutcome, SortTarget } from "../command.js";
import { T4Error } from "../errors.js";
import { makeRow, type Row } from "../row.js";
import { headOf, type ReadView, type RowCursor, type RowHead } from "../view.js";
import type { Key, Revision } from "../words.js";

const noRows: readonly Row[] = [];
const noValue = new Uint8Array(0);

/**
 * The revision at which a read runs that asks for `requested` (0 or less: the current one). Throws T4_FUTURE_REVISION
 * and T4_COMPACTED.
 */
export function resolveRevision(
  requested: number,
  current: Revision,
  compactRevision: Revision,
): Revision {
  if (requested <= 0) {
    return current;
  }
  if (requested > current) {
    throw futureRevisionError(requested, current);
  }
  if (requested < compactRevision) {
    throw compactedError(requested, compactRevision);
  }
  return requested as Revision;
}

export function futureRevisionError(requested: number, current: Revision): T4Error {
  return new T4Error(
    "T4_FUTURE_REVISION",
    `revision ${requested} has not happened yet: the store is at ${current}`,
  );
}

export function compactedError(requested: number, compactRevision: Revision): T4Error {
  return new T4Error(
    "T4_COMPACTED",
    `revision ${requested} is compacted: the oldest that can be read is ${compactRevision}`,
  );
}

/** The answer for one key: without a cursor, and with nothing made but the answer. */
export function readKey(
  operation: RangeOperation,
  key: Key,
  view: ReadView,
  at: Revision,
  current: Revision,
): RangeOutcome {
  const { keysOnly } = operation;
  let rows = noRows;
  let count = 0;
  if (operation.countOnly) {
    count = headOf(view, key, at) === undefined ? 0 : 1;
  } else {
    const row = keysOnly ? rowOfHead(headOf(view, key, at)) : view.get(key, at);
    if (row !== undefined) {
      count = 1;
      rows = !hasFilters(operation) || passesFilters(operation, row) ? [row] : noRows;
    }
  }
  return { kind: "range", revision: current, rows, keysOnly, count, more: false };
}

/** The whole answer at once. `at` is the revision to read, `current` the one to tell. */
export function readRange(
  operation: RangeOperation,
  view: ReadView,
  at: Revision,
  current: Revision,
): RangeOutcome {
  if (operation.range.kind === "key") {
    return readKey(operation, operation.range.key, view, at, current);
  }
  const read = new RangeRead(operation, view, at, current);
  try {
    while (!read.step(Infinity, Infinity)) {
      // One step does it all but the sorting.
    }
    return read.outcome;
  } finally {
    read.close();
  }
}

type Phase = "prepare" | "scan" | "sort" | "done";

/** A read of many keys, in slices. Close it when it is done or given up: it holds files open. */
export class RangeRead {
  readonly #operation: RangeOperation;
  readonly #current: Revision;
  readonly #cursor: RowCursor;
  readonly #filtered: boolean;
  /** Null where keys are walked in the order wanted. */
  readonly #sort: SlicedSort<Row> | null;
  /** Rows to make before only counting is left. */
  readonly #rowsMax: number;
  readonly #needsValues: boolean;
  #phase: Phase = "prepare";
  #rows: Row[] = [];
  #count = 0;
  /** Keys that pass the filters: how many rows there would be without a limit. */
  #passed = 0;

  constructor(operation: RangeOperation, view: ReadView, at: Revision, current: Revision) {
    const { limit, sort } = operation;
    const byKey = sort === null || sort.target === "key";
    this.#operation = operation;
    this.#current = current;
    this.#filtered = hasFilters(operation);
    this.#sort = byKey ? null : new SlicedSort(rowOrder(sort.target, sort.descending));
    this.#needsValues = !operation.keysOnly || sort?.target === "value";
    if (operation.countOnly) {
      this.#rowsMax = 0;
    } else if (limit <= 0) {
      this.#rowsMax = Infinity;
    } else if (byKey) {
      this.#rowsMax = limit;
    } else {
      this.#rowsMax = sort.limitFirst === true && !this.#filtered ? limit + 1 : Infinity;
    }
    this.#cursor = view.scan(operation.range, at, byKey && sort?.descending === true);
  }

  /**
   * Goes on for at most `rowsMax` keys, and stops early once about `bytesMax` bytes of rows were gathered. Returns
   * whether the outcome is ready.
   */
  step(rowsMax: number, bytesMax: number): boolean {
    if (this.#phase === "prepare") {
      if (rowsMax !== Infinity && this.#cursor.prepare?.() === false) {
        return false;
      }
      this.#phase = "scan";
    }
    if (this.#phase === "scan") {
      if (this.#scan(rowsMax, bytesMax)) {
        this.#phase = this.#sort === null ? "done" : "sort";
      }
    } else if (this.#phase === "sort" && this.#sort !== null && this.#sort.step(rowsMax)) {
      this.#rows = this.#sort.sorted;
      this.#phase = "done";
    }
    return this.#phase === "done";
  }

  /** Whether the end of the range was reached. */
  #scan(rowsMax: number, bytesMax: number): boolean {
    const cursor = this.#cursor;
    const gathered = this.#sort === null ? this.#rows : [];
    let atEnd = false;
    let bytes = 0;
    for (let visited = 0; visited < rowsMax && bytes < bytesMax; visited += 1) {
      if (!cursor.next()) {
        atEnd = true;
        break;
      }
      this.#count += 1;
      if (this.#filtered && !passesFilters(this.#operation, cursor.head)) {
        continue;
      }
      this.#passed += 1;
      if (this.#passed <= this.#rowsMax) {
        const row = this.#needsValues ? cursor.row() : rowOfHead(cursor.head);
        gathered.push(row);
        bytes += row.end - row.start;
      }
    }
    this.#sort?.addRun(gathered);
    return atEnd;
  }

  /** The answer, once `step` has returned true. */
  get outcome(): RangeOutcome {
    const { limit, countOnly, keysOnly } = this.#operation;
    const isCut = limit > 0 && this.#passed > limit;
    return {
      kind: "range",
      revision: this.#current,
      rows: isCut && this.#rows.length > limit ? this.#rows.slice(0, limit) : this.#rows,
      keysOnly,
      count: this.#count,
      more: isCut && !countOnly,
    };
  }

  close(): void {
    this.#cursor.close();
  }
}

function hasFilters(operation: RangeOperation): boolean {
  return (
    operation.minModRevision !== 0 ||
    operation.maxModRevision !== 0 ||
    operation.minCreateRevision !== 0 ||
    operation.maxCreateRevision !== 0
  );
}

function passesFilters(operation: RangeOperation, row: RowHead): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = operation;
  return (
    (minModRevision === 0 || row.modRevision >= minModRevision) &&
    (maxModRevision === 0 || row.modRevision <= maxModRevision) &&
    (minCreateRevision === 0 || row.createRevision >= minCreateRevision) &&
    (maxCreateRevision === 0 || row.createRevision <= maxCreateRevision)
  );
}

/** A row with everything but its value, which stays where it is. */
export function rowOfHead(head: RowHead): Row;
export function rowOfHead(head: RowHead | undefined): Row | undefined;
export function rowOfHead(head: RowHead | undefined): Row | undefined {
  return head === undefined
    ? undefined
    : makeRow(
        head.key,
        noValue,
        head.modRevision,
        head.subRevision,
        head.createRevision,
        head.version,
        head.lease,
      );
}

function rowOrder(target: SortTarget, descending: boolean): (left: Row, right: Row) => number {
  const sign = descending ? -1 : 1;
  switch (target) {
    case "key":
      return (left, right) => (left.key < right.key ? -sign : left.key > right.key ? sign : 0);
    case "version":
      return (left, right) => sign * (left.version - right.version);
    case "create":
      return (left, right) => sign * (left.createRevision - right.createRevision);
    case "mod":
      return (left, right) => sign * (left.modRevision - right.modRevision);
    case "value":
      return (left, right) => sign * compareBytes(left.value, right.value);
    default:
      return unreachable(target);
  }
}
