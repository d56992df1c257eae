// Where something is in the archive: the log's copy in the object store is a chain of slots, each an object of its own that is
// put only if absent and names the one before by its hash.
// Invariant: the order of slots' keys is the order of the chain.
import type { JsonObjectReader } from "../object/json-object.js";
import type { LogIndex, Term } from "../core/words.js";

/** A slot's place: the term of who uploads, which later uploaders raise, and the index of its first entry. */
export interface SlotAddress {
  readonly term: Term;
  readonly firstIndex: LogIndex;
}

/** The next slot: where it goes, and what it must name as the one before. */
export interface ChainPosition extends SlotAddress {
  /** SHA-256 of the slot before, as 64 hexadecimal digits; zeros before the first of a database. */
  readonly previousHash: string;
}

export const HASH_DIGITS: number = 64;
export const NO_HASH: string = "0".repeat(HASH_DIGITS);
/** All slots' keys begin so. */
export const WAL_PREFIX: string = "wal/";

const KEY_PATTERN = /^wal\/(\d{16})\/(\d{16})$/;

function padded(value: number): string {
  return String(value).padStart(16, "0");
}

export function slotKey({ term, firstIndex }: SlotAddress): string {
  return `${slotPrefix(term)}${padded(firstIndex)}`;
}

/** What the keys of a term's slots begin with. */
export function slotPrefix(term: Term): string {
  return `${WAL_PREFIX}${padded(term)}/`;
}

/** The address that a key tells; null if it is no slot's key. */
export function addressOfKey(key: string): SlotAddress | null {
  const match = KEY_PATTERN.exec(key);
  const term = Number(match?.[1]);
  const firstIndex = Number(match?.[2]);
  return Number.isSafeInteger(term) && Number.isSafeInteger(firstIndex)
    ? { term: term as Term, firstIndex: firstIndex as LogIndex }
    : null;
}

/** Negative if `left` comes first in the chain, 0 if they are the same place. */
export function compareAddresses(left: SlotAddress, right: SlotAddress): number {
  return left.term === right.term ? left.firstIndex - right.firstIndex : left.term - right.term;
}

/** The members of an address, in the documented order. */
export function addressMembers({ term, firstIndex }: SlotAddress): Record<string, unknown> {
  return { term, firstIndex };
}

export function positionMembers(position: ChainPosition): Record<string, unknown> {
  return { ...addressMembers(position), previousHash: position.previousHash };
}

/** Throws T4_CORRUPT. */
export function readAddress(reader: JsonObjectReader): SlotAddress {
  return {
    term: reader.count("term") as Term,
    firstIndex: reader.count("firstIndex") as LogIndex,
  };
}

/** Throws T4_CORRUPT. */
export function readPosition(reader: JsonObjectReader): ChainPosition {
  return { ...readAddress(reader), previousHash: reader.hex("previousHash", HASH_DIGITS) };
}
