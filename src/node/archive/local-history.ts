// What a data directory holds of the log, without opening it: how far it goes, and which leader wrote what.
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { summarizeGroup } from "../../log/group-frames.js";
import { LogReader } from "../../log/log-reader.js";
import { lastIndexOf } from "../../log/segment-reader.js";
import type { Disk } from "../../runtime/disk.js";
import { readManifest } from "../../store/disk/open-disk-store.js";
import type { DataPlaces } from "../directory/data-places.js";

interface TermRange {
  readonly first: LogIndex;
  last: LogIndex;
  readonly term: Term;
}

export class LocalHistory {
  /** Everything up to here is in the store's files. */
  readonly persistedIndex: LogIndex;
  readonly persistedRevision: Revision;
  tipIndex: LogIndex;
  tipTerm: Term;
  tipRevision: Revision;
  /** The oldest entry that is in the log or follows on the store's files. */
  readonly firstIndex: LogIndex;
  readonly #ranges: TermRange[] = [];

  /** Reads the manifest and the whole log. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or a DiskError. */
  constructor({ storeDirectory, walDirectory }: DataPlaces, disk: Disk) {
    const { index, term, revision } = readManifest(disk, storeDirectory);
    this.persistedIndex = index;
    this.persistedRevision = revision;
    this.tipIndex = index;
    this.tipTerm = term;
    this.tipRevision = revision;
    if (index > 0) {
      this.#note(index, index, term);
    }
    let first = (index + 1) as LogIndex;
    const reader = disk.exists(walDirectory)
      ? new LogReader(disk, walDirectory, 1 as LogIndex)
      : null;
    for (let group = reader?.next() ?? null; group !== null; group = reader?.next() ?? null) {
      const last = lastIndexOf(group);
      first = Math.min(first, group.firstIndex) as LogIndex;
      this.#note(group.firstIndex, last, group.term);
      if (last > this.tipIndex) {
        this.tipIndex = last;
        this.tipTerm = group.term;
        this.tipRevision = summarizeGroup(group).lastRevision;
      }
    }
    reader?.close();
    this.firstIndex = first;
  }

  /** The term of an entry; null if it is not known any more. */
  termAt(index: LogIndex): Term | null {
    return this.#ranges.find(({ first, last }) => first <= index && index <= last)?.term ?? null;
  }

  #note(first: LogIndex, last: LogIndex, term: Term): void {
    const range = this.#ranges.at(-1);
    if (range?.term === term && range.last + 1 === first) {
      range.last = last;
    } else {
      this.#ranges.push({ first, last, term });
    }
  }
}
