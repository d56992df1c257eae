// Where a store stands: entries appended and not yet committed, and the words that follow from them. Shared by both
// backends.
import { assert } from "../lib/assert.js";
import { compactedBy, revisionStep, type Entry } from "../core/entry.js";
import { Queue } from "../lib/collections/queue.js";
import type { LogIndex, Revision, Term } from "../core/words.js";

export class Tail {
  tipIndex: LogIndex;
  tipRevision: Revision;
  committedIndex: LogIndex;
  committedTerm: Term;
  committedRevision: Revision;
  compactRevision: Revision;
  /** Uncommitted. */
  readonly #entries = new Queue<Entry>();

  constructor(index: LogIndex, term: Term, revision: Revision, compactRevision: Revision) {
    this.tipIndex = index;
    this.tipRevision = revision;
    this.committedIndex = index;
    this.committedTerm = term;
    this.committedRevision = revision;
    this.compactRevision = compactRevision;
  }

  append(entry: Entry): void {
    assert(entry.index === this.tipIndex + 1, "entries are appended without holes");
    assert(
      entry.revision === this.tipRevision + revisionStep(entry),
      "a revision grows as its entry says",
    );
    this.#entries.push(entry);
    this.tipIndex = entry.index;
    this.tipRevision = entry.revision;
  }

  /** Returns whether the entry is a compaction. */
  commit(entry: Entry): boolean {
    const oldest = this.#entries.shift();
    assert(oldest?.index === entry.index, "entries are committed in the order appended");
    this.committedIndex = oldest.index;
    this.committedTerm = oldest.term;
    this.committedRevision = oldest.revision;
    const revision = compactedBy(oldest);
    if (revision === null) {
      return false;
    }
    assert(revision <= this.committedRevision, "only the past is compacted");
    if (revision > this.compactRevision) {
      this.compactRevision = revision;
    }
    return true;
  }

  /** Takes back the newest entry if it lies after `index`. */
  takeBack(index: LogIndex): Entry | null {
    assert(index >= this.committedIndex, "what is committed stays");
    if (this.tipIndex <= index) {
      return null;
    }
    const entry = this.#entries.pop();
    assert(entry?.index === this.tipIndex, "the tail ends at the tip");
    this.tipIndex = (entry.index - 1) as LogIndex;
    this.tipRevision = (entry.revision - revisionStep(entry)) as Revision;
    return entry;
  }
}
