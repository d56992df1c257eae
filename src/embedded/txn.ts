// Transactions as data: conditions made by `compare`, operations made by `op`, and answers whose types follow from the
// operations.
import type { Bytes } from "./encoding.js";
import type { KeySelector } from "./arguments.js";
import type { KeyInfo, KeyValue } from "./key-value.js";
import type {
  DeleteOptions,
  KeepValueOptions,
  ListOptions,
  PutValueOptions,
  ReadOptions,
} from "./operations.js";

export type ConditionResult = "equal" | "not-equal" | "greater" | "less";

/** What must hold of a key, or of every key of a set, for a transaction to take its `then` branch. */
export type Condition<Input> = {
  /** Text or bytes alone name one key. */
  readonly keys: Bytes | KeySelector;
  readonly result: ConditionResult;
} & (
  | { readonly target: "version" | "create" | "mod"; readonly operand: number }
  | { readonly target: "lease"; readonly operand: bigint }
  | { readonly target: "value"; readonly operand: Input }
);

/** The ways to compare one thing known of a key. */
export interface Comparisons<Operand, Made> {
  equals(operand: Operand): Made;
  notEquals(operand: Operand): Made;
  greaterThan(operand: Operand): Made;
  lessThan(operand: Operand): Made;
}

/** The ways to compare a value: by its bytes, as they are stored. */
export interface ValueComparisons {
  equals<Input>(operand: Input): Condition<Input>;
  notEquals<Input>(operand: Input): Condition<Input>;
  greaterThan<Input>(operand: Input): Condition<Input>;
  lessThan<Input>(operand: Input): Condition<Input>;
}

function numbers(
  keys: Bytes | KeySelector,
  target: "version" | "create" | "mod",
): Comparisons<number, Condition<never>> {
  return {
    equals: (operand) => ({ keys, target, result: "equal", operand }),
    notEquals: (operand) => ({ keys, target, result: "not-equal", operand }),
    greaterThan: (operand) => ({ keys, target, result: "greater", operand }),
    lessThan: (operand) => ({ keys, target, result: "less", operand }),
  };
}

/**
 * Makes conditions. A key that does not exist has version, revisions and lease 0, and no value: conditions on its value
 * are false, even `notEquals`. On a set of keys, a condition must hold for each; of an empty set, as for a missing key.
 *
 * @example
 * compare.version("config/theme").equals(0) // the key does not exist
 * compare.modRevision({ prefix: "config/" }).lessThan(42) // nothing under config/ changed since revision 41
 */
export const compare: {
  readonly exists: (key: Bytes) => Condition<never>;
  readonly missing: (key: Bytes) => Condition<never>;
  /** How often the key was written since it was created. */
  readonly version: (keys: Bytes | KeySelector) => Comparisons<number, Condition<never>>;
  readonly createRevision: (keys: Bytes | KeySelector) => Comparisons<number, Condition<never>>;
  readonly modRevision: (keys: Bytes | KeySelector) => Comparisons<number, Condition<never>>;
  readonly lease: (keys: Bytes | KeySelector) => Comparisons<bigint, Condition<never>>;
  readonly value: (keys: Bytes | KeySelector) => ValueComparisons;
} = {
  exists: (key) => numbers(key, "version").greaterThan(0),
  missing: (key) => numbers(key, "version").equals(0),
  version: (keys) => numbers(keys, "version"),
  createRevision: (keys) => numbers(keys, "create"),
  modRevision: (keys) => numbers(keys, "mod"),
  lease: (keys) => ({
    equals: (operand) => ({ keys, target: "lease", result: "equal", operand }),
    notEquals: (operand) => ({ keys, target: "lease", result: "not-equal", operand }),
    greaterThan: (operand) => ({ keys, target: "lease", result: "greater", operand }),
    lessThan: (operand) => ({ keys, target: "lease", result: "less", operand }),
  }),
  value: (keys) => ({
    equals: (operand) => ({ keys, target: "value", result: "equal", operand }),
    notEquals: (operand) => ({ keys, target: "value", result: "not-equal", operand }),
    greaterThan: (operand) => ({ keys, target: "value", result: "greater", operand }),
    lessThan: (operand) => ({ keys, target: "value", result: "less", operand }),
  }),
};

export interface PutOp<Input> {
  readonly kind: "put";
  readonly key: Bytes;
  readonly value: Input | undefined;
  readonly options: PutValueOptions | KeepValueOptions;
}

export interface DeleteOp {
  readonly kind: "delete";
  readonly keys: KeySelector;
  readonly options: DeleteOptions;
}

export interface GetOp {
  readonly kind: "get";
  readonly key: Bytes;
  readonly options: ReadOptions;
}

export interface ListOp<KeysOnly extends boolean = boolean> {
  readonly kind: "list";
  readonly keys: Bytes | KeySelector;
  readonly options: ListOptions & { readonly keysOnly?: KeysOnly };
}

export interface CountOp {
  readonly kind: "count";
  readonly keys: Bytes | KeySelector;
  readonly options: ReadOptions;
}

/** A transaction within a transaction. Its conditions, too, are about the state before the outermost one. */
export interface TxnOp<
  Input,
  Then extends Ops<Input> = Ops<Input>,
  Else extends Ops<Input> = Ops<Input>,
> extends TxnRequest<Input, Then, Else> {
  readonly kind: "txn";
}

export type Op<Input> = PutOp<Input> | DeleteOp | GetOp | ListOp | CountOp | TxnOp<Input>;
export type Ops<Input> = readonly Op<Input>[];

/** If every condition holds, the operations of `then` run, otherwise those of `else`: all of them, in order, at once. */
export interface TxnRequest<
  Input,
  Then extends Ops<Input> = Ops<Input>,
  Else extends Ops<Input> = Ops<Input>,
> {
  readonly if?: readonly Condition<Input>[];
  readonly then?: Then;
  readonly else?: Else;
}

function put<const Input>(key: Bytes, value: Input, options?: PutValueOptions): PutOp<Input>;
function put(key: Bytes, value: undefined, options: KeepValueOptions): PutOp<never>;
function put<Input>(
  key: Bytes,
  value: Input | undefined,
  options: PutValueOptions | KeepValueOptions = {},
): PutOp<Input> {
  return { kind: "put", key, value, options };
}

function list(
  keys: Bytes | KeySelector,
  options: ListOptions & { readonly keysOnly: true },
): ListOp<true>;
function list(
  keys: Bytes | KeySelector,
  options?: ListOptions & { readonly keysOnly?: false },
): ListOp<false>;
function list(keys: Bytes | KeySelector, options: ListOptions = {}): ListOp {
  return { kind: "list", keys, options };
}

function txn<Input, const Then extends Ops<Input> = [], const Else extends Ops<Input> = []>(
  request: TxnRequest<Input, Then, Else>,
): TxnOp<Input, Then, Else> {
  return { kind: "txn", ...request };
}

/**
 * Makes operations for `db.txn`: the same verbs, options and answers as the calls of `Db`.
 *
 * @example
 * op.put("config/theme", "dark", { prevKv: true })
 * op.list("config/", { limit: 10 })
 */
export const op: {
  readonly put: typeof put;
  readonly delete: (key: Bytes, options?: DeleteOptions) => DeleteOp;
  readonly deleteRange: (keys: KeySelector, options?: DeleteOptions) => DeleteOp;
  readonly get: (key: Bytes, options?: ReadOptions) => GetOp;
  readonly list: typeof list;
  readonly count: (keys: Bytes | KeySelector, options?: ReadOptions) => CountOp;
  readonly txn: typeof txn;
} = {
  put,
  delete: (key, options = {}) => ({ kind: "delete", keys: { key }, options }),
  deleteRange: (keys, options = {}) => ({ kind: "delete", keys, options }),
  get: (key, options = {}) => ({ kind: "get", key, options }),
  list,
  count: (keys, options = {}) => ({ kind: "count", keys, options }),
  txn,
};

export interface PutResult<Value> {
  /** The revision that this put made. */
  readonly revision: number;
  /** What was there before, if `prevKv` asked for it and there was something. */
  readonly previous: KeyValue<Value> | undefined;
}

export interface DeleteResult<Value> {
  /** The revision that this delete made, or the current one if there was nothing to delete. */
  readonly revision: number;
  /** How many keys were deleted. */
  readonly deleted: number;
  /** What was deleted, in order of keys, if `prevKv` asked for it. */
  readonly previous: readonly KeyValue<Value>[];
}

export interface ListResult<Item> {
  /** The revision of the store when this was read: pass it on to read the next page of the same state. */
  readonly revision: number;
  readonly items: readonly Item[];
  /** How many keys there are, whatever `limit` says. */
  readonly count: number;
  /** Whether `limit` left some out. */
  readonly more: boolean;
}

/** The answer to one operation of a transaction. */
export type OpResult<Operation, Value> =
  Operation extends PutOp<unknown>
    ? PutResult<Value>
    : Operation extends DeleteOp
      ? DeleteResult<Value>
      : Operation extends GetOp
        ? KeyValue<Value> | undefined
        : Operation extends ListOp<infer KeysOnly>
          ? ListResult<KeysOnly extends true ? KeyInfo : KeyValue<Value>>
          : Operation extends CountOp
            ? number
            : Operation extends TxnOp<unknown, infer Then, infer Else>
              ? TxnResult<Then, Else, Value>
              : never;

/** The answers to a list of operations, each in its place. */
export type OpResults<Operations extends readonly unknown[], Value> = {
  readonly [Place in keyof Operations]: OpResult<Operations[Place], Value>;
};

/** Which branch ran, and the answers to its operations. */
export type TxnResult<Then extends readonly unknown[], Else extends readonly unknown[], Value> =
  | {
      readonly succeeded: true;
      /** The revision that its writes share, or the current one if it wrote nothing. */
      readonly revision: number;
      readonly responses: OpResults<Then, Value>;
    }
  | {
      readonly succeeded: false;
      readonly revision: number;
      readonly responses: OpResults<Else, Value>;
    };
