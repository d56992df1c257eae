// The file format of bbolt (go.etcd.io/bbolt), version 2: what its reader and its writer share.
//
// Format: a file is pages of one size, numbered from 0; every number is little-endian.
//   page    u64 own number | u16 kind | u16 count | u32 pages that follow and belong to it ("overflow") | content
//   meta    pages 0 and 1: u32 magic | u32 version | u32 page bytes | u32 flags | bucket (the root) |
//           u64 freelist page | u64 pages in use | u64 transaction | u64 FNV-1a of all before
//   branch  count × (u32 offset of the key from here | u32 key bytes | u64 page) | keys
//   leaf    count × (u32 flags, 1: a bucket | u32 offset of the key from here | u32 key bytes | u32 value bytes) | keys, values
//   bucket  u64 root page | u64 sequence; a root page of 0 says that a whole leaf page follows: it is inline
// Of the two meta pages the valid one with the greater transaction counts. Keys of a bucket ascend by bytes.

/** Where a file is read. A short count from `read` means that the file ends. */
export interface ByteSource {
  read(target: Uint8Array, offset: number): number;
  size(): number;
}

/** Where a file is written, not in order: its first pages come last. */
export interface ByteSink {
  write(bytes: Uint8Array, offset: number): void;
}

/** foreign: no bbolt file, or one of a version we do not know. damaged: one that does not hold what was written to it. */
export type BboltErrorKind = "foreign" | "damaged";

/** What is wrong with a file, and at which offset. */
export class BboltError extends Error {
  override readonly name = "BboltError";
  readonly kind: BboltErrorKind;
  readonly offset: number;

  constructor(kind: BboltErrorKind, offset: number, message: string) {
    super(message);
    this.kind = kind;
    this.offset = offset;
  }
}

export const MAGIC = 0xed0cdaed;
export const VERSION = 2;
export const PAGE_HEAD_BYTES = 16;
export const ELEMENT_BYTES = 16;
export const BUCKET_HEAD_BYTES = 16;
export const META_BYTES = 64;
const META_CHECKED_BYTES = 56;

export const PAGE_KINDS = { branch: 0x01, leaf: 0x02, meta: 0x04, freelist: 0x10 } as const;
export const BUCKET_FLAG = 0x01;

/** What a meta page's freelist says when there is none: the pages in use tell it. */
export const NO_FREELIST = 0xffff_ffff_ffff_ffffn;

export const PAGE_BYTES_MIN = 1_024;
export const PAGE_BYTES_MAX: number = 64 * 1_024;

export interface Meta {
  readonly pageBytes: number;
  readonly root: number;
  readonly sequence: bigint;
  readonly freelist: bigint;
  /** Pages in use: all numbers are below. */
  readonly pages: number;
  readonly transaction: bigint;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Writes the content of a meta page at `at`. */
export function writeMeta(target: Uint8Array, at: number, meta: Meta): void {
  const view = viewOf(target);
  view.setUint32(at, MAGIC, true);
  view.setUint32(at + 4, VERSION, true);
  view.setUint32(at + 8, meta.pageBytes, true);
  view.setUint32(at + 12, 0, true);
  view.setBigUint64(at + 16, BigInt(meta.root), true);
  view.setBigUint64(at + 24, meta.sequence, true);
  view.setBigUint64(at + 32, meta.freelist, true);
  view.setBigUint64(at + 40, BigInt(meta.pages), true);
  view.setBigUint64(at + 48, meta.transaction, true);
  view.setBigUint64(at + 56, fnv1a(target, at, at + META_CHECKED_BYTES), true);
}

/** The content of a meta page at `at`, or what is wrong with it. */
export function readMeta(source: Uint8Array, at: number): Meta | string {
  const view = viewOf(source);
  if (source.length < at + META_BYTES) {
    return "it ends early";
  }
  if (view.getUint32(at, true) !== MAGIC) {
    return "its magic number is not bbolt's";
  }
  const version = view.getUint32(at + 4, true);
  if (version !== VERSION) {
    return `it has format version ${version}, and only ${VERSION} is known`;
  }
  if (view.getBigUint64(at + 56, true) !== fnv1a(source, at, at + META_CHECKED_BYTES)) {
    return "its checksum does not match";
  }
  const pageBytes = view.getUint32(at + 8, true);
  if (
    pageBytes < PAGE_BYTES_MIN ||
    pageBytes > PAGE_BYTES_MAX ||
    (pageBytes & (pageBytes - 1)) !== 0
  ) {
    return `its page size is ${pageBytes}`;
  }
  const root = view.getBigUint64(at + 16, true);
  const pages = view.getBigUint64(at + 40, true);
  if (pages * BigInt(pageBytes) > BigInt(Number.MAX_SAFE_INTEGER) || root < 2n || root >= pages) {
    return `it names page ${root} of ${pages} as root`;
  }
  return {
    pageBytes,
    root: Number(root),
    sequence: view.getBigUint64(at + 24, true),
    freelist: view.getBigUint64(at + 32, true),
    pages: Number(pages),
    transaction: view.getBigUint64(at + 48, true),
  };
}

/** 64-bit FNV-1a. */
function fnv1a(bytes: Uint8Array, start: number, end: number): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let at = start; at < end; at += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(bytes[at] ?? 0)) * 0x100000001b3n);
  }
  return hash;
}
