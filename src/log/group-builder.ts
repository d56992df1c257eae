// Gathers entries into the frame of one group, in memory that the writer's thread shares: an entry is encoded once,
// where it is written from.
import { assert } from "../lib/assert.js";
import { entrySize, writeEntry, type GroupBase } from "../core/entry-codec.js";
import type { Entry } from "../core/entry.js";
import { GROUP_BYTES_MAX } from "../core/limits.js";
import type { LogIndex } from "../core/words.js";
import {
  aligned,
  FRAME_BYTES_MAX,
  GROUP_HEADER_BYTES,
  viewOf,
  writeGroupHeader,
} from "./segment/format.js";

/** A new buffer's size. Pages that no group has reached take no memory. */
const BUFFER_BYTES_MIN = 256 * 1024;
/** One is being written and one gathered: more are used only when groups queue up, and then not kept. */
const BUFFERS_KEPT = 2;

/** Shared memory for one group at a time. */
export interface GroupBuffer {
  readonly id: number;
  readonly shared: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Whether the writer's thread has it. */
  isKnown: boolean;
}

/** A pool of buffers; `forget` is told when the writer's thread can let one go. */
export class BufferPool {
  readonly #free: GroupBuffer[] = [];
  readonly #forget: (id: number) => void;
  #nextId = 0;

  constructor(forget: (id: number) => void) {
    this.#forget = forget;
  }

  acquire(): GroupBuffer {
    return this.#free.pop() ?? this.#create(BUFFER_BYTES_MIN);
  }

  /** A buffer of at least `bytes` that begins with the first `used` bytes of `buffer`, which it takes the place of. */
  grow(buffer: GroupBuffer, used: number, bytes: number): GroupBuffer {
    const grown = this.#create(Math.max(bytes, 2 * buffer.bytes.length));
    grown.bytes.set(buffer.bytes.subarray(0, used));
    this.#drop(buffer);
    return grown;
  }

  release(buffer: GroupBuffer): void {
    const isOversize = buffer.bytes.length > 2 * GROUP_BYTES_MAX;
    if (isOversize || this.#free.length >= BUFFERS_KEPT) {
      this.#drop(buffer);
    } else {
      this.#free.push(buffer);
    }
  }

  #create(size: number): GroupBuffer {
    const shared = new SharedArrayBuffer(size);
    this.#nextId += 1;
    const bytes = new Uint8Array(shared);
    return { id: this.#nextId, shared, bytes, view: viewOf(bytes), isKnown: false };
  }

  #drop(buffer: GroupBuffer): void {
    if (buffer.isKnown) {
      this.#forget(buffer.id);
    }
  }
}

/** A group while it is gathered and until it is durable. */
export class GroupBuilder {
  readonly base: GroupBase;
  readonly #pool: BufferPool;
  #buffer: GroupBuffer;
  #end = GROUP_HEADER_BYTES;
  #entryCount = 0;

  constructor(pool: BufferPool, first: Entry) {
    this.#pool = pool;
    this.#buffer = pool.acquire();
    this.base = { term: first.term, firstIndex: first.index, firstRevision: first.revision };
  }

  get buffer(): GroupBuffer {
    return this.#buffer;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  get lastIndex(): LogIndex {
    return (this.base.firstIndex + this.#entryCount - 1) as LogIndex;
  }

  /** Bytes of the entries alone. */
  get entryBytes(): number {
    return this.#end - GROUP_HEADER_BYTES;
  }

  /** Bytes of the frame if it ended here. */
  get frameBytes(): number {
    return aligned(this.#end);
  }

  /** Bytes that the entry would take in this group. */
  sizeOf(entry: Entry): number {
    return entrySize(entry, this.base);
  }

  /** Whether an entry of `size` bytes belongs into this group: always if it is the first. */
  hasRoom(size: number): boolean {
    return this.#entryCount === 0 || aligned(this.#end + size) <= GROUP_BYTES_MAX;
  }

  /** Adds the entry, whose `size` is what `sizeOf` told. */
  add(entry: Entry, size: number): void {
    const end = aligned(this.#end + size);
    assert(end <= FRAME_BYTES_MAX, "an entry fits into a frame");
    if (end > this.#buffer.bytes.length) {
      this.#buffer = this.#pool.grow(this.#buffer, this.#end, end);
    }
    this.#end = writeEntry(this.#buffer.bytes, this.#end, entry, this.base, size);
    this.#entryCount += 1;
  }

  /**
   * Completes the frame but for its checksum; returns its length. Makes no view and copies no object, of which each costs
   * microseconds in a process that has just woken up: measured 3 to 9 % of the puts of a few callers.
   */
  finish(committedIndex: LogIndex, wallMs: number): number {
    const { bytes, view } = this.#buffer;
    const { term, firstIndex, firstRevision } = this.base;
    const { frameBytes: length, entryCount } = this;
    // The buffer was used before: what fills the frame up must be zeros.
    bytes.fill(0, this.#end, length);
    writeGroupHeader(view, {
      term,
      firstIndex,
      firstRevision,
      length,
      entryCount,
      committedIndex,
      wallMs,
    });
    return length;
  }

  release(): void {
    this.#pool.release(this.#buffer);
  }
}
