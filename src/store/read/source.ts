// What a read merges: places that hold versions of keys, each seen at one revision. Memtables and index runs are
// sources; the merge knows nothing else of them.
import type { Row } from "../../core/row.js";
import type { RowHead } from "../../core/view.js";
import type { Key } from "../../core/words.js";

/** A key's version in an index run, and the size of its row. */
export interface StoredHead extends RowHead {
  /** Bytes of the row's KeyValue message. */
  readonly rowBytes: number;
}

/** Walks the keys of a range, showing of each its newest version at the revision read: tombstones too. */
export interface VersionSource {
  /**
   * Where finding the first key can take long: does a piece of it, a few milliseconds, and returns whether nothing of it
   * is left. To be called before `begin`, by those who can let others run in between.
   */
  prepare?(): boolean;
  /** Goes to the first key. A source without it stands there from the start. */
  begin?(): void;
  /** The key it stands at; null at the end, and before `begin`. */
  readonly key: Key | null;
  /** The version; a version number of 0 is a tombstone. Valid until `advance`. */
  readonly head: RowHead;
  /** The whole row of `head`. */
  row(): Row;
  advance(): void;
}
