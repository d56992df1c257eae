// A row is one version of one key. Its bytes are etcd's `mvccpb.KeyValue` message from the moment it is planned: the
// log, the log tables, the caches and the answer to a client all hold these same bytes, so that a read is a copy.
// Format: fields in ascending order, zero fields left out, varints as short as can be.
//   key=1 bytes, create_revision=2, mod_revision=3, version=4, value=5 bytes, lease=6 (two's complement varint)
// A tombstone is what etcd sends for a delete: key and mod_revision only.
// Must never: change a row after it is made.
import { assert } from "../lib/assert.js";
import { latin1, writeLatin1 } from "../lib/bytes.js";
import {
  bigVarintSize,
  readVarint,
  varintSize,
  writeBigVarint,
  writeVarint,
} from "../lib/varint.js";
import { NO_LEASE, type Key, type LeaseId, type Revision } from "./words.js";

export class Row {
  readonly key: Key;
  readonly modRevision: Revision;
  /** Place among the rows of one revision, in the order of the operations: 0, 1, 2 … */
  readonly subRevision: number;
  /** 0 for a tombstone. */
  readonly createRevision: Revision;
  /** 1 for a key's first version since its creation; 0 for a tombstone. */
  readonly version: number;
  readonly lease: LeaseId;
  /** The KeyValue message is `buffer[start, end)`, its value `buffer[valueStart, valueEnd)`. */
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Null until `keepValue`. */
  #value: Uint8Array | null = null;

  constructor(
    key: Key,
    modRevision: Revision,
    subRevision: number,
    createRevision: Revision,
    version: number,
    lease: LeaseId,
    buffer: Uint8Array,
    start: number,
    end: number,
    valueStart: number,
    valueEnd: number,
  ) {
    this.key = key;
    this.modRevision = modRevision;
    this.subRevision = subRevision;
    this.createRevision = createRevision;
    this.version = version;
    this.lease = lease;
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
  }

  get isTombstone(): boolean {
    return this.version === 0;
  }

  /** A view of the value: valid as long as the row, never to be written to. */
  get value(): Uint8Array {
    return this.#value ?? this.buffer.subarray(this.valueStart, this.valueEnd);
  }

  /** Makes that view for good, some 100 bytes: worth it for a row that is read again and again. */
  keepValue(): void {
    this.#value = this.buffer.subarray(this.valueStart, this.valueEnd);
  }

  /** A view of the whole KeyValue message. */
  get wire(): Uint8Array {
    return this.buffer.subarray(this.start, this.end);
  }
}

const slabBytes = 64 * 1024;
let slab = new Uint8Array(0);
let slabUsed = 0;

/** Room for `bytes` in a shared slab: one allocation for hundreds of rows. Large rows get their own. */
function allocate(bytes: number): number {
  if (bytes > slabBytes >>> 2) {
    slab = new Uint8Array(bytes);
    slabUsed = bytes;
    return 0;
  }
  if (slab.length - slabUsed < bytes) {
    slab = new Uint8Array(slabBytes);
    slabUsed = 0;
  }
  const at = slabUsed;
  slabUsed += bytes;
  return at;
}

/** Makes the row of a put and its bytes. `value` is copied. */
export function makeRow(
  key: Key,
  value: Uint8Array,
  modRevision: Revision,
  subRevision: number,
  createRevision: Revision,
  version: number,
  lease: LeaseId,
): Row {
  assert(key.length > 0 && version > 0, "a row has a key and a version");
  const valueLength = value.length;
  let size = 1 + varintSize(key.length) + key.length;
  size += 3 + varintSize(createRevision) + varintSize(modRevision) + varintSize(version);
  if (valueLength > 0) {
    size += 1 + varintSize(valueLength) + valueLength;
  }
  if (lease !== NO_LEASE) {
    size += 1 + bigVarintSize(lease);
  }
  const start = allocate(size);
  const buffer = slab;
  buffer[start] = 0x0a;
  let at = writeVarint(buffer, start + 1, key.length);
  at = writeLatin1(buffer, at, key);
  buffer[at] = 0x10;
  at = writeVarint(buffer, at + 1, createRevision);
  buffer[at] = 0x18;
  at = writeVarint(buffer, at + 1, modRevision);
  buffer[at] = 0x20;
  at = writeVarint(buffer, at + 1, version);
  if (valueLength > 0) {
    buffer[at] = 0x2a;
    at = writeVarint(buffer, at + 1, valueLength);
    buffer.set(value, at);
    at += valueLength;
  }
  const valueEnd = at;
  if (lease !== NO_LEASE) {
    buffer[at] = 0x30;
    at = writeBigVarint(buffer, at + 1, lease);
  }
  assert(at === start + size, "a row's size is computed as it is written");
  return new Row(
    key,
    modRevision,
    subRevision,
    createRevision,
    version,
    lease,
    buffer,
    start,
    at,
    valueEnd - valueLength,
    valueEnd,
  );
}

/** Makes the row of a delete. */
export function makeTombstone(key: Key, modRevision: Revision, subRevision: number): Row {
  const size = 2 + varintSize(key.length) + key.length + varintSize(modRevision);
  const start = allocate(size);
  const buffer = slab;
  buffer[start] = 0x0a;
  let at = writeVarint(buffer, start + 1, key.length);
  at = writeLatin1(buffer, at, key);
  buffer[at] = 0x18;
  at = writeVarint(buffer, at + 1, modRevision);
  const none = 0 as Revision;
  return new Row(key, modRevision, subRevision, none, 0, NO_LEASE, buffer, start, at, at, at);
}

/**
 * Reads the row whose KeyValue message is `buffer[start, end)`. The row keeps `buffer`. `key` saves decoding it where
 * the caller knows it. Throws a RangeError on bytes that are no KeyValue message in our form.
 */
export function readRow(
  buffer: Uint8Array,
  start: number,
  end: number,
  subRevision: number,
  key?: Key,
): Row {
  const fields = { at: start };
  let foundKey: Key | undefined = key;
  let create = 0;
  let mod = 0;
  let version = 0;
  let lease = NO_LEASE;
  let valueStart = end;
  let valueEnd = end;
  while (fields.at < end) {
    const tag = buffer[fields.at] ?? 0;
    fields.at += 1;
    if (tag === 0x30) {
      lease = readBigLease(buffer, fields, end);
      continue;
    }
    const number = readVarint(buffer, fields, end);
    switch (tag) {
      case 0x0a:
        foundKey ??= latin1(buffer, fields.at, fields.at + number);
        fields.at += number;
        break;
      case 0x10:
        create = number;
        break;
      case 0x18:
        mod = number;
        break;
      case 0x20:
        version = number;
        break;
      case 0x2a:
        valueStart = fields.at;
        valueEnd = fields.at + number;
        fields.at = valueEnd;
        break;
      default:
        throw new RangeError(`unknown field tag ${tag} in a row`);
    }
  }
  if (fields.at !== end || foundKey === undefined || foundKey === "" || mod === 0) {
    throw new RangeError("a row's bytes end early or lack its key or revision");
  }
  return new Row(
    foundKey,
    mod as Revision,
    subRevision,
    create as Revision,
    version,
    lease,
    buffer,
    start,
    end,
    valueStart,
    valueEnd,
  );
}

function readBigLease(buffer: Uint8Array, cursor: { at: number }, end: number): LeaseId {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (cursor.at >= end) {
      break;
    }
    const byte = buffer[cursor.at] ?? 0;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      return BigInt.asIntN(64, value);
    }
  }
  throw new RangeError("a row's lease ends early");
}
