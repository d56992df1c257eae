// Watch answers as bytes. An event is encoded once, whoever watches it; what is particular to a watcher is a header
// field that all watchers share for a revision, its id, and flags.
import { delimitedSize } from "../wire.js";
import { bigVarintSize, varintSize, writeBigVarint, writeVarint } from "../../lib/varint.js";
import type { WatchBatch, WatchEvent } from "../../node/node.js";

/** A WatchResponse's events field: tag 11, length-delimited. */
const EVENTS_TAG = 0x5a;
const KV_TAG = 0x12;
const PREV_KV_TAG = 0x1a;

export const CREATED: Uint8Array = Uint8Array.of(0x18, 1);
export const CANCELED: Uint8Array = Uint8Array.of(0x20, 1);
export const CREATED_AND_CANCELED: Uint8Array = Uint8Array.of(0x18, 1, 0x20, 1);
export const FRAGMENT: Uint8Array = Uint8Array.of(0x38, 1);

const nothing = new Uint8Array(0);

/** The watch_id field; 0 is left out, as proto3 does. */
export function watchIdField(id: bigint): Uint8Array {
  if (id === 0n) {
    return nothing;
  }
  const field = new Uint8Array(1 + bigVarintSize(id));
  field[0] = 0x10;
  writeBigVarint(field, 1, id);
  return field;
}

export function compactRevisionField(revision: number): Uint8Array {
  const field = new Uint8Array(1 + varintSize(revision));
  field[0] = 0x28;
  writeVarint(field, 1, revision);
  return field;
}

/** `reason` is ASCII. */
export function cancelReasonField(reason: string): Uint8Array {
  const text = Buffer.from(reason, "latin1");
  const field = new Uint8Array(1 + delimitedSize(text.length));
  field[0] = 0x32;
  field.set(text, writeVarint(field, 1, text.length));
  return field;
}

/** The encoded event as one entry of a WatchResponse's events, tag and length included. Made once per event. */
export function encodeEvent(event: WatchEvent, withPrevious: boolean): Uint8Array {
  const made = withPrevious ? event.encodedWithPrevious : event.encoded;
  if (made !== null) {
    return made;
  }
  const { row } = event;
  const previous = withPrevious ? event.previous() : undefined;
  if (withPrevious && previous === undefined) {
    const encoded = encodeEvent(event, false);
    event.encodedWithPrevious = encoded;
    return encoded;
  }
  const kvBytes = row.end - row.start;
  const previousBytes = previous === undefined ? 0 : previous.end - previous.start;
  let content = (row.isTombstone ? 2 : 0) + 1 + delimitedSize(kvBytes);
  if (previous !== undefined) {
    content += 1 + delimitedSize(previousBytes);
  }
  const encoded = new Uint8Array(1 + delimitedSize(content));
  encoded[0] = EVENTS_TAG;
  let at = writeVarint(encoded, 1, content);
  if (row.isTombstone) {
    encoded[at] = 0x08;
    encoded[at + 1] = 1;
    at += 2;
  }
  encoded[at] = KV_TAG;
  at = writeVarint(encoded, at + 1, kvBytes);
  encoded.set(row.wire, at);
  at += kvBytes;
  if (previous === undefined) {
    event.encoded = encoded;
    return encoded;
  }
  encoded[at] = PREV_KV_TAG;
  at = writeVarint(encoded, at + 1, previousBytes);
  encoded.set(previous.wire, at);
  event.encodedWithPrevious = encoded;
  return encoded;
}

/** All events of a batch, one after the other. Made once per batch, however many watchers are given it. */
export function encodeBatch(batch: WatchBatch, withPrevious: boolean): Uint8Array {
  const made = withPrevious ? batch.encodedWithPrevious : batch.encoded;
  if (made !== null) {
    return made;
  }
  const encoded = concatenate(batch.events, 0, batch.events.length, withPrevious);
  if (withPrevious) {
    batch.encodedWithPrevious = encoded;
  } else {
    batch.encoded = encoded;
  }
  return encoded;
}

/** The events `[from, to)`, encoded. */
export function concatenate(
  events: readonly WatchEvent[],
  from: number,
  to: number,
  withPrevious: boolean,
): Uint8Array {
  const [first] = events;
  if (from === 0 && to === 1 && first !== undefined) {
    return encodeEvent(first, withPrevious);
  }
  const chosen = events.slice(from, to).map((event) => encodeEvent(event, withPrevious));
  const all = new Uint8Array(chosen.reduce((sum, bytes) => sum + bytes.length, 0));
  let at = 0;
  for (const bytes of chosen) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}
