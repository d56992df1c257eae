// Reads and writes the fields of protobuf messages for the generated codecs. It accepts and refuses what etcd's own
// decoder does: a known field of another wire type is an error, unknown fields are skipped, numbers above 2^53 that only
// serve as bounds are clamped (no revision or count ever gets there).
// Must never: read outside the message it was given, or keep a view of the buffer in a message that outlives it.
import { latin1 } from "../lib/bytes.js";
import { varintSize, writeBigVarint, writeVarint } from "../lib/varint.js";

/** A message that is not protobuf, or not of the type expected. The text is that of etcd's decoder. */
export class MalformedMessage extends Error {
  override readonly name: string = "MalformedMessage";
}

/** Transactions within transactions beyond what any valid request has: refused before the stack runs out. */
export class NestedTooDeep extends MalformedMessage {
  override readonly name: string = "NestedTooDeep";
}

/** One message type's name and fields by number, for error texts. */
export interface Shape {
  readonly name: string;
  readonly fields: Readonly<Record<number, string>>;
}

/** Deeper than a valid transaction can be: each level takes one of the 128 operations allowed. */
const nestingMax = 256;

/**
 * Where the decoders read. There is one for all: decoding is synchronous, and who decodes a nested message gets the
 * cursor back at that message's end. `low` and `high` are the halves of the last 64-bit number read.
 */
export const cursor: { at: number; low: number; high: number } = { at: 0, low: 0, high: 0 };

function endsEarly(): MalformedMessage {
  return new MalformedMessage("unexpected EOF");
}

/** Reads a varint of up to 64 bits into `cursor.low` and `cursor.high`, both as signed 32-bit numbers. */
function readLong(buffer: Uint8Array, end: number): void {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.at >= end) {
      throw endsEarly();
    }
    const byte = buffer[cursor.at] ?? 0;
    cursor.at += 1;
    const bits = byte & 0x7f;
    if (shift < 28) {
      low |= bits << shift;
    } else if (shift === 28) {
      low |= bits << 28;
      high |= bits >>> 4;
    } else {
      high |= bits << (shift - 32);
    }
    if (byte < 0x80) {
      cursor.low = low;
      cursor.high = high;
      return;
    }
  }
  throw new MalformedMessage("proto: integer overflow");
}

/** A signed 64-bit number, clamped to what a number holds exactly. */
export function readInt64(buffer: Uint8Array, end: number): number {
  const first = cursor.at < end ? (buffer[cursor.at] ?? 0) : 0x80;
  if (first < 0x80) {
    cursor.at += 1;
    return first;
  }
  readLong(buffer, end);
  const value = cursor.high * 0x1_0000_0000 + (cursor.low >>> 0);
  return Math.max(Math.min(value, Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
}

/** An unsigned 64-bit number, clamped to what a number holds exactly. */
export function readUint64(buffer: Uint8Array, end: number): number {
  readLong(buffer, end);
  const value = (cursor.high >>> 0) * 0x1_0000_0000 + (cursor.low >>> 0);
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

export function readBigInt64(buffer: Uint8Array, end: number): bigint {
  readLong(buffer, end);
  return cursor.high === 0
    ? BigInt(cursor.low >>> 0)
    : (BigInt(cursor.high) << 32n) | BigInt(cursor.low >>> 0);
}

export function readBigUint64(buffer: Uint8Array, end: number): bigint {
  readLong(buffer, end);
  return (BigInt(cursor.high >>> 0) << 32n) | BigInt(cursor.low >>> 0);
}

/** An enum's number: unknown ones survive. */
export function readInt32(buffer: Uint8Array, end: number): number {
  readLong(buffer, end);
  return cursor.low;
}

export function readUint32(buffer: Uint8Array, end: number): number {
  readLong(buffer, end);
  return cursor.low >>> 0;
}

export function readBool(buffer: Uint8Array, end: number): boolean {
  readLong(buffer, end);
  return (cursor.low | cursor.high) !== 0;
}

/** Reads a field's length and returns where the field ends, which is at most `end`. */
export function readEnd(buffer: Uint8Array, end: number): number {
  let length = cursor.at < end ? (buffer[cursor.at] ?? 0) : 0x80;
  if (length < 0x80) {
    cursor.at += 1;
  } else {
    readLong(buffer, end);
    if (cursor.high < 0) {
      throw new MalformedMessage("proto: negative length found during unmarshaling");
    }
    length = cursor.high * 0x1_0000_0000 + (cursor.low >>> 0);
  }
  const fieldEnd = cursor.at + length;
  if (fieldEnd > end) {
    throw endsEarly();
  }
  return fieldEnd;
}

/** A bytes field that is a key: one char per byte. */
export function readLatin1(buffer: Uint8Array, end: number): string {
  const fieldEnd = readEnd(buffer, end);
  const start = cursor.at;
  cursor.at = fieldEnd;
  return latin1(buffer, start, fieldEnd);
}

/** A bytes field, copied out of the buffer. */
export function readBytes(buffer: Uint8Array, end: number): Uint8Array {
  const fieldEnd = readEnd(buffer, end);
  const start = cursor.at;
  cursor.at = fieldEnd;
  return start === fieldEnd ? noBytes : new Uint8Array(buffer.subarray(start, fieldEnd));
}

/** A bytes field as a view of the buffer. */
export function readView(buffer: Uint8Array, end: number): Uint8Array {
  const fieldEnd = readEnd(buffer, end);
  const start = cursor.at;
  cursor.at = fieldEnd;
  return start === fieldEnd ? noBytes : buffer.subarray(start, fieldEnd);
}

type Utf8Slice = (this: Uint8Array, start: number, end: number) => string;
const utf8Slice = (Buffer.prototype as unknown as { utf8Slice: Utf8Slice }).utf8Slice;

export function readString(buffer: Uint8Array, end: number): string {
  const fieldEnd = readEnd(buffer, end);
  const start = cursor.at;
  cursor.at = fieldEnd;
  return utf8Slice.call(buffer, start, fieldEnd);
}

/** A field's number and wire type. */
export function readTag(buffer: Uint8Array, end: number): number {
  const first = buffer[cursor.at] ?? 0;
  if (first < 0x80) {
    cursor.at += 1;
    return first;
  }
  readLong(buffer, end);
  // Field numbers have 29 bits; what lies above makes an illegal tag, which no field has.
  return cursor.high === 0 ? cursor.low >>> 0 : 0;
}

/** Skips a field that the message type does not have. Throws for one that it has with another wire type. */
export function skipField(buffer: Uint8Array, end: number, tag: number, shape: Shape): void {
  const field = tag >>> 3;
  const wireType = tag & 7;
  if (wireType === 4) {
    throw new MalformedMessage(`proto: ${shape.name}: wiretype end group for non-group`);
  }
  if (field === 0) {
    throw new MalformedMessage(`proto: ${shape.name}: illegal tag 0 (wire type ${wireType})`);
  }
  const name = shape.fields[field];
  if (name !== undefined) {
    throw new MalformedMessage(`proto: wrong wireType = ${wireType} for field ${name}`);
  }
  skipValue(buffer, end, wireType);
}

function skipValue(buffer: Uint8Array, end: number, wireType: number): void {
  // Groups are skipped without recursion, so that no nesting can exhaust the stack.
  let depth = 0;
  let type = wireType;
  for (;;) {
    switch (type) {
      case 0:
        readLong(buffer, end);
        break;
      case 1:
        cursor.at += 8;
        break;
      case 2:
        cursor.at = readEnd(buffer, end);
        break;
      case 3:
        depth += 1;
        break;
      case 4:
        if (depth === 0) {
          throw new MalformedMessage("proto: unexpected end of group");
        }
        depth -= 1;
        break;
      case 5:
        cursor.at += 4;
        break;
      default:
        throw new MalformedMessage(`proto: illegal wireType ${type}`);
    }
    if (cursor.at > end) {
      throw endsEarly();
    }
    if (depth === 0) {
      return;
    }
    if (cursor.at === end) {
      throw endsEarly();
    }
    type = readTag(buffer, end) & 7;
  }
}

/** Checks the depth of message types that contain themselves; returns the depth of the messages inside. */
export function deeper(depth: number): number {
  if (depth >= nestingMax) {
    throw new NestedTooDeep("proto: exceeded maximum recursion depth");
  }
  return depth + 1;
}

export const noBytes: Uint8Array = new Uint8Array(0);

/** Bytes that a signed number takes as a varint. */
export function int64Size(value: number): number {
  return value >= 0 ? varintSize(value) : 10;
}

/** Writes a signed number; a negative one takes ten bytes, as protobuf has it. */
export function writeInt64(target: Uint8Array, at: number, value: number): number {
  return value >= 0 ? writeVarint(target, at, value) : writeBigVarint(target, at, BigInt(value));
}

/** Bytes of a length-delimited field's content together with its length. */
export function delimitedSize(contentBytes: number): number {
  return varintSize(contentBytes) + contentBytes;
}

export function utf8Size(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

type Utf8Write = (this: Uint8Array, text: string, at: number) => number;
const utf8Write = (Buffer.prototype as unknown as { utf8Write: Utf8Write }).utf8Write;

export function writeUtf8(target: Uint8Array, at: number, text: string): number {
  return text === "" ? at : at + utf8Write.call(target, text, at);
}
