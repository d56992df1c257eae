// branches/<pin>: what a branch needs of a prefix: as long as the pin is there, nothing that it names is collected. A branch
// has one in every prefix that holds files or slots of its base, named by its id and digits that no other fork uses. In the
// prefix it was forked from it has a second one, named by its id alone: that makes it a branch of this name.
import { assert } from "../../lib/assert.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision } from "../../core/words.js";
import { addressMembers, readAddress, type SlotAddress } from "../../archive/chain.js";
import { encodeJsonObject, JsonObjectReader } from "../../object/json-object.js";
import type { ObjectStore, ObjectTag } from "../../object/object-store.js";

export const BRANCHES_PREFIX: string = "branches/";

/** A branch's id is a part of keys and paths. */
const BRANCH_ID_CHARS_MAX = 64;
const BRANCH_ID = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${BRANCH_ID_CHARS_MAX - 1}}$`);

/** A part of this prefix's chain. */
export interface PinnedSlots {
  readonly from: SlotAddress;
  readonly throughIndex: LogIndex;
}

export interface Pin {
  readonly branchId: string;
  /** Where the branch's own objects are, relative to the prefix that holds the pin. */
  readonly target: string;
  /** A checkpoint of this prefix. */
  readonly checkpoint: string | null;
  /** Keys of this prefix. */
  readonly files: readonly string[];
  readonly slots: readonly PinnedSlots[];
  /** Where the branch begins. */
  readonly index: LogIndex;
  readonly revision: Revision;
  readonly createdMs: number;
  /** The same in all pins of one fork. */
  readonly writeId: string;
}

export interface ReadPin {
  readonly key: string;
  readonly pin: Pin;
  readonly tag: ObjectTag;
}

/** Throws T4_INVALID_ARGUMENT. */
export function assertBranchId(branchId: string): void {
  if (!BRANCH_ID.test(branchId)) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `"${branchId}" is no name for a branch: use up to ${BRANCH_ID_CHARS_MAX} letters, digits, ".", "_" and "-", ` +
        "beginning with a letter or digit",
    );
  }
}

/** In the prefix that the branch was forked from: one branch has this name. */
export function branchKey(branchId: string): string {
  return `${BRANCHES_PREFIX}${branchId}`;
}

/**
 * In every prefix. The digits are of the fork: a call that removes the pin of a fork that was given up may come late, and must
 * never meet the pin of the next try.
 */
export function holdKey(branchId: string, writeId: string): string {
  return `${BRANCHES_PREFIX}${branchId}~${writeId.slice(0, 8)}`;
}

/** Whether a key below `branches/` has the name of a pin. */
export function isPinKey(key: string): boolean {
  const [branchId = "", digits, rest] = key.slice(BRANCHES_PREFIX.length).split("~");
  const isNamed = key.startsWith(BRANCHES_PREFIX) && BRANCH_ID.test(branchId);
  return isNamed && (digits === undefined || /^[0-9a-f]{8}$/.test(digits)) && rest === undefined;
}

/** Whether it is the pin that names the branch, in the prefix it was forked from. */
export function isBranchKey(key: string): boolean {
  return isPinKey(key) && !key.includes("~");
}

export function encodePin(pin: Pin): Uint8Array {
  assert(BRANCH_ID.test(pin.branchId), "a pin is of a branch");
  return encodeJsonObject({
    branchId: pin.branchId,
    target: pin.target,
    checkpoint: pin.checkpoint,
    files: pin.files,
    slots: pin.slots.map(({ from, throughIndex }) => ({
      from: addressMembers(from),
      throughIndex,
    })),
    index: pin.index,
    revision: pin.revision,
    createdMs: pin.createdMs,
    writeId: pin.writeId,
  });
}

/** Throws T4_CORRUPT and T4_FORMAT_TOO_NEW. */
export function decodePin(body: Uint8Array, name: string): Pin {
  const reader = JsonObjectReader.decode(body, name);
  return {
    branchId: reader.text("branchId"),
    target: reader.text("target"),
    checkpoint: reader.textOrNull("checkpoint"),
    files: reader.texts("files"),
    slots: reader.objects("slots").map((slots) => ({
      from: readAddress(slots.object("from")),
      throughIndex: slots.count("throughIndex") as LogIndex,
    })),
    index: reader.count("index") as LogIndex,
    revision: reader.count("revision") as Revision,
    createdMs: reader.count("createdMs"),
    writeId: reader.hex("writeId", 16),
  };
}

/** Null if there is none. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or an ObjectStoreError. */
export async function readPin(store: ObjectStore, key: string): Promise<ReadPin | null> {
  const object = await store.get(key);
  return object === null
    ? null
    : { key, pin: decodePin(object.body, store.url + key), tag: object.tag };
}

/**
 * All pins of a prefix, in the order of their keys. One that cannot be read fails the call: what it holds is unknown. An
 * object of another name is no pin.
 */
export async function readPins(store: ObjectStore): Promise<ReadPin[]> {
  const pins: ReadPin[] = [];
  for await (const { key } of store.list(BRANCHES_PREFIX)) {
    if (isPinKey(key)) {
      const read = await readPin(store, key);
      // Removed since it was listed.
      if (read !== null) {
        pins.push(read);
      }
    }
  }
  return pins;
}
