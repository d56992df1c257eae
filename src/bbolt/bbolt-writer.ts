// Writes a bbolt file from entries that come in order: each tree grows from its leaves up, pages are written once, one
// after the other, and memory is one page for each level of the tree. The meta pages come last, so what is not finished
// is no bbolt file.
import { assert } from "../lib/assert.js";
import { compareBytes } from "../lib/bytes.js";
import {
  BUCKET_FLAG,
  BUCKET_HEAD_BYTES,
  PAGE_HEAD_BYTES,
  PAGE_KINDS,
  viewOf,
  writeMeta,
  type ByteSink,
} from "./format.js";
import { PageBuilder } from "./page-builder.js";

const PAGE_BYTES_DEFAULT = 4_096;
/** Pages gathered for one write. */
const WRITE_BYTES: number = 256 * 1024;

interface OpenBucket {
  readonly name: Uint8Array;
  /** Leaves first. */
  readonly levels: PageBuilder[];
  holdsBuckets: boolean;
}

export class BboltWriter {
  readonly #sink: ByteSink;
  readonly #pageBytes: number;
  readonly #buckets: OpenBucket[];
  #output: Uint8Array = new Uint8Array(WRITE_BYTES);
  #outputBytes = 0;
  #written: number;
  #nextPage = 2;

  constructor(sink: ByteSink, pageBytes: number = PAGE_BYTES_DEFAULT) {
    this.#sink = sink;
    this.#pageBytes = pageBytes;
    this.#written = 2 * pageBytes;
    this.#buckets = [openBucket(new Uint8Array(0))];
  }

  /** Bytes that the file has so far. */
  get bytes(): number {
    return this.#nextPage * this.#pageBytes;
  }

  /** What is put from now on goes into a bucket within the current one, until `endBucket`. */
  beginBucket(name: Uint8Array): void {
    assert(name.length > 0, "a bucket has a name");
    this.#buckets.push(openBucket(name.slice()));
  }

  endBucket(): void {
    const bucket = this.#buckets.pop();
    assert(bucket !== undefined && this.#buckets.length > 0, "a bucket that is ended was begun");
    const parent = this.#current();
    parent.holdsBuckets = true;
    const leaf = bucket.levels[0] as PageBuilder;
    const isInline =
      bucket.levels.length === 1 && !bucket.holdsBuckets && leaf.bytes <= this.#pageBytes / 4;
    let value: Uint8Array;
    if (isInline) {
      value = new Uint8Array(BUCKET_HEAD_BYTES + leaf.bytes);
      leaf.write(value, BUCKET_HEAD_BYTES, 0, 0);
    } else {
      value = new Uint8Array(BUCKET_HEAD_BYTES);
      viewOf(value).setBigUint64(0, BigInt(this.#finishTree(bucket)), true);
    }
    this.#add(parent, bucket.name, value, BUCKET_FLAG);
  }

  /** Puts an entry into the current bucket. Keys come in the order of their bytes, each once. Both are copied. */
  put(key: Uint8Array, value: Uint8Array): void {
    assert(this.#buckets.length > 1, "entries are in buckets");
    this.#add(this.#current(), key, value, 0);
  }

  /** Writes what is missing; the file's size. The caller syncs. */
  finish(): number {
    assert(this.#buckets.length === 1, "every bucket is ended");
    const root = this.#finishTree(this.#current());
    const freelist = this.#nextPage;
    const page = new Uint8Array(this.#pageBytes);
    const view = viewOf(page);
    view.setBigUint64(0, BigInt(freelist), true);
    view.setUint16(8, PAGE_KINDS.freelist, true);
    this.#append(page);
    this.#nextPage += 1;
    this.#flush();
    const metas = new Uint8Array(2 * this.#pageBytes);
    for (let number = 0; number < 2; number += 1) {
      const at = number * this.#pageBytes;
      const head = viewOf(metas);
      head.setBigUint64(at, BigInt(number), true);
      head.setUint16(at + 8, PAGE_KINDS.meta, true);
      writeMeta(metas, at + PAGE_HEAD_BYTES, {
        pageBytes: this.#pageBytes,
        root,
        sequence: 0n,
        freelist: BigInt(freelist),
        pages: this.#nextPage,
        // bbolt's rule: a transaction's meta page is its number modulo 2.
        transaction: BigInt(2 - number),
      });
    }
    this.#sink.write(metas, 0);
    return this.bytes;
  }

  #current(): OpenBucket {
    return this.#buckets[this.#buckets.length - 1] as OpenBucket;
  }

  #add(bucket: OpenBucket, key: Uint8Array, value: Uint8Array, flags: number): void {
    const leaf = bucket.levels[0] as PageBuilder;
    assert(leaf.lastKey === null || compareBytes(leaf.lastKey, key) < 0, "keys of a bucket ascend");
    if (!leaf.fits(key.length + value.length, this.#pageBytes)) {
      this.#flushLevel(bucket, 0);
    }
    leaf.addEntry(key, value, flags);
  }

  /** Writes the page that gathers on a level, and names it in the level above. */
  #flushLevel(bucket: OpenBucket, level: number): void {
    const builder = bucket.levels[level] as PageBuilder;
    const firstKey = builder.firstKey();
    const number = this.#writePage(builder);
    let above = bucket.levels[level + 1];
    if (above === undefined) {
      above = new PageBuilder(PAGE_KINDS.branch);
      bucket.levels.push(above);
    }
    if (!above.fits(firstKey.length, this.#pageBytes)) {
      this.#flushLevel(bucket, level + 1);
    }
    above.addChild(firstKey, number);
  }

  /** Writes what gathers on all levels; the number of the tree's root page. */
  #finishTree(bucket: OpenBucket): number {
    const { levels } = bucket;
    for (let level = 0; level + 1 < levels.length; level += 1) {
      if ((levels[level] as PageBuilder).count > 0) {
        this.#flushLevel(bucket, level);
      }
    }
    const top = levels[levels.length - 1] as PageBuilder;
    return this.#writePage(top);
  }

  #writePage(builder: PageBuilder): number {
    const pages = Math.max(1, Math.ceil(builder.bytes / this.#pageBytes));
    const page = new Uint8Array(pages * this.#pageBytes);
    const number = this.#nextPage;
    builder.write(page, 0, number, pages - 1);
    builder.clear();
    this.#append(page);
    this.#nextPage += pages;
    return number;
  }

  #append(page: Uint8Array): void {
    if (this.#outputBytes + page.length > this.#output.length) {
      this.#flush();
    }
    if (page.length > this.#output.length) {
      this.#sink.write(page, this.#written);
      this.#written += page.length;
      return;
    }
    this.#output.set(page, this.#outputBytes);
    this.#outputBytes += page.length;
  }

  #flush(): void {
    if (this.#outputBytes > 0) {
      this.#sink.write(this.#output.subarray(0, this.#outputBytes), this.#written);
      this.#written += this.#outputBytes;
      this.#outputBytes = 0;
    }
  }
}

function openBucket(name: Uint8Array): OpenBucket {
  return { name, levels: [new PageBuilder(PAGE_KINDS.leaf)], holdsBuckets: false };
}
