// Makes one log table and one index run of the entries between two seal points, read from the sealed segments of the
// log: the main thread's heap is not touched, and the files are a pure function of the entries' rows.
import { assert } from "../../lib/assert.js";
import { latin1Bytes } from "../../lib/bytes.js";
import { crc32 } from "../../lib/hashes/crc32.js";
import { sha256 } from "../../lib/hashes/sha256.js";
import { revisionStep, type Entry } from "../../core/entry.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { writeU32 } from "../file/fixed.js";
import { RunWriter } from "../run/run-writer.js";
import { TableWriter } from "../table/table-writer.js";
import { HeadColumns } from "./head-columns.js";
import type { FileRecord, Manifest, RunRecord, TableRecord } from "./manifest.js";
import { SYSTEM_MAGIC, SYSTEM_VERSION } from "./system-file.js";
import type { Workshop } from "./workshop.js";

/**
 * Reads the entries of sealed segments, given by their paths in order. Entries outside what is wanted may come too.
 * Throws T4_CORRUPT or a DiskError.
 */
export type ReadSegments = (disk: Disk, paths: readonly string[]) => Iterable<Entry>;

/** What becomes part of the files: everything after the manifest up to a seal point. */
export interface FlushOrder {
  readonly segments: readonly string[];
  readonly throughIndex: LogIndex;
  /** As of the entry at `throughIndex`. */
  readonly term: Term;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  /** The system state there; null if it has not changed since the manifest. */
  readonly system: Uint8Array | null;
}

export function flush(workshop: Workshop, order: FlushOrder, readSegments: ReadSegments): Manifest {
  const { manifest } = workshop;
  const entries = readSegments(workshop.disk, order.segments);
  const { table, heads } = writeTable(workshop, entries, order);
  const run = table === null ? null : writeRun(workshop, heads, table.lastRevision);
  const system = order.system === null ? manifest.system : writeSystemFile(workshop, order.system);
  return workshop.commit({
    index: order.throughIndex,
    term: order.term,
    revision: order.revision,
    compactRevision: order.compactRevision,
    accountedRevision: manifest.accountedRevision,
    nextFile: workshop.nextFile,
    system,
    tables: table === null ? manifest.tables : [...manifest.tables, table],
    runs: run === null ? manifest.runs : [...manifest.runs, run],
  });
}

function writeTable(
  workshop: Workshop,
  entries: Iterable<Entry>,
  order: FlushOrder,
): { readonly table: TableRecord | null; readonly heads: HeadColumns } {
  const { manifest } = workshop;
  const { number, path } = workshop.newFile("table");
  const writer = new TableWriter(workshop.disk, path);
  const heads = new HeadColumns();
  let index: number = manifest.index;
  let revision: number = manifest.revision;
  try {
    for (const entry of entries) {
      if (entry.index <= index || entry.index > order.throughIndex) {
        continue;
      }
      checkFollows(entry, index, revision);
      index = entry.index;
      revision = entry.revision;
      for (const row of entry.rows) {
        writer.add(row);
        heads.add(row);
      }
    }
    if (index !== order.throughIndex || revision !== order.revision) {
      throw new T4Error(
        "T4_CORRUPT",
        `${order.segments.join(", ")}: entries end at index ${index}, revision ${revision}; ` +
          `they were committed up to index ${order.throughIndex}, revision ${order.revision}`,
      );
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const written = writer.finish();
  if (heads.count === 0) {
    workshop.discardNewest();
    return { table: null, heads };
  }
  return { table: { number, ...written, deadRows: 0, deadBytes: 0 }, heads };
}

function checkFollows(entry: Entry, index: number, revision: number): void {
  if (entry.index !== index + 1 || entry.revision !== revision + revisionStep(entry)) {
    throw new T4Error(
      "T4_CORRUPT",
      `the log holds index ${entry.index}, revision ${entry.revision} ` +
        `after index ${index}, revision ${revision}`,
    );
  }
}

/** The index run of rows that a table holds. */
export function writeRun(workshop: Workshop, heads: HeadColumns, lastRevision: number): RunRecord {
  const { number, path } = workshop.newFile("run");
  const writer = new RunWriter(workshop.disk, path, lastRevision);
  heads.visitInOrder((key, length, head) => {
    writer.add(key, length, head);
  });
  return { number, ...writer.finish(), deadRows: 0, cleanedRevision: 0 };
}

/** Format: system-file.ts. */
export function writeSystemFile(workshop: Workshop, state: Uint8Array): FileRecord {
  const { number, path } = workshop.newFile("system");
  const bytes = new Uint8Array(12 + state.length);
  bytes.set(latin1Bytes(SYSTEM_MAGIC));
  writeU32(bytes, 4, SYSTEM_VERSION);
  bytes.set(state, 12);
  writeU32(bytes, 8, crc32(state, crc32(bytes.subarray(0, 8))));
  assert(bytes.length === state.length + 12, "a system file is its head and the state");
  const file = workshop.disk.open(path, { mode: "create" });
  try {
    file.write(bytes, 0);
    file.sync();
  } finally {
    file.close();
  }
  const hash = sha256();
  hash.update(bytes);
  return { number, bytes: bytes.length, sha256: hash.hex() };
}
