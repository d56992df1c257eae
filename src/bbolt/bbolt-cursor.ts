// Walks the entries of one bucket in order, checking on the way what bbolt's own `check` does: kinds and bounds of pages
// and elements, and that keys ascend. That also ends a walk over pages that name each other in a circle.
import { compareBytes } from "../lib/bytes.js";
import {
  BboltError,
  BUCKET_FLAG,
  BUCKET_HEAD_BYTES,
  ELEMENT_BYTES,
  PAGE_HEAD_BYTES,
  PAGE_KINDS,
  viewOf,
} from "./format.js";

export type Bucket =
  | { readonly kind: "pages"; readonly root: number; readonly sequence: bigint }
  /** `page` is a view of the value that holds it. */
  | { readonly kind: "inline"; readonly page: Uint8Array; readonly sequence: bigint };

/** What a cursor reads pages from. */
export interface Pages {
  readonly meta: { readonly pageBytes: number };
  page(number: number): Uint8Array;
}

/** A tree of the largest file has a dozen levels; more is a circle. */
const DEPTH_MAX = 48;

interface Level {
  /** Null: inline. */
  readonly number: number | null;
  readonly page: Uint8Array;
  readonly view: DataView;
  readonly count: number;
  readonly isLeaf: boolean;
  at: number;
}

export class BboltCursor {
  readonly #pages: Pages;
  readonly #levels: Level[] = [];
  #leaf: Level | null = null;
  #keyStart = 0;
  #keyEnd = 0;
  #valueEnd = 0;
  /** The key of the entry before: a view of its page. */
  #before: Uint8Array | null = null;

  constructor(pages: Pages, bucket: Bucket) {
    this.#pages = pages;
    if (bucket.kind === "inline") {
      this.#enter(null, bucket.page, null);
    } else {
      this.#enter(bucket.root, pages.page(bucket.root), null);
    }
  }

  /** Moves to the next entry; false at the end. Throws a BboltError. */
  next(): boolean {
    for (;;) {
      const level = this.#levels.at(-1);
      if (level === undefined) {
        this.#leaf = null;
        return false;
      }
      if (level.at >= level.count) {
        this.#levels.pop();
        continue;
      }
      const at = level.at;
      level.at += 1;
      if (level.isLeaf) {
        this.#readLeafElement(level, at);
        return true;
      }
      this.#descend(level, at);
    }
  }

  /** A view of the key: it stays valid, and keeps its page in memory. */
  get key(): Uint8Array {
    return this.#current().page.subarray(this.#keyStart, this.#keyEnd);
  }

  /** A view of the value. For an entry that is a bucket: use `bucket`. */
  get value(): Uint8Array {
    return this.#current().page.subarray(this.#keyEnd, this.#valueEnd);
  }

  get isBucket(): boolean {
    const level = this.#current();
    const flags = level.view.getUint32(elementAt(level.at - 1), true);
    return (flags & BUCKET_FLAG) !== 0;
  }

  /** The bucket that this entry is. */
  bucket(): Bucket {
    const value = this.value;
    const view = viewOf(value);
    if (!this.isBucket || value.length < BUCKET_HEAD_BYTES) {
      throw this.#damaged(this.#current(), "an entry that should be a bucket is none");
    }
    const root = view.getBigUint64(0, true);
    const sequence = view.getBigUint64(8, true);
    if (root > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.#damaged(this.#current(), `a bucket begins at page ${root}`);
    }
    return root === 0n
      ? { kind: "inline", page: value.subarray(BUCKET_HEAD_BYTES), sequence }
      : { kind: "pages", root: Number(root), sequence };
  }

  #current(): Level {
    if (this.#leaf === null) {
      throw new RangeError("a cursor stands at an entry");
    }
    return this.#leaf;
  }

  #readLeafElement(level: Level, at: number): void {
    const element = elementAt(at);
    const start = element + level.view.getUint32(element + 4, true);
    const keyEnd = start + level.view.getUint32(element + 8, true);
    const valueEnd = keyEnd + level.view.getUint32(element + 12, true);
    if (start < elementAt(level.count) || valueEnd > level.page.length) {
      throw this.#damaged(level, `entry ${at} lies outside its page`);
    }
    const key = level.page.subarray(start, keyEnd);
    if (this.#before !== null && compareBytes(this.#before, key) >= 0) {
      throw this.#damaged(level, `the key of entry ${at} is not after the one before`);
    }
    this.#before = key;
    this.#leaf = level;
    this.#keyStart = start;
    this.#keyEnd = keyEnd;
    this.#valueEnd = valueEnd;
  }

  #descend(level: Level, at: number): void {
    const least = branchKey(level, at);
    if (least === null) {
      throw this.#damaged(level, `entry ${at} lies outside its page`);
    }
    if (this.#before !== null && compareBytes(this.#before, least) >= 0) {
      throw this.#damaged(level, `the keys before entry ${at} reach past it`);
    }
    const child = level.view.getBigUint64(elementAt(at) + 8, true);
    if (child > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.#damaged(level, `entry ${at} names page ${child}`);
    }
    const number = Number(child);
    this.#enter(number, this.#pages.page(number), least);
  }

  /** `least`: no key of the page may come before; null for a bucket's root, which alone may be empty. */
  #enter(number: number | null, page: Uint8Array, least: Uint8Array | null): void {
    const view = viewOf(page);
    if (page.length < PAGE_HEAD_BYTES) {
      throw new BboltError("damaged", this.#offset(number), "an inline bucket ends early");
    }
    const kind = view.getUint16(8, true);
    const count = view.getUint16(10, true);
    const isLeaf = kind === PAGE_KINDS.leaf;
    const level: Level = { number, page, view, count, isLeaf, at: 0 };
    if (!isLeaf && (kind !== PAGE_KINDS.branch || number === null)) {
      throw this.#damaged(level, `it is neither a branch nor a leaf (kind ${kind})`);
    }
    if (elementAt(count) > page.length) {
      throw this.#damaged(level, `its ${count} entries do not fit into it`);
    }
    if (count === 0 && (least !== null || !isLeaf)) {
      throw this.#damaged(level, "it is empty");
    }
    if (least !== null) {
      const first = isLeaf ? leafKey(level) : branchKey(level, 0);
      if (first === null || compareBytes(first, least) < 0) {
        throw this.#damaged(level, "its first key is before the one that leads to it");
      }
    }
    this.#levels.push(level);
    if (this.#levels.length > DEPTH_MAX) {
      throw this.#damaged(level, "pages lead to each other in a circle");
    }
  }

  #damaged(level: Level, what: string): BboltError {
    const name = level.number === null ? "a page within a value" : `page ${level.number}`;
    return new BboltError("damaged", this.#offset(level.number), `${name}: ${what}`);
  }

  #offset(number: number | null): number {
    return (number ?? 0) * this.#pages.meta.pageBytes;
  }
}

function elementAt(at: number): number {
  return PAGE_HEAD_BYTES + at * ELEMENT_BYTES;
}

function branchKey(level: Level, at: number): Uint8Array | null {
  const element = elementAt(at);
  const start = element + level.view.getUint32(element, true);
  const end = start + level.view.getUint32(element + 4, true);
  return end > level.page.length ? null : level.page.subarray(start, end);
}

function leafKey(level: Level): Uint8Array | null {
  const element = elementAt(0);
  const start = element + level.view.getUint32(element + 4, true);
  const end = start + level.view.getUint32(element + 8, true);
  return end > level.page.length ? null : level.page.subarray(start, end);
}
