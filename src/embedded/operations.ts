// From what callers write to the operations of the core. Every option has its check and its default here, for single
// calls and for transactions alike.
import {
  PutCommand,
  type DeleteRangeOperation,
  type PutOperation,
  type RangeOperation,
} from "../core/command.js";
import { T4Error } from "../core/errors.js";
import type { KeyRange } from "../core/range/key-range.js";
import { REQUEST_BYTES_MAX } from "../core/limits.js";
import { NO_LEASE } from "../core/words.js";
import { wholeNumber } from "./arguments.js";
import { encodeKey, type Bytes, type ValueCodec } from "./encoding.js";

/** How a put treats the lease, and what it answers. */
export type PutOptions = {
  /** Also answer with what was there before. */
  readonly prevKv?: boolean;
} & (
  | {
      /** The lease that the key goes with from now on; without one it stays until it is deleted. */
      readonly lease?: bigint;
      readonly ignoreLease?: false;
    }
  | {
      /** Keep the lease that the key has. The key must exist. */
      readonly ignoreLease: true;
      readonly lease?: never;
    }
);

/** A put of a new value. */
export type PutValueOptions = PutOptions & { readonly ignoreValue?: false };

/** A put that keeps the value and changes only the lease (and the version). The key must exist. */
export type KeepValueOptions = PutOptions & { readonly ignoreValue: true };

export interface DeleteOptions {
  /** Also answer with what was deleted. */
  readonly prevKv?: boolean;
}

export interface ReadOptions {
  /** Read the past: any revision from the compact revision to the current one. */
  readonly revision?: number;
}

export interface ListOptions extends ReadOptions {
  /** Return at most so many keys; `more` and `count` tell of the rest. */
  readonly limit?: number;
  /** From the last key to the first. */
  readonly reverse?: boolean;
  /** Leave the values out: they are not even read. */
  readonly keysOnly?: boolean;
}

/** Throws T4_KEY_EMPTY, T4_VALUE_PROVIDED, T4_LEASE_PROVIDED and T4_INVALID_ARGUMENT. */
export function putOperation<Input>(
  codec: ValueCodec<unknown, Input>,
  key: Bytes,
  value: Input | undefined,
  options: PutValueOptions | KeepValueOptions = {},
): PutOperation {
  const { lease = NO_LEASE, prevKv = false, ignoreLease = false, ignoreValue = false } = options;
  if (ignoreValue && value !== undefined) {
    throw new T4Error("T4_VALUE_PROVIDED", "ignoreValue keeps the old value, but one is given");
  }
  if (ignoreLease && options.lease !== undefined) {
    throw new T4Error("T4_LEASE_PROVIDED", "ignoreLease keeps the old lease, but one is given");
  }
  return new PutCommand(
    encodeKey(key),
    // Without ignoreValue the types ask for a value; the codec refuses what is none.
    ignoreValue ? noValue : codec.encode(value as Input),
    checkLease(lease),
    prevKv,
    ignoreValue,
    ignoreLease,
  );
}

const noValue = new Uint8Array(0);

export function deleteOperation(
  range: KeyRange,
  options: DeleteOptions = {},
): DeleteRangeOperation {
  return { kind: "delete-range", range, prevKv: options.prevKv ?? false };
}

/** Throws T4_INVALID_ARGUMENT. */
export function rangeOperation(range: KeyRange, options: ListOptions = {}): RangeOperation {
  return {
    kind: "range",
    range,
    revision: wholeNumber("revision", options.revision, 1, 0),
    limit: wholeNumber("limit", options.limit, 1, 0),
    sort: options.reverse === true ? { target: "key", descending: true } : null,
    keysOnly: options.keysOnly ?? false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

/** Throws T4_INVALID_ARGUMENT for what is no 64-bit number. */
export function checkLease(lease: bigint): bigint {
  if (typeof lease !== "bigint" || BigInt.asIntN(64, lease) !== lease) {
    throw new T4Error("T4_INVALID_ARGUMENT", "a lease id is a bigint of 64 bits");
  }
  return lease;
}

/** Throws T4_REQUEST_TOO_LARGE: one large write would hold up every other. */
export function checkSize(bytes: number): void {
  if (bytes > REQUEST_BYTES_MAX) {
    throw new T4Error(
      "T4_REQUEST_TOO_LARGE",
      `a request of ${bytes} bytes is above the limit of ${REQUEST_BYTES_MAX}`,
    );
  }
}
