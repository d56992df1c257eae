// The bytes of a slot of the archive: groups of the log, or a seal that ends a term.
// Format (docs/formats-object-store.md has the same table; all numbers little-endian):
//   0 u8[8] magic | 8 u32 format version | 12 u32 kind: 1 entries, 2 seal | 16 u64 term of the uploader | 24 u64 first index
//   | 32 u64 last index (seal: first − 1) | 40 u64 revision after the last entry (seal: the same as before it)
//   | 48 u64 wall ms of the first group | 56 u64 of the last (seal: both of its writing)
//   | 64 u32 flags: 1 the log's segment ends with this slot, 2 it begins with this slot | 68 u32 zero
//   | 72 u64 bytes of entries in the segment up to here (seal: the next term) | 80 u64 cluster id | 88 u8[8] write id
//   | 96 u8[32] hash of the slot before | 128 the groups' frames as in the log's segments
//   | then u8[32] SHA-256 of all before it: the slot's hash
// A slot's groups are of one segment. Whether a segment ended is often known only when its last slot was won already: then
// the next one says that it begins another.
// Must never: take a slot that is shorter or otherwise than what was written for the end of the archive.
import { assert } from "../lib/assert.js";
import { bytesOfHex, hexOf } from "../lib/hex.js";
import { sha256, sha256Of } from "../lib/hashes/sha256.js";
import { T4Error } from "../core/errors.js";
import type { LogIndex, Revision, Term } from "../core/words.js";
import { corrupt } from "../log/segment/format.js";
import { groupsIn, summarizeGroup } from "../log/segment/group-frames.js";
import { lastIndexOf, type Group } from "../log/segment/segment-reader.js";
import type { ByteRange } from "../object/object-store.js";
import { slotKey, type ChainPosition } from "./chain.js";

export const SLOT_VERSION: number = 1;
export const SLOT_HEADER_BYTES: number = 128;
export const SLOT_HASH_BYTES: number = 32;
/** What a slot has beside its frames. */
export const SLOT_OVERHEAD_BYTES: number = SLOT_HEADER_BYTES + SLOT_HASH_BYTES;
/** Format: where a slot names the one before. */
export const PREVIOUS_HASH_RANGE: ByteRange = { offset: 96, length: SLOT_HASH_BYTES };

const MAGIC = Uint8Array.of(0x89, 0x54, 0x34, 0x53, 0x4c, 0x54, 0x0d, 0x0a); // \x89 T4SLT \r \n
const KIND_ENTRIES = 1;
const KIND_SEAL = 2;
const FLAG_ENDS_SEGMENT = 1;
const FLAG_BEGINS_SEGMENT = 2;

interface SlotCommon extends ChainPosition {
  readonly clusterId: bigint;
  /** 16 hexadecimal digits that differ for each slot that is written. */
  readonly writeId: string;
}

/** A slot of entries, as its writer knows it. */
export interface EntriesSlotHeader extends SlotCommon {
  readonly kind: "entries";
  readonly lastIndex: LogIndex;
  /** After the last entry. */
  readonly revision: Revision;
  /** Of the first and of the last group. */
  readonly firstWallMs: number;
  readonly lastWallMs: number;
  /** The segment surely ends with this slot; if not, the next slot may still begin another. */
  readonly endsSegment: boolean;
  readonly beginsSegment: boolean;
  /** Bytes of entries in the segment up to the end of this slot. */
  readonly segmentEntryBytes: number;
}

/** What ends a term: nobody can put a slot of it any more, and the chain goes on in `nextTerm` with the same index. */
export interface SealSlotHeader extends SlotCommon {
  readonly kind: "seal";
  /** Before and after it. */
  readonly revision: Revision;
  readonly wallMs: number;
  readonly nextTerm: Term;
}

interface Stored {
  /** SHA-256 of the slot: what the next one names. */
  readonly hash: string;
  /** Of the whole object. */
  readonly bytes: number;
}

export interface EntriesSlot extends EntriesSlotHeader, Stored {
  /** As they lie in the log's segments. */
  readonly groups: readonly Group[];
}

export type SealSlot = SealSlotHeader & Stored;
export type Slot = EntriesSlot | SealSlot;

export interface EncodedSlot extends Stored {
  readonly body: Uint8Array;
}

/** The position behind a slot. */
export function positionAfterSlot(slot: Slot): ChainPosition {
  return slot.kind === "seal"
    ? { term: slot.nextTerm, firstIndex: slot.firstIndex, previousHash: slot.hash }
    : {
        term: slot.term,
        firstIndex: (slot.lastIndex + 1) as LogIndex,
        previousHash: slot.hash,
      };
}

/** Copied and hashed at once: about a millisecond. */
const STEP_BYTES: number = 1024 * 1024;

export function encodeEntriesSlot(
  header: EntriesSlotHeader,
  frames: readonly Uint8Array[],
): EncodedSlot {
  const steps = encodeEntriesSlotInSteps(header, frames);
  for (;;) {
    const step = steps.next();
    if (step.done === true) {
      return step.value;
    }
  }
}

/** As `encodeEntriesSlot`, for a caller who lets others run between two steps. */
export function* encodeEntriesSlotInSteps(
  header: EntriesSlotHeader,
  frames: readonly Uint8Array[],
): Generator<void, EncodedSlot, void> {
  assert(frames.length > 0 && header.lastIndex >= header.firstIndex, "a slot has entries");
  const framesBytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  const { body, view } = beginSlot(header, KIND_ENTRIES, framesBytes);
  view.setBigUint64(32, BigInt(header.lastIndex), true);
  view.setBigUint64(48, BigInt(header.firstWallMs), true);
  view.setBigUint64(56, BigInt(header.lastWallMs), true);
  const flags =
    (header.endsSegment ? FLAG_ENDS_SEGMENT : 0) + (header.beginsSegment ? FLAG_BEGINS_SEGMENT : 0);
  view.setUint32(64, flags, true);
  view.setBigUint64(72, BigInt(header.segmentEntryBytes), true);
  const hash = sha256();
  let hashed = 0;
  let at = SLOT_HEADER_BYTES;
  for (const frame of frames) {
    body.set(frame, at);
    at += frame.length;
    if (at - hashed >= STEP_BYTES) {
      hash.update(body.subarray(hashed, at));
      hashed = at;
      yield;
    }
  }
  hash.update(body.subarray(hashed, at));
  return finishSlot(body, hash.hex());
}

export function encodeSealSlot(header: SealSlotHeader): EncodedSlot {
  assert(header.nextTerm > header.term, "a seal leads to a later term");
  const { body, view } = beginSlot(header, KIND_SEAL, 0);
  view.setBigUint64(32, BigInt(header.firstIndex - 1), true);
  view.setBigUint64(48, BigInt(header.wallMs), true);
  view.setBigUint64(56, BigInt(header.wallMs), true);
  view.setBigUint64(72, BigInt(header.nextTerm), true);
  return finishSlot(body, hashOf(body));
}

function beginSlot(
  header: EntriesSlotHeader | SealSlotHeader,
  kind: number,
  framesBytes: number,
): { readonly body: Uint8Array; readonly view: DataView } {
  const body = new Uint8Array(SLOT_OVERHEAD_BYTES + framesBytes);
  const view = viewOf(body);
  body.set(MAGIC, 0);
  view.setUint32(8, SLOT_VERSION, true);
  view.setUint32(12, kind, true);
  view.setBigUint64(16, BigInt(header.term), true);
  view.setBigUint64(24, BigInt(header.firstIndex), true);
  view.setBigUint64(40, BigInt(header.revision), true);
  view.setBigUint64(80, header.clusterId, true);
  body.set(bytesOfHex(header.writeId), 88);
  body.set(bytesOfHex(header.previousHash), PREVIOUS_HASH_RANGE.offset);
  return { body, view };
}

function finishSlot(body: Uint8Array, hash: string): EncodedSlot {
  body.set(bytesOfHex(hash), body.length - SLOT_HASH_BYTES);
  return { body, hash, bytes: body.length };
}

function hashOf(body: Uint8Array): string {
  return sha256Of(body.subarray(0, body.length - SLOT_HASH_BYTES));
}

/** What a slot says of the one before. Nothing else of it is looked at. */
export function previousHashOf(body: Uint8Array): string {
  const { offset, length } = PREVIOUS_HASH_RANGE;
  return hexOf(body.subarray(offset, offset + length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Reads the slot that `position` leads to. `clusterId` null: of any cluster. The groups keep `body`. Throws T4_CORRUPT for
 * what is not that slot, whole and unharmed, T4_FORMAT_TOO_NEW for a later version; `name` is for the messages.
 */
export function decodeSlot(
  body: Uint8Array,
  position: ChainPosition,
  clusterId: bigint | null,
  name: string,
): Slot {
  const view = viewOf(body);
  checkHeader(body, view, name);
  const hash = hashOf(body);
  if (hexOf(body.subarray(body.length - SLOT_HASH_BYTES)) !== hash) {
    throw corrupt(name, body.length - SLOT_HASH_BYTES, "the slot does not match its hash");
  }
  const common = {
    term: readCount(view, 16, name) as Term,
    firstIndex: readCount(view, 24, name) as LogIndex,
    previousHash: previousHashOf(body),
    revision: readCount(view, 40, name) as Revision,
    clusterId: view.getBigUint64(80, true),
    writeId: hexOf(body.subarray(88, 96)),
    hash,
    bytes: body.length,
  };
  checkPlace(common, position, name);
  if (clusterId !== null && common.clusterId !== clusterId) {
    throw corrupt(name, 80, "the slot belongs to another cluster");
  }
  const kind = view.getUint32(12, true);
  if (kind === KIND_SEAL) {
    return decodeSeal(view, common, name);
  }
  if (kind !== KIND_ENTRIES) {
    throw corrupt(name, 12, `the slot is of an unknown kind, ${kind}`);
  }
  return decodeEntries(body, view, common, name);
}

function checkHeader(body: Uint8Array, view: DataView, name: string): void {
  if (body.length < 12 || !MAGIC.every((byte, at) => byte === body[at])) {
    throw corrupt(name, 0, "the object is not a slot of the archive");
  }
  const version = view.getUint32(8, true);
  if (version > SLOT_VERSION) {
    throw new T4Error(
      "T4_FORMAT_TOO_NEW",
      `${name} has format version ${version}, and this version of T4 reads up to ${SLOT_VERSION}: use a newer one`,
    );
  }
  if (version === 0 || body.length < SLOT_OVERHEAD_BYTES) {
    throw corrupt(name, 0, `the slot is only ${body.length} bytes long`);
  }
}

/** The chain decides what a slot is, not its name. */
function checkPlace(slot: ChainPosition, position: ChainPosition, name: string): void {
  if (slotKey(slot) !== slotKey(position)) {
    throw corrupt(name, 16, `the slot says that it is ${slotKey(slot)}`);
  }
  if (slot.previousHash !== position.previousHash) {
    throw corrupt(
      name,
      96,
      `the slot follows on one with hash ${slot.previousHash}, and the one before has ${position.previousHash}`,
    );
  }
}

type DecodedCommon = SlotCommon & Stored & { readonly revision: Revision };

function decodeSeal(view: DataView, common: DecodedCommon, name: string): SealSlot {
  const nextTerm = readCount(view, 72, name) as Term;
  const isSound =
    common.bytes === SLOT_OVERHEAD_BYTES &&
    nextTerm > common.term &&
    readCount(view, 32, name) === common.firstIndex - 1;
  if (!isSound) {
    throw corrupt(name, 32, "the seal contradicts itself");
  }
  return { kind: "seal", ...common, wallMs: readCount(view, 48, name), nextTerm };
}

function decodeEntries(
  body: Uint8Array,
  view: DataView,
  common: DecodedCommon,
  name: string,
): EntriesSlot {
  const frames = body.subarray(SLOT_HEADER_BYTES, body.length - SLOT_HASH_BYTES);
  const groups = [...groupsIn(frames, name, SLOT_HEADER_BYTES)];
  const lastIndex = readCount(view, 32, name) as LogIndex;
  const flags = view.getUint32(64, true);
  const slot: EntriesSlot = {
    kind: "entries",
    ...common,
    lastIndex,
    firstWallMs: readCount(view, 48, name),
    lastWallMs: readCount(view, 56, name),
    endsSegment: (flags & FLAG_ENDS_SEGMENT) !== 0,
    beginsSegment: (flags & FLAG_BEGINS_SEGMENT) !== 0,
    segmentEntryBytes: readCount(view, 72, name),
    groups,
  };
  const first = groups[0];
  const last = groups.at(-1);
  const isSound =
    flags <= FLAG_ENDS_SEGMENT + FLAG_BEGINS_SEGMENT &&
    first !== undefined &&
    last !== undefined &&
    first.firstIndex === slot.firstIndex &&
    lastIndexOf(last) === lastIndex &&
    first.term <= slot.term &&
    first.wallMs === slot.firstWallMs &&
    last.wallMs === slot.lastWallMs &&
    summarizeGroup(last).lastRevision === slot.revision;
  if (!isSound) {
    throw corrupt(name, 16, "the slot's header does not describe its groups");
  }
  return slot;
}

/** A number beyond 2^53 is no count of anything. */
function readCount(view: DataView, at: number, name: string): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) {
    throw corrupt(name, at, "a number is larger than any can be");
  }
  return value;
}
