// The bytes of an entry within a group of the log. The group's header holds what its entries share; with it, each entry
// can be read on its own. The bytes of the rows are those of `row.ts`: writing an entry copies them, reading one keeps
// views of the buffer read from.
// Format (varints as in protobuf, fixed numbers little-endian):
//   varint  bytes of the entry after this field
//   varint  index − the group's first index
//   varint  revision − the group's first revision
//   varint  number of rows
//   rows    each: varint length, KeyValue message; the sub-revision is its place
//   u8      kind of system effect, then its fields:
//             0 none
//             1 lease-grant    i64 lease, varint ttl in seconds
//             2 lease-revoke   i64 lease
//             3 compact        varint revision
//             4 term-start     varint length, node id in UTF-8
//             5 raise-revision varint by how much
//            10 alarm          u8 1 raised, 0 lowered; u64 member, varint alarm, u8 1 if by the quota
//            11 downgrade      varint length, version in UTF-8
//             6 auth           varint length, the change as auth-codec.ts writes it
// A kind that is not listed is from a newer version, and the whole log is refused: guessing would lose state.
import { assert, unreachable } from "../lib/assert.js";
import { readVarint, varintSize, writeVarint } from "../lib/varint.js";
import { decodeAuthChange, encodeAuthChange } from "./auth/auth-codec.js";
import type { Entry, SystemEffect } from "./entry.js";
import { T4Error } from "./errors.js";
import { readRow, type Row } from "./row.js";
import type { LogIndex, Revision, Term } from "./words.js";

/** What all entries of a group share. */
export interface GroupBase {
  readonly term: Term;
  readonly firstIndex: LogIndex;
  /** The revision after the group's first entry. */
  readonly firstRevision: Revision;
}

const NO_EFFECT = 0;
const EFFECT_KINDS = {
  "lease-grant": 1,
  "lease-revoke": 2,
  compact: 3,
  "term-start": 4,
  "raise-revision": 5,
  alarm: 10,
  downgrade: 11,
  auth: 6,
} as const;

const NO_ROWS: readonly Row[] = [];
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true });

function effectSize(effect: SystemEffect | null): number {
  if (effect === null) {
    return 1;
  }
  switch (effect.kind) {
    case "lease-grant":
      return 9 + varintSize(effect.ttlSeconds);
    case "lease-revoke":
      return 9;
    case "compact":
      return 1 + varintSize(effect.revision);
    case "raise-revision":
      return 1 + varintSize(effect.by);
    case "term-start":
      return 1 + textSize(effect.node);
    case "alarm":
      return 11 + varintSize(effect.alarm);
    case "downgrade":
      return 1 + textSize(effect.target);
    case "auth": {
      const length = encodeAuthChange(effect.change).length;
      return 1 + varintSize(length) + length;
    }
    default:
      return unreachable(effect);
  }
}

function textSize(text: string): number {
  const length = utf8Encoder.encode(text).length;
  return varintSize(length) + length;
}

function bodySize(entry: Entry, base: GroupBase): number {
  const rows = entry.rows;
  let size =
    varintSize(entry.index - base.firstIndex) +
    varintSize(entry.revision - base.firstRevision) +
    varintSize(rows.length);
  for (const row of rows) {
    const length = row.end - row.start;
    size += varintSize(length) + length;
  }
  return size + effectSize(entry.system);
}

/** Bytes that `writeEntry` takes for an entry of the group. */
export function entrySize(entry: Entry, base: GroupBase): number {
  const size = bodySize(entry, base);
  return varintSize(size) + size;
}

/**
 * Writes `entry` at `at` and returns the offset behind it; `size` is what `entrySize` told. The term is not written: it
 * is the group's.
 */
export function writeEntry(
  target: Uint8Array,
  start: number,
  entry: Entry,
  base: GroupBase,
  size: number,
): number {
  assert(entry.term === base.term, "a group's entries are of one term");
  const end = start + size;
  // The field holds the bytes after itself; its own length shows in the difference.
  let body = size - 1;
  while (varintSize(body) + body > size) {
    body -= 1;
  }
  let at = writeVarint(target, start, body);
  at = writeVarint(target, at, entry.index - base.firstIndex);
  at = writeVarint(target, at, entry.revision - base.firstRevision);
  at = writeVarint(target, at, entry.rows.length);
  for (const row of entry.rows) {
    const length = row.end - row.start;
    at = writeVarint(target, at, length);
    target.set(row.buffer.subarray(row.start, row.end), at);
    at += length;
  }
  at = writeEffect(target, at, entry.system);
  assert(at === end, "an entry's size is computed as it is written");
  return at;
}

function writeEffect(target: Uint8Array, start: number, effect: SystemEffect | null): number {
  if (effect === null) {
    target[start] = NO_EFFECT;
    return start + 1;
  }
  target[start] = EFFECT_KINDS[effect.kind];
  const at = start + 1;
  switch (effect.kind) {
    case "lease-grant":
      return writeVarint(target, writeInt64(target, at, effect.lease), effect.ttlSeconds);
    case "lease-revoke":
      return writeInt64(target, at, effect.lease);
    case "compact":
      return writeVarint(target, at, effect.revision);
    case "raise-revision":
      return writeVarint(target, at, effect.by);
    case "term-start":
      return writeText(target, at, effect.node);
    case "alarm": {
      target[at] = Number(effect.isRaised);
      const quotaAt = writeVarint(target, writeInt64(target, at + 1, effect.member), effect.alarm);
      target[quotaAt] = Number(effect.byQuota);
      return quotaAt + 1;
    }
    case "downgrade":
      return writeText(target, at, effect.target);
    case "auth":
      return writeDelimited(target, at, encodeAuthChange(effect.change));
    default:
      return unreachable(effect);
  }
}

function writeDelimited(target: Uint8Array, start: number, bytes: Uint8Array): number {
  const at = writeVarint(target, start, bytes.length);
  target.set(bytes, at);
  return at + bytes.length;
}

/**
 * Reads the entry at `cursor.at` and moves the cursor behind it. Its rows keep `source`. Throws a RangeError on bytes
 * that `writeEntry` did not write, and T4_FORMAT_TOO_NEW on an effect that this version does not know.
 */
export function readEntry(
  source: Uint8Array,
  cursor: { at: number },
  end: number,
  base: GroupBase,
): Entry {
  const length = readVarint(source, cursor, end);
  const entryEnd = cursor.at + length;
  if (entryEnd > end) {
    throw new RangeError("an entry ends past its group");
  }
  const index = (base.firstIndex + readVarint(source, cursor, entryEnd)) as LogIndex;
  const revision = (base.firstRevision + readVarint(source, cursor, entryEnd)) as Revision;
  const rowCount = readVarint(source, cursor, entryEnd);
  const rows = rowCount === 0 ? NO_ROWS : readRows(source, cursor, entryEnd, rowCount, revision);
  const system = readEffect(source, cursor, entryEnd);
  if (cursor.at !== entryEnd) {
    throw new RangeError("an entry has bytes behind its last field");
  }
  return { index, term: base.term, revision, rows, system };
}

function readRows(
  source: Uint8Array,
  cursor: { at: number },
  end: number,
  count: number,
  revision: Revision,
): Row[] {
  // Most entries have one row, and a list that grows takes room for seventeen.
  const rows = [readEntryRow(source, cursor, end, 0, revision)];
  for (let subRevision = 1; subRevision < count; subRevision += 1) {
    rows.push(readEntryRow(source, cursor, end, subRevision, revision));
  }
  return rows;
}

function readEntryRow(
  source: Uint8Array,
  cursor: { at: number },
  end: number,
  subRevision: number,
  revision: Revision,
): Row {
  const length = readVarint(source, cursor, end);
  const rowEnd = cursor.at + length;
  if (rowEnd > end) {
    throw new RangeError("a row ends past its entry");
  }
  const row = readRow(source, cursor.at, rowEnd, subRevision);
  if (row.modRevision !== revision) {
    throw new RangeError("a row's revision is not its entry's");
  }
  cursor.at = rowEnd;
  return row;
}

function readEffect(source: Uint8Array, cursor: { at: number }, end: number): SystemEffect | null {
  if (cursor.at >= end) {
    throw new RangeError("an entry ends before its effect");
  }
  const kind = source[cursor.at];
  cursor.at += 1;
  switch (kind) {
    case NO_EFFECT:
      return null;
    case EFFECT_KINDS["lease-grant"]: {
      const lease = readInt64(source, cursor, end);
      return { kind: "lease-grant", lease, ttlSeconds: readVarint(source, cursor, end) };
    }
    case EFFECT_KINDS["lease-revoke"]:
      return { kind: "lease-revoke", lease: readInt64(source, cursor, end) };
    case EFFECT_KINDS.compact:
      return { kind: "compact", revision: readVarint(source, cursor, end) as Revision };
    case EFFECT_KINDS["raise-revision"]:
      return { kind: "raise-revision", by: readVarint(source, cursor, end) };
    case EFFECT_KINDS["term-start"]:
      return { kind: "term-start", node: readText(source, cursor, end) };
    case EFFECT_KINDS.alarm: {
      const isRaised = readFlag(source, cursor, end);
      const member = BigInt.asUintN(64, readInt64(source, cursor, end));
      const alarm = readVarint(source, cursor, end);
      return { kind: "alarm", isRaised, member, alarm, byQuota: readFlag(source, cursor, end) };
    }
    case EFFECT_KINDS.downgrade:
      return { kind: "downgrade", target: readText(source, cursor, end) };
    case EFFECT_KINDS.auth:
      return { kind: "auth", change: decodeAuthChange(readDelimited(source, cursor, end)) };
    default:
      throw new T4Error(
        "T4_FORMAT_TOO_NEW",
        `the log holds an effect of kind ${kind}, which this version does not know: use a newer one`,
      );
  }
}

function readFlag(source: Uint8Array, cursor: { at: number }, end: number): boolean {
  const flag = source[cursor.at];
  if (cursor.at >= end || flag === undefined || flag > 1) {
    throw new RangeError("a flag ends past its entry, or is none");
  }
  cursor.at += 1;
  return flag === 1;
}

function readText(source: Uint8Array, cursor: { at: number }, end: number): string {
  return readUtf8(readDelimited(source, cursor, end));
}

function writeText(target: Uint8Array, at: number, text: string): number {
  return writeDelimited(target, at, utf8Encoder.encode(text));
}

/** A view of the bytes behind their length. */
function readDelimited(source: Uint8Array, cursor: { at: number }, end: number): Uint8Array {
  const length = readVarint(source, cursor, end);
  const start = cursor.at;
  if (start + length > end) {
    throw new RangeError("a field ends past its entry");
  }
  cursor.at = start + length;
  return source.subarray(start, cursor.at);
}

function readUtf8(bytes: Uint8Array): string {
  try {
    // Copied: a TextDecoder takes no shared memory.
    return utf8Decoder.decode(bytes.slice());
  } catch (error) {
    throw new RangeError("a text is not UTF-8", { cause: error });
  }
}

function writeInt64(target: Uint8Array, at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value);
  for (let i = 0; i < 8; i += 1) {
    target[at + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return at + 8;
}

function readInt64(source: Uint8Array, cursor: { at: number }, end: number): bigint {
  const at = cursor.at;
  if (at + 8 > end) {
    throw new RangeError("a number ends past its entry");
  }
  let value = 0n;
  for (let i = 7; i >= 0; i -= 1) {
    value = (value << 8n) | BigInt(source[at + i] ?? 0);
  }
  cursor.at = at + 8;
  return BigInt.asIntN(64, value);
}
