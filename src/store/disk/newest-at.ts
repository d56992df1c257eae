// Of several rows of one key in one revision, the last counts.
import type { Row } from "../../core/row.js";
import type { Revision } from "../../core/words.js";
import type { Memtable } from "../memory/memtable.js";
import { RunHead } from "../run/run.js";
import { SearchKey } from "../run/search-key.js";
import type { FileSet } from "./file-set.js";

/** One serves all, since no read awaits. */
const search = new SearchKey();

/** Whether a row is its key's newest version at its own revision, which may hold several. */
export function isNewestAt(
  row: Row,
  revision: Revision,
  memtables: readonly Memtable[],
  files: FileSet,
): boolean {
  // Only one of them holds rows of that revision.
  for (const memtable of memtables) {
    const newest = memtable.at(row.key, revision);
    if (newest?.modRevision === revision) {
      return newest.subRevision === row.subRevision;
    }
  }
  const head = new RunHead();
  search.set(row.key);
  return files.find(search, revision, head) && head.subRevision === row.subRevision;
}
