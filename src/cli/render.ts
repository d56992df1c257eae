// How keys, values and rows look on a terminal and as JSON. Bytes that are no UTF-8 survive both.
import { latin1Bytes } from "../lib/bytes.js";
import type { Row } from "../core/row.js";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of UTF-8 bytes, or null if they are none. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

/** For a terminal: text as it is if it is harmless to print, else quoted, with escapes for every other byte. */
export function printable(bytes: Uint8Array): string {
  const text = utf8(bytes);
  // eslint-disable-next-line no-control-regex -- control characters are what must not reach a terminal.
  if (text !== null && !/[\u0000-\u001f\u007f-\u009f]/.test(text)) {
    return text;
  }
  let quoted = "";
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    quoted += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${quoted}"`;
}

export function printableKey(key: string): string {
  return printable(latin1Bytes(key));
}

/** `{ name: text }` for UTF-8, else `{ nameBase64: … }`, so that a reader never guesses. */
function jsonBytes(name: string, bytes: Uint8Array): Record<string, string> {
  const text = utf8(bytes);
  return text === null
    ? { [`${name}Base64`]: Buffer.from(bytes).toString("base64") }
    : { [name]: text };
}

export interface JsonRowOptions {
  readonly keysOnly: boolean;
}

/** A row as JSON: a delete has `deleted: true` and no value. */
export function jsonRow(row: Row, options: JsonRowOptions): Record<string, unknown> {
  const key = jsonBytes("key", latin1Bytes(row.key));
  if (row.isTombstone) {
    return { ...key, deleted: true, modRevision: row.modRevision };
  }
  return {
    ...key,
    ...(options.keysOnly ? {} : jsonBytes("value", row.value)),
    createRevision: row.createRevision,
    modRevision: row.modRevision,
    version: row.version,
    ...(row.lease === 0n ? {} : { lease: row.lease.toString() }),
  };
}

/** A key typed by a person, as the bytes of its UTF-8. */
export function keyArgument(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
