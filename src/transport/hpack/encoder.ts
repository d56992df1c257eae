// Encoding of response headers. Nearly every answer is ":status 200, content-type application/grpc" and
// "grpc-status 0": these two fields are put into the peer's dynamic table once, and are one byte each from then on.
// All else is sent as literals that never touch the table, so that blocks can be built ahead and sent in any order.
import { HEADER_TABLE_BYTES } from "./decoder.js";
import { STATIC_TABLE } from "./static-table.js";

/** Both fields together, as RFC 7541, 4.1 counts: 60 + 44. A smaller table is not used at all. */
const TABLE_BYTES_NEEDED = 104;

const STATUS_200_INDEXED = 0x88;
const CONTENT_TYPE_INDEXED = 0x80 | 63;
const GRPC_STATUS_INDEXED = 0x80 | 62;

/** Index of the first static entry of each name. */
const STATIC_NAME_INDEX: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(([name], i): [string, number] => [name, i + 1]).reverse(),
);

function pushInteger(target: number[], firstByte: number, prefixMask: number, value: number): void {
  if (value < prefixMask) {
    target.push(firstByte | value);
    return;
  }
  target.push(firstByte | prefixMask);
  let rest = value - prefixMask;
  while (rest > 0x7f) {
    target.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  target.push(rest);
}

function pushString(target: number[], text: string): void {
  pushInteger(target, 0, 127, text.length);
  for (let i = 0; i < text.length; i += 1) {
    target.push(text.charCodeAt(i) & 0xff);
  }
}

function pushField(target: number[], firstByte: number, name: string, value: string): void {
  const prefixMask = firstByte === 0x40 ? 63 : 15;
  const index = STATIC_NAME_INDEX.get(name);
  if (index === undefined) {
    pushInteger(target, firstByte, prefixMask, 0);
    pushString(target, name);
  } else {
    pushInteger(target, firstByte, prefixMask, index);
  }
  pushString(target, value);
}

/** A block of latin1 fields as literals without indexing: valid whatever the state of the peer's table. */
export function encodeLiteralBlock(
  fields: readonly (readonly [name: string, value: string])[],
): Uint8Array {
  const block: number[] = [];
  for (const [name, value] of fields) {
    pushField(block, 0x00, name, value);
  }
  return Uint8Array.from(block);
}

function withInserted(prefix: readonly number[], name: string, value: string): Uint8Array {
  const block = [...prefix];
  pushField(block, 0x40, name, value);
  return Uint8Array.from(block);
}

export interface GrpcBlocks {
  /** Head of an answer: :status 200, content-type application/grpc. */
  readonly head: Uint8Array;
  /** Trailers of a call that went well: grpc-status 0. */
  readonly trailers: Uint8Array;
}

const LITERAL: GrpcBlocks = {
  head: encodeLiteralBlock([
    [":status", "200"],
    ["content-type", "application/grpc"],
  ]),
  trailers: encodeLiteralBlock([["grpc-status", "0"]]),
};
const INSERTING: GrpcBlocks = {
  head: withInserted([STATUS_200_INDEXED], "content-type", "application/grpc"),
  trailers: withInserted([], "grpc-status", "0"),
};
export const INDEXED_GRPC_BLOCKS: GrpcBlocks = {
  head: Uint8Array.of(STATUS_200_INDEXED, CONTENT_TYPE_INDEXED),
  trailers: Uint8Array.of(GRPC_STATUS_INDEXED),
};

const NO_BYTES = new Uint8Array(0);

/** What the peer's decoder holds of ours, for one connection. */
export class HpackEncoder {
  #tableBytesMax = HEADER_TABLE_BYTES;
  #inserted = false;
  /** Smallest size set since the last block, or −1 if none is owed. */
  #smallestOwed = -1;

  /** True while the two fields are in the peer's table and no size update is owed: the state to be fast in. */
  isSteady = false;

  /** The peer has set its SETTINGS_HEADER_TABLE_SIZE. */
  peerTableBytes(bytesMax: number): void {
    const wanted = Math.min(bytesMax, HEADER_TABLE_BYTES);
    if (wanted === this.#tableBytesMax && this.#smallestOwed < 0) {
      return;
    }
    this.#smallestOwed = this.#smallestOwed < 0 ? wanted : Math.min(this.#smallestOwed, wanted);
    this.#tableBytesMax = wanted;
    // Kept or evicted by the peer: inserting again is right in both cases, since the newest entry counts.
    this.#inserted = false;
    this.isSteady = false;
  }

  /**
   * The size updates owed, to be put at the start of the next block: the smallest size since the last block, then the
   * present one (RFC 7541, 4.2). Never more than two.
   */
  takeSizeUpdates(): Uint8Array {
    if (this.#smallestOwed < 0) {
      return NO_BYTES;
    }
    const updates: number[] = [];
    if (this.#smallestOwed < this.#tableBytesMax) {
      pushInteger(updates, 0x20, 31, this.#smallestOwed);
    }
    pushInteger(updates, 0x20, 31, this.#tableBytesMax);
    this.#smallestOwed = -1;
    this.isSteady = this.#inserted;
    return Uint8Array.from(updates);
  }

  /** Blocks for an answer whose head and trailers leave together, with nothing in between. */
  grpcBlocksTogether(): GrpcBlocks {
    if (this.#inserted) {
      return INDEXED_GRPC_BLOCKS;
    }
    if (this.#tableBytesMax < TABLE_BYTES_NEEDED) {
      return LITERAL;
    }
    this.#inserted = true;
    this.isSteady = this.#smallestOwed < 0;
    return INSERTING;
  }

  /** Blocks that leave the table as it is. */
  grpcBlocks(): GrpcBlocks {
    return this.#inserted ? INDEXED_GRPC_BLOCKS : LITERAL;
  }
}
