// The HPACK decoder (RFC 7541): the header blocks of one connection, in the order they came. Every block must be
// decoded, also of requests that are refused, or the tables of both ends drift apart.
// It must never keep more than the header list limit allows, however small the block that asks for it.
import { latin1 } from "../../lib/bytes.js";
import { type HeaderField, makeField, makeFieldNamedAs } from "./field.js";
import { huffmanDecode } from "./huffman.js";
import { STATIC_TABLE } from "./static-table.js";

/** The table size that both ends begin with, and that we never raise (RFC 9113, 6.5.2). */
export const HEADER_TABLE_BYTES = 4096;

/** The peer's header block cannot be decoded: the connection is lost (COMPRESSION_ERROR). */
export class HpackError extends Error {
  override readonly name = "HpackError";
}

const STATIC_FIELDS: readonly HeaderField[] = STATIC_TABLE.map(([name, value]) =>
  makeField(name, value),
);

/** Evicted slots at the head of the dynamic table before it is moved down. */
const EVICTED_SLOTS_MAX = 256;

/** A literal longer than this many continuation bytes is refused: 5 × 7 bits hold any length we allow. */
const INTEGER_CONTINUATION_BYTES_MAX = 5;

export class HpackDecoder {
  readonly #listBytesMax: number;
  /** Newest field last; slots before `#oldest` are evicted. */
  #table: (HeaderField | undefined)[] = [];
  #oldest = 0;
  #tableBytes = 0;
  #tableBytesMax = HEADER_TABLE_BYTES;
  #at = 0;
  #mutations = 0;
  #listTooLarge = false;

  /** @param listBytesMax limit of a decoded header list, counted as RFC 9113, 6.5.2 does. */
  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax;
  }

  /** Grows with each change of the dynamic table: equal blocks decode equally while it stands still. */
  get mutations(): number {
    return this.#mutations;
  }

  /** Whether the last block was over the header list limit: its fields are then incomplete. */
  get listTooLarge(): boolean {
    return this.#listTooLarge;
  }

  get tableBytes(): number {
    return this.#tableBytes;
  }

  /** Decodes `block[start, end)` into `fields[0, n)` and returns n. Throws an HpackError. */
  decode(block: Uint8Array, start: number, end: number, fields: HeaderField[]): number {
    this.#at = start;
    this.#listTooLarge = false;
    let count = 0;
    let listBytes = 0;
    let updatesAllowed = true;
    while (this.#at < end) {
      const first = block[this.#at] as number;
      if ((first & 0xe0) === 0x20) {
        if (!updatesAllowed) {
          throw new HpackError("a table size update comes after a field");
        }
        this.#resize(this.#integer(block, end, 31));
        continue;
      }
      updatesAllowed = false;
      let field: HeaderField;
      if (first >= 0x80) {
        field = this.#field(this.#integer(block, end, 127));
      } else if (first >= 0x40) {
        field = this.#literal(block, end, 63);
        this.#insert(field);
      } else {
        field = this.#literal(block, end, 15);
      }
      listBytes += field.size;
      if (listBytes > this.#listBytesMax) {
        this.#listTooLarge = true;
      } else {
        fields[count] = field;
        count += 1;
      }
    }
    return count;
  }

  #field(index: number): HeaderField {
    if (index <= STATIC_FIELDS.length) {
      if (index === 0) {
        throw new HpackError("index 0");
      }
      return STATIC_FIELDS[index - 1] as HeaderField;
    }
    const slot = this.#table.length - (index - STATIC_FIELDS.length);
    const field = slot < this.#oldest ? undefined : this.#table[slot];
    if (field === undefined) {
      throw new HpackError("an index past the dynamic table");
    }
    return field;
  }

  #literal(block: Uint8Array, end: number, prefixMask: number): HeaderField {
    const index = this.#integer(block, end, prefixMask);
    if (index === 0) {
      const name = this.#string(block, end);
      return makeField(name, this.#string(block, end));
    }
    return makeFieldNamedAs(this.#field(index), this.#string(block, end));
  }

  #integer(block: Uint8Array, end: number, prefixMask: number): number {
    let value = (block[this.#at] as number) & prefixMask;
    this.#at += 1;
    if (value < prefixMask) {
      return value;
    }
    let scale = 1;
    for (let i = 0; i < INTEGER_CONTINUATION_BYTES_MAX; i += 1) {
      if (this.#at >= end) {
        throw new HpackError("an integer ends early");
      }
      const byte = block[this.#at] as number;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        return value;
      }
      scale *= 0x80;
    }
    throw new HpackError("an integer is too large");
  }

  #string(block: Uint8Array, end: number): string {
    if (this.#at >= end) {
      throw new HpackError("a string is missing");
    }
    const isHuffman = (block[this.#at] as number) >= 0x80;
    const length = this.#integer(block, end, 127);
    const start = this.#at;
    if (length > end - start) {
      throw new HpackError("a string ends past its block");
    }
    this.#at = start + length;
    if (!isHuffman) {
      return latin1(block, start, start + length);
    }
    const text = huffmanDecode(block, start, start + length);
    if (text === undefined) {
      throw new HpackError("a Huffman string is malformed");
    }
    return text;
  }

  #insert(field: HeaderField): void {
    this.#mutations += 1;
    this.#table.push(field);
    this.#tableBytes += field.size;
    this.#evict();
  }

  #resize(bytesMax: number): void {
    if (bytesMax > HEADER_TABLE_BYTES) {
      throw new HpackError("a table size update over the limit we announced");
    }
    this.#mutations += 1;
    this.#tableBytesMax = bytesMax;
    this.#evict();
  }

  /** Drops the oldest fields until the rest fits; a field larger than the whole table empties it. */
  #evict(): void {
    while (this.#tableBytes > this.#tableBytesMax) {
      this.#tableBytes -= (this.#table[this.#oldest] as HeaderField).size;
      this.#table[this.#oldest] = undefined;
      this.#oldest += 1;
    }
    if (this.#oldest > EVICTED_SLOTS_MAX) {
      this.#table = this.#table.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}
