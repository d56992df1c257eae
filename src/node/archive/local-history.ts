// What a data directory holds of the log, without opening it: how far it goes, and which leader wrote what.
import { revisionStep } from "../../core/entry.js";
import { FIRST_REVISION, type LogIndex, type Revision, type Term } from "../../core/words.js";
import { summarizeGroup } from "../../log/segment/group-frames.js";
import { LogReader } from "../../log/log-reader.js";
import { forEachEntry, lastIndexOf } from "../../log/segment/segment-reader.js";
import type { Disk } from "../../runtime/disk/disk.js";
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
  readonly #walDirectory: string;

  /** Reads the manifest and the whole log. Throws T4_CORRUPT, T4_FORMAT_TOO_NEW or a DiskError. */
  constructor({ storeDirectory, walDirectory }: DataPlaces, disk: Disk) {
    this.#walDirectory = walDirectory;
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

  /** The revision before an entry; null if the log does not hold it any more. Throws as the constructor. */
  revisionBefore(index: LogIndex, disk: Disk): Revision | null {
    if (index === 1) {
      return FIRST_REVISION;
    }
    if (index === this.persistedIndex + 1) {
      return this.persistedRevision;
    }
    const reader = new LogReader(disk, this.#walDirectory, index);
    try {
      const found: Revision[] = [];
      const group = reader.next();
      if (group !== null) {
        forEachEntry(group, (entry) => {
          if (entry.index === index) {
            found.push((entry.revision - revisionStep(entry)) as Revision);
          }
        });
      }
      return found[0] ?? null;
    } finally {
      reader.close();
    }
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
