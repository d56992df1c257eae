// The arguments that many calls share: sets of keys, and numbers checked before they reach the core.
import { T4Error } from "../core/errors.js";
import { prefixRange, type KeyRange } from "../core/range/key-range.js";
import { encodeKey, encodeKeyPart, type Bytes } from "./encoding.js";

/**
 * A set of keys: those with a prefix (all keys: the empty one), of these those after a key, one key alone, or those from
 * `start` up to but not including `end` (without `end`: all from `start` on). Order is that of bytes.
 */
export type KeySelector =
  | {
      readonly prefix: Bytes;
      /** Only keys behind this one: the next page of a listing. */
      readonly after?: Bytes;
      readonly key?: never;
      readonly start?: never;
      readonly end?: never;
    }
  | {
      readonly key: Bytes;
      readonly prefix?: never;
      readonly after?: never;
      readonly start?: never;
      readonly end?: never;
    }
  | {
      readonly start: Bytes;
      readonly end?: Bytes;
      readonly prefix?: never;
      readonly after?: never;
      readonly key?: never;
    };

/** The first key there can be: "all keys" starts here, because a range never starts with the empty key. */
const firstKey = "\0";

/** Text or bytes alone stand for a prefix. Throws T4_KEY_EMPTY and T4_INVALID_ARGUMENT. */
export function selectedRange(keys: Bytes | KeySelector): KeyRange {
  if (typeof keys === "string" || keys instanceof Uint8Array) {
    return rangeOfPrefix(keys, undefined);
  }
  if (keys.key !== undefined) {
    return { kind: "key", key: encodeKey(keys.key) };
  }
  if (keys.prefix !== undefined) {
    return rangeOfPrefix(keys.prefix, keys.after);
  }
  const end = keys.end === undefined ? null : encodeKey(keys.end);
  return { kind: "interval", start: encodeKey(keys.start), end };
}

function rangeOfPrefix(prefix: Bytes, after: Bytes | undefined): KeyRange {
  const range = prefixRange(encodeKeyPart(prefix));
  if (range.kind === "key") {
    return range;
  }
  const behind = after === undefined ? "" : `${encodeKey(after)}\0`;
  const start = range.start === "" ? firstKey : range.start;
  return { kind: "interval", start: behind > start ? behind : start, end: range.end };
}

/** `value`, or `fallback` if it is not given. Throws T4_INVALID_ARGUMENT unless it is a whole number ≥ `min`. */
export function wholeNumber(
  name: string,
  value: number | undefined,
  min: number,
  fallback: number,
): number {
  if (value === undefined) {
    return fallback;
  }
  if (!Number.isSafeInteger(value) || value < min) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `${name} must be a whole number of at least ${min}, not ${String(value)}`,
    );
  }
  return value;
}
