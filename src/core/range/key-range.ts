// Sets of keys that requests name: one key, or an interval in byte order.
import type { Key } from "../words.js";

export type KeyRange =
  | { readonly kind: "key"; readonly key: Key }
  /** start ≤ key < end; an `end` of null stands for no upper bound. */
  | { readonly kind: "interval"; readonly start: Key; readonly end: Key | null };

export const ALL_KEYS: KeyRange = { kind: "interval", start: "", end: null };

/** etcd's way to write a range: no end = one key; end "\0" = every key from `key` on; else [key, end). */
export function keyRangeFromWire(key: Key, rangeEnd: string): KeyRange {
  if (rangeEnd === "") {
    return { kind: "key", key };
  }
  return { kind: "interval", start: key, end: rangeEnd === "\0" ? null : rangeEnd };
}

export function rangeContains(range: KeyRange, key: Key): boolean {
  return range.kind === "key"
    ? key === range.key
    : key >= range.start && (range.end === null || key < range.end);
}

/** Whether no key can be in the range. */
export function rangeIsEmpty(range: KeyRange): boolean {
  return range.kind === "interval" && range.end !== null && range.end <= range.start;
}

/** Every key that starts with `prefix`; the empty prefix means all keys. */
export function prefixRange(prefix: Key): KeyRange {
  for (let i = prefix.length - 1; i >= 0; i -= 1) {
    const code = prefix.charCodeAt(i);
    if (code < 0xff) {
      return {
        kind: "interval",
        start: prefix,
        end: prefix.slice(0, i) + String.fromCharCode(code + 1),
      };
    }
  }
  return { kind: "interval", start: prefix, end: null };
}
