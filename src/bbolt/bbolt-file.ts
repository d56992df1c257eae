// Reads a bbolt file page by page: memory is one page for each level of the tree, however large the file.
// Must never: follow a number of the file that was not checked, or loop on a damaged one.
import { compareBytes, utf8, utf8Bytes } from "../lib/bytes.js";
import { BboltCursor, type Bucket } from "./bbolt-cursor.js";
import {
  BboltError,
  META_BYTES,
  PAGE_BYTES_MAX,
  PAGE_BYTES_MIN,
  PAGE_HEAD_BYTES,
  readMeta,
  viewOf,
  type ByteSource,
  type Meta,
} from "./format.js";

/** The largest run of pages that is read: a page holds at least one value, and no client can send a larger one. */
const PAGE_RUN_BYTES_MAX: number = 1024 * 1024 * 1024;

export class BboltFile {
  readonly meta: Meta;
  readonly root: Bucket;
  readonly #source: ByteSource;

  /** Reads the meta pages. Throws a BboltError for what is no bbolt file or ends before its last page. */
  constructor(source: ByteSource) {
    this.#source = source;
    this.meta = newestMeta(source);
    const { root, sequence, pages, pageBytes } = this.meta;
    this.root = { kind: "pages", root, sequence };
    if (source.size() < pages * pageBytes) {
      throw new BboltError(
        "damaged",
        source.size(),
        `the file is cut short: it has ${source.size()} bytes, and its pages take ${pages * pageBytes}`,
      );
    }
  }

  /** Bytes of the pages: what follows in the source is not bbolt's. */
  get bytes(): number {
    return this.meta.pages * this.meta.pageBytes;
  }

  /** All entries of a bucket in order. */
  entries(bucket: Bucket): BboltCursor {
    return new BboltCursor(this, bucket);
  }

  /** A bucket within a bucket, by its name; null if there is none. */
  bucket(within: Bucket, name: string): Bucket | null {
    const wanted = utf8Bytes(name);
    const cursor = this.entries(within);
    while (cursor.next()) {
      if (compareBytes(cursor.key, wanted) === 0) {
        return cursor.isBucket ? cursor.bucket() : null;
      }
    }
    return null;
  }

  /** Names of the buckets within a bucket. */
  bucketNames(within: Bucket): string[] {
    const names: string[] = [];
    const cursor = this.entries(within);
    while (cursor.next()) {
      if (cursor.isBucket) {
        names.push(utf8(cursor.key, 0, cursor.key.length));
      }
    }
    return names;
  }

  /** A page with those that belong to it. The bytes are the caller's. */
  page(number: number): Uint8Array {
    const { pageBytes, pages } = this.meta;
    const offset = number * pageBytes;
    if (number < 2 || number >= pages) {
      throw new BboltError(
        "damaged",
        0,
        `page ${number} is named, and the file's are 2 to ${pages - 1}`,
      );
    }
    const first = new Uint8Array(pageBytes);
    this.#read(first, offset);
    const head = viewOf(first);
    const own = head.getBigUint64(0, true);
    if (own !== BigInt(number)) {
      throw new BboltError("damaged", offset, `page ${number} says that it is page ${own}`);
    }
    const overflow = head.getUint32(12, true);
    if (overflow === 0) {
      return first;
    }
    const runBytes = (overflow + 1) * pageBytes;
    if (number + overflow >= pages || runBytes > PAGE_RUN_BYTES_MAX) {
      throw new BboltError("damaged", offset, `page ${number} claims ${runBytes} bytes`);
    }
    const run = new Uint8Array(runBytes);
    this.#read(run, offset);
    return run;
  }

  #read(target: Uint8Array, offset: number): void {
    if (this.#source.read(target, offset) !== target.length) {
      throw new BboltError("damaged", offset, "the file ends within a page");
    }
  }
}

/** As bbolt: the first meta page says how large pages are; without it every size is tried for the second. */
function newestMeta(source: ByteSource): Meta {
  const head = new Uint8Array(PAGE_BYTES_MAX + PAGE_HEAD_BYTES + META_BYTES);
  const bytes = head.subarray(0, source.read(head, 0));
  const first = readMeta(bytes, PAGE_HEAD_BYTES);
  const found = typeof first === "string" ? [] : [first];
  const sizes = typeof first === "string" ? possiblePageBytes() : [first.pageBytes];
  for (const pageBytes of sizes) {
    const second = readMeta(bytes, pageBytes + PAGE_HEAD_BYTES);
    if (typeof second !== "string" && second.pageBytes === pageBytes) {
      found.push(second);
    }
  }
  const newest = found.reduce<Meta | null>(
    (best, meta) => (best === null || meta.transaction > best.transaction ? meta : best),
    null,
  );
  if (newest === null) {
    throw new BboltError(
      "foreign",
      PAGE_HEAD_BYTES,
      `this is no bbolt file: neither meta page can be used (of the first, ${typeof first === "string" ? first : ""})`,
    );
  }
  return newest;
}

function possiblePageBytes(): number[] {
  const sizes: number[] = [];
  for (let size = PAGE_BYTES_MIN; size <= PAGE_BYTES_MAX; size *= 2) {
    sizes.push(size);
  }
  return sizes;
}
