// The open streams of a connection by their ids. A Map would do, but one in which keys come and go makes itself anew
// every few dozen calls, each time pointing from the old to the new: the garbage collector's young generation then keeps
// all of them, with the streams they once held, until the next collection of the whole heap. That was most of what a
// put left to it.
import type { Stream } from "./stream.js";

const SLOTS_MIN = 16;

export class StreamTable {
  /** Each stream at the slot of its id or, with no empty slot between, behind it. At most half are used. */
  #slots: (Stream | undefined)[] = new Array<Stream | undefined>(SLOTS_MIN).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Stream | undefined {
    return this.#slots[this.#slotOf(id)];
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** Adds a stream whose id is not there yet. */
  add(stream: Stream): void {
    if (2 * (this.#size + 1) > this.#slots.length) {
      const streams = this.all();
      this.#slots = new Array<Stream | undefined>(2 * this.#slots.length).fill(undefined);
      for (const each of streams) {
        this.#slots[this.#slotOf(each.id)] = each;
      }
    }
    this.#slots[this.#slotOf(stream.id)] = stream;
    this.#size += 1;
  }

  delete(id: number): void {
    const slots = this.#slots;
    const last = slots.length - 1;
    let hole = this.#slotOf(id);
    if (slots[hole] === undefined) {
      return;
    }
    this.#size -= 1;
    // What stands behind moves up, unless it would come to stand before its own slot.
    for (let at = (hole + 1) & last; ; at = (at + 1) & last) {
      const stream = slots[at];
      if (stream === undefined) {
        break;
      }
      const own = (stream.id >>> 1) & last;
      if (((at - own) & last) >= ((at - hole) & last)) {
        slots[hole] = stream;
        hole = at;
      }
    }
    slots[hole] = undefined;
  }

  all(): Stream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }

  /** Where a stream is, or would be. Clients count by twos. */
  #slotOf(id: number): number {
    const slots = this.#slots;
    const last = slots.length - 1;
    let at = (id >>> 1) & last;
    for (let stream = slots[at]; stream !== undefined && stream.id !== id; stream = slots[at]) {
      at = (at + 1) & last;
    }
    return at;
  }
}
