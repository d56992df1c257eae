// Rows as callers see them: plain fields, decoded and copied, so that nothing they do reaches the store. The classes
// below are not exported: they are literals with a getter, which costs a tenth of an object with an accessor defined.
import type { Row } from "../core/row.js";
import type { Key } from "../core/words.js";
import { latin1Bytes } from "../lib/bytes.js";
import { decodeKey, type ValueCodec } from "./encoding.js";

/** A key and its numbers. */
export interface KeyInfo {
  /** The key read as UTF-8. */
  readonly key: string;
  /** The key's bytes, also where they are no UTF-8. */
  readonly keyBytes: Uint8Array;
  /** The revision in which the key came to be. */
  readonly createRevision: number;
  /** The revision of its last change. */
  readonly modRevision: number;
  /** 1 when created, and one more with each change since. */
  readonly version: number;
  /** The lease it goes with; 0n: none. */
  readonly lease: bigint;
}

/** A key with its value. */
export interface KeyValue<Value> extends KeyInfo {
  readonly value: Value;
}

/** A key was written. */
export interface PutChange<Value> extends KeyValue<Value> {
  readonly type: "put";
  /** What was there before, if it was asked for, existed and is not compacted. */
  readonly previous: KeyValue<Value> | undefined;
}

/** A key was deleted. */
export interface DeleteChange<Value> {
  readonly type: "delete";
  readonly key: string;
  readonly keyBytes: Uint8Array;
  /** The revision in which it was deleted. */
  readonly modRevision: number;
  readonly value: undefined;
  /** What was deleted, if it was asked for and is not compacted. */
  readonly previous: KeyValue<Value> | undefined;
}

/** One change of one key. */
export type Change<Value> = PutChange<Value> | DeleteChange<Value>;

export function keyInfo(row: Row): KeyInfo {
  return new Info(row);
}

/** `key` is the row's key as text, where it is known. */
export function keyValue<Value>(
  row: Row,
  codec: ValueCodec<Value, never>,
  key: string = decodeKey(row.key),
): KeyValue<Value> {
  return new Pair(row, key, codec.decode(row));
}

export function change<Value>(
  row: Row,
  previous: Row | undefined,
  codec: ValueCodec<Value, never>,
): Change<Value> {
  const before = previous === undefined ? undefined : keyValue(previous, codec);
  return row.isTombstone ? new Delete(row, before) : new Put(row, codec.decode(row), before);
}

class Info implements KeyInfo {
  readonly key: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
  readonly #key: Key;

  constructor(row: Row) {
    this.key = decodeKey(row.key);
    this.createRevision = row.createRevision;
    this.modRevision = row.modRevision;
    this.version = row.version;
    this.lease = row.lease;
    this.#key = row.key;
  }

  get keyBytes(): Uint8Array {
    return latin1Bytes(this.#key);
  }
}

class Pair<Value> implements KeyValue<Value> {
  readonly key: string;
  readonly value: Value;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
  readonly #key: Key;

  constructor(row: Row, key: string, value: Value) {
    this.key = key;
    this.value = value;
    this.createRevision = row.createRevision;
    this.modRevision = row.modRevision;
    this.version = row.version;
    this.lease = row.lease;
    this.#key = row.key;
  }

  get keyBytes(): Uint8Array {
    return latin1Bytes(this.#key);
  }
}

class Put<Value> implements PutChange<Value> {
  readonly type = "put";
  readonly key: string;
  readonly value: Value;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: bigint;
  readonly previous: KeyValue<Value> | undefined;
  readonly #key: Key;

  constructor(row: Row, value: Value, previous: KeyValue<Value> | undefined) {
    this.key = decodeKey(row.key);
    this.value = value;
    this.createRevision = row.createRevision;
    this.modRevision = row.modRevision;
    this.version = row.version;
    this.lease = row.lease;
    this.previous = previous;
    this.#key = row.key;
  }

  get keyBytes(): Uint8Array {
    return latin1Bytes(this.#key);
  }
}

class Delete<Value> implements DeleteChange<Value> {
  readonly type = "delete";
  readonly key: string;
  readonly value = undefined;
  readonly modRevision: number;
  readonly previous: KeyValue<Value> | undefined;
  readonly #key: Key;

  constructor(row: Row, previous: KeyValue<Value> | undefined) {
    this.key = decodeKey(row.key);
    this.modRevision = row.modRevision;
    this.previous = previous;
    this.#key = row.key;
  }

  get keyBytes(): Uint8Array {
    return latin1Bytes(this.#key);
  }
}
