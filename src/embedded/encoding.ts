// How keys and values cross the line between the caller's types and bytes. Strings are UTF-8 outside and exist only
// there: inside, a key is its bytes (core/words.ts).
import { T4Error } from "../core/errors.js";
import type { Row } from "../core/row.js";
import type { Key } from "../core/words.js";
import { copyBytes, isAscii, latin1, latin1Bytes, utf8, utf8Bytes } from "../lib/bytes.js";

/** Text (taken as UTF-8) or bytes. */
export type Bytes = string | Uint8Array;

/** How values are read and written: as text, as JSON, or as bytes. */
export type ValueEncoding = "utf8" | "json" | "buffer";

export interface ValueCodec<Value, Input> {
  encode(value: Input): Uint8Array;
  /** A row's value. What it returns shares nothing with the row. */
  decode(row: Row): Value;
}

export const utf8Codec: ValueCodec<string, Bytes> = {
  encode: toBytes,
  decode: valueText,
};

export const bufferCodec: ValueCodec<Uint8Array, Bytes> = {
  encode: toBytes,
  decode: (row) => copyBytes(row.value),
};

export const jsonCodec: ValueCodec<unknown, unknown> = {
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) {
      throw new T4Error("T4_INVALID_ARGUMENT", "a value of this type has no form in JSON");
    }
    return utf8Bytes(text);
  },
  decode(row) {
    const text = valueText(row);
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new T4Error("T4_INVALID_ARGUMENT", "a stored value is no JSON", { cause });
    }
  },
};

function valueText({ buffer, valueStart, valueEnd }: Row): string {
  return utf8(buffer, valueStart, valueEnd);
}

function toBytes(value: Bytes): Uint8Array {
  if (typeof value === "string") {
    return utf8Bytes(value);
  }
  assertIsBytes(value, "a value");
  return value;
}

/** The key's bytes as the core has them. Throws T4_KEY_EMPTY, and T4_INVALID_ARGUMENT for text that is not Unicode. */
export function encodeKey(key: Bytes): Key {
  const encoded = encodeKeyPart(key);
  if (encoded === "") {
    throw new T4Error("T4_KEY_EMPTY", "a key has no bytes");
  }
  return encoded;
}

/** As `encodeKey`, for a prefix: it may be empty. */
export function encodeKeyPart(key: Bytes): Key {
  if (typeof key !== "string") {
    assertIsBytes(key, "a key");
    return latin1(key, 0, key.length);
  }
  if (isAscii(key)) {
    return key;
  }
  const bytes = utf8Bytes(key);
  if (utf8(bytes, 0, bytes.length) !== key) {
    throw new T4Error("T4_INVALID_ARGUMENT", "a key has half a surrogate pair: it has no UTF-8");
  }
  return latin1(bytes, 0, bytes.length);
}

/** The key as text. */
export function decodeKey(key: Key): string {
  if (isAscii(key)) {
    return key;
  }
  const bytes = latin1Bytes(key);
  return utf8(bytes, 0, bytes.length);
}

/** Callers in JavaScript may pass anything. */
function assertIsBytes(value: unknown, what: string): void {
  if (!(value instanceof Uint8Array)) {
    throw new T4Error("T4_INVALID_ARGUMENT", `${what} must be a string or a Uint8Array`);
  }
}
