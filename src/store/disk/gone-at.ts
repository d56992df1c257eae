// What a compaction has made unreachable, though a file may still hold it.
import type { Row } from "../../core/row.js";
import type { Revision } from "../../core/words.js";
import type { PackedMemtable } from "../memory/packed-memtable.js";
import { RunHead } from "../run/run.js";
import { SearchKey } from "../run/search-key.js";
import type { FileSet } from "./file-set.js";

/** One serves all, since no read awaits. */
const search = new SearchKey();
const newest = new RunHead();

/**
 * Whether a compaction at `revision` has made a row unreachable: it is not its key's newest version there, or a tombstone
 * below. `memtables`: newest first.
 */
export function isGoneAt(
  row: Row,
  revision: Revision,
  memtables: readonly PackedMemtable[],
  files: FileSet,
): boolean {
  if (row.modRevision > revision) {
    return false;
  }
  if (row.isTombstone && row.modRevision < revision) {
    return true;
  }
  search.set(row.key);
  const isFound =
    memtables.some((memtable) => memtable.headAt(search, revision, newest)) ||
    files.find(search, revision, newest);
  return (
    !isFound || newest.modRevision !== row.modRevision || newest.subRevision !== row.subRevision
  );
}
