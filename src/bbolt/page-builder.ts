// A page that gathers: its elements stand before its keys and values, so both are kept apart until it is written.
import { assert } from "../lib/assert.js";
import { ELEMENT_BYTES, PAGE_HEAD_BYTES, PAGE_KINDS, viewOf } from "./format.js";

/** A page's count has 16 bits, and bbolt uses the greatest for something else. */
const COUNT_MAX = 0xfffe;

export class PageBuilder {
  readonly #kind: number;
  #data: Uint8Array = new Uint8Array(8_192);
  #dataBytes = 0;
  readonly #keyBytes: number[] = [];
  readonly #valueBytes: number[] = [];
  /** Of a leaf its flags, of a branch its page. */
  readonly #marks: number[] = [];
  /** The last key added, also after the page was written: keys ascend from page to page. */
  lastKey: Uint8Array | null = null;

  constructor(kind: (typeof PAGE_KINDS)["leaf" | "branch"]) {
    this.#kind = kind;
  }

  get count(): number {
    return this.#marks.length;
  }

  /** Bytes of the page so far. */
  get bytes(): number {
    return PAGE_HEAD_BYTES + this.count * ELEMENT_BYTES + this.#dataBytes;
  }

  /** Whether one more element leaves the page within its size. The first always does: it may have several pages. */
  fits(bytes: number, pageBytes: number): boolean {
    return (
      this.count === 0 ||
      (this.count < COUNT_MAX && this.bytes + ELEMENT_BYTES + bytes <= pageBytes)
    );
  }

  addEntry(key: Uint8Array, value: Uint8Array, flags: number): void {
    this.#add(key, value, flags);
  }

  addChild(key: Uint8Array, page: number): void {
    this.#add(key, noBytes, page);
  }

  /** A copy of the first key. */
  firstKey(): Uint8Array {
    assert(this.count > 0, "a page that is named has a key");
    return this.#data.slice(0, this.#keyBytes[0]);
  }

  /** Writes the page at `at`. */
  write(target: Uint8Array, at: number, number: number, overflow: number): void {
    const view = viewOf(target);
    view.setBigUint64(at, BigInt(number), true);
    view.setUint16(at + 8, this.#kind, true);
    view.setUint16(at + 10, this.count, true);
    view.setUint32(at + 12, overflow, true);
    const dataStart = PAGE_HEAD_BYTES + this.count * ELEMENT_BYTES;
    let data = dataStart;
    for (let i = 0; i < this.count; i += 1) {
      const element = PAGE_HEAD_BYTES + i * ELEMENT_BYTES;
      const keyBytes = this.#keyBytes[i] as number;
      const mark = this.#marks[i] as number;
      if (this.#kind === PAGE_KINDS.leaf) {
        view.setUint32(at + element, mark, true);
        view.setUint32(at + element + 4, data - element, true);
        view.setUint32(at + element + 8, keyBytes, true);
        view.setUint32(at + element + 12, this.#valueBytes[i] as number, true);
      } else {
        view.setUint32(at + element, data - element, true);
        view.setUint32(at + element + 4, keyBytes, true);
        view.setBigUint64(at + element + 8, BigInt(mark), true);
      }
      data += keyBytes + (this.#valueBytes[i] as number);
    }
    target.set(this.#data.subarray(0, this.#dataBytes), at + dataStart);
  }

  /** Begins the next page. */
  clear(): void {
    this.#dataBytes = 0;
    this.#keyBytes.length = 0;
    this.#valueBytes.length = 0;
    this.#marks.length = 0;
  }

  #add(key: Uint8Array, value: Uint8Array, mark: number): void {
    assert(key.length > 0, "an entry has a key");
    const start = this.#dataBytes;
    const end = start + key.length + value.length;
    if (end > this.#data.length) {
      const larger = new Uint8Array(Math.max(end, this.#data.length * 2));
      larger.set(this.#data.subarray(0, start));
      this.#data = larger;
    }
    this.#data.set(key, start);
    this.#data.set(value, start + key.length);
    this.#dataBytes = end;
    this.#keyBytes.push(key.length);
    this.#valueBytes.push(value.length);
    this.#marks.push(mark);
    this.#rememberKey(key);
  }

  #rememberKey(key: Uint8Array): void {
    if (this.lastKey?.length === key.length) {
      this.lastKey.set(key);
    } else {
      this.lastKey = key.slice();
    }
  }
}

const noBytes = new Uint8Array(0);
