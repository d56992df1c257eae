// Most clients send the same header block for every call of a method. As long as the decoder's table stands still,
// equal bytes mean an equal request, so the decoded and checked head is used again: 16 bytes compared instead of ten
// fields decoded. One cache a connection, since the meaning of a block depends on the connection's table.
import { copyBytes } from "../bytes.js";
import type { RequestHead } from "./request-head.js";

const SLOTS = 16;
const BLOCK_BYTES_MAX = 256;

interface Slot {
  readonly block: Uint8Array;
  /** State of the decoder's table that the block was decoded with. */
  readonly mutations: number;
  readonly head: RequestHead;
}

function slotOf(block: Uint8Array, start: number, end: number): number {
  // The bytes that differ between methods are those of :path: its index near the start, or its text.
  const length = end - start;
  return (
    ((block[start + 2] as number) * 5 +
      (block[end - 1] as number) +
      (block[start + (length >> 1)] as number) * 3 +
      length) &
    (SLOTS - 1)
  );
}

export class HeadCache {
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(SLOTS).fill(undefined);

  get(block: Uint8Array, start: number, end: number, mutations: number): RequestHead | undefined {
    const length = end - start;
    if (length < 4 || length > BLOCK_BYTES_MAX) {
      return undefined;
    }
    const slot = this.#slots[slotOf(block, start, end)];
    if (slot?.mutations !== mutations || slot.block.length !== length) {
      return undefined;
    }
    const known = slot.block;
    for (let i = 0; i < length; i += 1) {
      if (known[i] !== block[start + i]) {
        return undefined;
      }
    }
    return slot.head;
  }

  put(block: Uint8Array, start: number, end: number, mutations: number, head: RequestHead): void {
    const length = end - start;
    if (length >= 4 && length <= BLOCK_BYTES_MAX) {
      this.#slots[slotOf(block, start, end)] = {
        block: copyBytes(block, start, end),
        mutations,
        head,
      };
    }
  }
}
