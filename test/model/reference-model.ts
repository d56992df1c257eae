// What etcd does, written the plain way: a copy of all keys for each revision, and no cleverness. The oracle of tests;
// it shares nothing with the code it judges but the shape of commands.
import type {
  Command,
  Compare,
  Operation,
  PutOperation,
  RangeOperation,
  TxnOperation,
} from "../../src/core/command.js";
import type { KeyRange } from "../../src/core/range/key-range.js";

export interface ModelRow {
  readonly key: string;
  readonly value: string;
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  readonly lease: bigint;
}

export interface ModelEvent {
  readonly revision: number;
  readonly key: string;
  /** Null for a delete. */
  readonly row: ModelRow | null;
}

/** An answer in plain data; `comparable` in compare-with-model.ts brings the real one into this form. */
export type ModelOutcome = Readonly<Record<string, unknown>>;

export class ModelError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

type State = ReadonlyMap<string, ModelRow>;

export class ReferenceModel {
  revision = 1;
  compactRevision = -1;
  readonly states: State[] = [new Map(), new Map()];
  readonly events: ModelEvent[] = [];
  readonly leases: Map<bigint, number> = new Map();

  get state(): State {
    return this.states[this.revision] ?? new Map<string, ModelRow>();
  }

  run(command: Command): ModelOutcome {
    switch (command.kind) {
      case "put":
        if (command.lease !== 0n && !this.leases.has(command.lease)) {
          throw new ModelError("T4_LEASE_NOT_FOUND");
        }
        return this.#write((work) => work.put(command));
      case "delete-range":
        return this.#write((work) => work.deleteRange(command.range, command.prevKv));
      case "txn":
        return this.#write((work) => {
          const path: boolean[] = [];
          this.#choose(command, path);
          this.#check(command, [...path]);
          return this.#execute(command, path, work);
        });
      case "compact":
        if (command.revision <= this.compactRevision) {
          throw new ModelError("T4_COMPACTED");
        }
        if (command.revision > this.revision) {
          throw new ModelError("T4_FUTURE_REVISION");
        }
        this.compactRevision = command.revision;
        return { kind: "compact", revision: this.revision };
      case "auth":
        throw new Error("auth has a model of its own");
      case "lease-grant": {
        if (command.ttlSeconds > 9_000_000_000) {
          throw new ModelError("T4_LEASE_TTL_TOO_LARGE");
        }
        if (this.leases.has(command.lease)) {
          throw new ModelError("T4_LEASE_EXISTS");
        }
        const ttlSeconds = command.ttlSeconds < 2 ? 2 : command.ttlSeconds;
        this.leases.set(command.lease, ttlSeconds);
        return { kind: "lease-grant", revision: this.revision, lease: command.lease, ttlSeconds };
      }
      case "lease-revoke": {
        if (!this.leases.delete(command.lease)) {
          throw new ModelError("T4_LEASE_NOT_FOUND");
        }
        const all: KeyRange = { kind: "interval", start: "", end: null };
        const keys = rowsIn(all, this.state).filter((row) => row.lease === command.lease);
        this.#write((work) => {
          for (const { key } of keys) {
            work.deleteRange({ kind: "key", key }, false);
          }
          return {};
        });
        return { kind: "lease-revoke", revision: this.revision };
      }
      case "alarm":
      case "downgrade":
        throw new Error("alarms and downgrades are not modelled");
    }
  }

  /** A read outside a transaction. */
  read(operation: RangeOperation): ModelOutcome {
    if (operation.revision > this.revision) {
      throw new ModelError("T4_FUTURE_REVISION");
    }
    if (operation.revision > 0 && operation.revision < this.compactRevision) {
      throw new ModelError("T4_COMPACTED");
    }
    const state = operation.revision > 0 ? this.states[operation.revision] : this.state;
    return answerRange(operation, state ?? new Map<string, ModelRow>(), this.revision);
  }

  #write(run: (work: Work) => ModelOutcome): ModelOutcome {
    const work = new Work(this.state, this.revision);
    const outcome = run(work);
    if (work.events.length > 0) {
      this.revision += 1;
      this.states[this.revision] = work.state;
      this.events.push(...work.events);
    }
    return outcome;
  }

  #choose(txn: TxnOperation, path: boolean[]): void {
    const succeeded = txn.compares.every((compare) => holds(compare, this.state));
    path.push(succeeded);
    for (const operation of succeeded ? txn.success : txn.failure) {
      if (operation.kind === "txn") {
        this.#choose(operation, path);
      }
    }
  }

  #check(txn: TxnOperation, path: boolean[]): void {
    for (const operation of path.shift() === true ? txn.success : txn.failure) {
      if (operation.kind === "txn") {
        this.#check(operation, path);
      } else if (operation.kind === "range" && operation.revision !== 0) {
        if (operation.revision > this.revision) {
          throw new ModelError("T4_FUTURE_REVISION");
        }
        if (operation.revision < this.compactRevision) {
          throw new ModelError("T4_COMPACTED");
        }
      } else if (operation.kind === "put") {
        if ((operation.ignoreValue || operation.ignoreLease) && !this.state.has(operation.key)) {
          throw new ModelError("T4_KEY_NOT_FOUND");
        }
        if (operation.lease !== 0n && !this.leases.has(operation.lease)) {
          throw new ModelError("T4_LEASE_NOT_FOUND");
        }
      }
    }
  }

  #execute(txn: TxnOperation, path: boolean[], work: Work): ModelOutcome {
    const succeeded = path.shift() === true;
    const responses = (succeeded ? txn.success : txn.failure).map((operation: Operation) => {
      switch (operation.kind) {
        case "put":
          return work.put(operation);
        case "delete-range":
          return work.deleteRange(operation.range, operation.prevKv);
        case "range": {
          const state = operation.revision > 0 ? this.states[operation.revision] : work.state;
          return answerRange(operation, state ?? new Map<string, ModelRow>(), work.current);
        }
        case "txn":
          return this.#execute(operation, path, work);
      }
    });
    return { kind: "txn", revision: work.current, succeeded, responses };
  }
}

/** One revision in the making. */
class Work {
  readonly state: Map<string, ModelRow>;
  readonly events: ModelEvent[] = [];
  readonly #before: number;

  constructor(state: State, revision: number) {
    this.state = new Map(state);
    this.#before = revision;
  }

  get current(): number {
    return this.events.length === 0 ? this.#before : this.#before + 1;
  }

  put(operation: PutOperation): ModelOutcome {
    const old = this.state.get(operation.key);
    if (old === undefined && (operation.ignoreValue || operation.ignoreLease)) {
      throw new ModelError("T4_KEY_NOT_FOUND");
    }
    const revision = this.#before + 1;
    const row: ModelRow = {
      key: operation.key,
      value: operation.ignoreValue
        ? (old?.value ?? "")
        : Buffer.from(operation.value).toString("hex"),
      create: old?.create ?? revision,
      mod: revision,
      version: (old?.version ?? 0) + 1,
      lease: operation.ignoreLease ? (old?.lease ?? 0n) : operation.lease,
    };
    this.state.set(operation.key, row);
    this.events.push({ revision, key: operation.key, row });
    return { kind: "put", revision, previous: operation.prevKv ? (old ?? null) : null };
  }

  deleteRange(range: KeyRange, prevKv: boolean): ModelOutcome {
    const rows = rowsIn(range, this.state);
    for (const { key } of rows) {
      this.state.delete(key);
      this.events.push({ revision: this.#before + 1, key, row: null });
    }
    return {
      kind: "delete-range",
      revision: this.current,
      deleted: rows.length,
      previous: prevKv ? rows : [],
    };
  }
}

function rowsIn(range: KeyRange, state: State): ModelRow[] {
  const rows = [...state.values()].sort((a, b) =>
    Buffer.compare(Buffer.from(a.key, "latin1"), Buffer.from(b.key, "latin1")),
  );
  return range.kind === "key"
    ? rows.filter((row) => row.key === range.key)
    : rows.filter((row) => row.key >= range.start && (range.end === null || row.key < range.end));
}

function answerRange(operation: RangeOperation, state: State, current: number): ModelOutcome {
  const all = rowsIn(operation.range, state);
  const { limit, sort, keysOnly } = operation;
  let rows = operation.countOnly ? [] : all;
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = operation;
  const filters = [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision];
  if (limit > 0 && sort?.limitFirst === true && filters.every((bound) => bound === 0)) {
    rows = rows.slice(0, limit + 1);
  }
  rows = rows.filter(
    (row) =>
      !(maxModRevision !== 0 && row.mod > maxModRevision) &&
      !(minModRevision !== 0 && row.mod < minModRevision) &&
      !(maxCreateRevision !== 0 && row.create > maxCreateRevision) &&
      !(minCreateRevision !== 0 && row.create < minCreateRevision),
  );
  if (sort !== null) {
    const { target } = sort;
    const ascending = (a: ModelRow, b: ModelRow): number => (a[target] < b[target] ? -1 : 1);
    rows = rows.toSorted((a, b) => {
      if (a[target] === b[target]) {
        return 0;
      }
      return sort.descending ? ascending(b, a) : ascending(a, b);
    });
  }
  const more = limit > 0 && rows.length > limit;
  return {
    kind: "range",
    revision: current,
    rows: (more ? rows.slice(0, limit) : rows).map((row) =>
      keysOnly ? { ...row, value: "" } : row,
    ),
    keysOnly,
    count: all.length,
    more,
  };
}

function holds(compare: Compare, state: State): boolean {
  const rows = rowsIn(compare.range, state);
  if (rows.length === 0 && compare.target === "value") {
    return false;
  }
  const nothing: ModelRow = { key: "", value: "", create: 0, mod: 0, version: 0, lease: 0n };
  return (rows.length === 0 ? [nothing] : rows).every((row) => {
    const operand =
      compare.target === "value" ? Buffer.from(compare.operand).toString("hex") : compare.operand;
    const actual = row[compare.target];
    switch (compare.result) {
      case "equal":
        return actual === operand;
      case "not-equal":
        return actual !== operand;
      case "greater":
        return actual > operand;
      case "less":
        return actual < operand;
    }
  });
}
