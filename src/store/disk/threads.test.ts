// The store with a real log, a real disk and a real table worker.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import type { Entry } from "../../core/entry.js";
import { makeRow } from "../../core/row.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import type { Log } from "../../log/log.js";
import { openLog } from "../../log/open-log.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { DiskStore } from "./disk-store.js";
import { openDiskStore } from "./open-disk-store.js";
import { systemRuntime } from "../../runtime/system-runtime.js";

const RUNTIME: Runtime = systemRuntime();

interface Opened {
  readonly store: DiskStore;
  readonly log: Log;
  readonly failed: Promise<Error>;
}

/** Opens store and log as a node does: everything in the log counts as committed. */
function open(directory: string): Opened {
  let fail!: (error: Error) => void;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const store = openDiskStore(
    { directory: `${directory}/store`, runtime: RUNTIME },
    {
      encodeSystemState: () => null,
      persisted: () => {},
      admissionChanged: () => {},
      failed: fail,
    },
  );
  const log = openLog(
    {
      runtime: RUNTIME,
      directory: `${directory}/log`,
      afterIndex: store.persistedIndex,
      afterTerm: store.persistedTerm,
      listener: {
        durable: () => {},
        sealed: (point) => {
          store.sealed(point);
        },
        segmentClosed: (segment) => {
          store.segmentClosed(segment);
        },
        failed: fail,
      },
    },
    {
      entry: (entry) => {
        store.append(entry);
        store.commit(entry);
      },
      segmentEnd: (segment) => {
        if (segment.lastIndex > store.persistedIndex) {
          store.sealed({ index: segment.lastIndex, bytes: segment.bytes });
          store.segmentClosed(segment);
        }
      },
    },
  );
  return { store, log, failed };
}

function write({ store, log }: Opened, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const revision = (store.tipRevision + 1) as Revision;
    const key = `key/${revision}`;
    const row = makeRow(key, new Uint8Array(100), revision, 0, revision, 1, 0n);
    const index = (log.tipIndex + 1) as LogIndex;
    const entry: Entry = { index, term: 1 as Term, revision, rows: [row], system: null };
    log.append(entry);
    store.append(entry);
    store.commit(entry);
  }
}

test("sealed segments become files in a thread, and a restart reads both", async () => {
  const directory = mkdtempSync(`${tmpdir()}/t4-store-`);
  try {
    const first = open(directory);
    write(first, 500);
    first.log.seal();
    await first.store.flush();
    assert.equal(first.store.persistedIndex, 500);
    write(first, 100);
    await first.log.close();
    await first.store.close();

    const second = open(directory);
    assert.equal(second.store.persistedIndex, 500);
    assert.equal(second.store.committedRevision, 601);
    for (const revision of [2, 300, 501, 502, 601]) {
      const row = second.store.get(`key/${revision}`, 601 as Revision);
      assert.equal(row?.modRevision, revision);
    }
    write(second, 10);
    second.log.seal();
    await second.store.flush();
    assert.equal(second.store.persistedIndex, 610);
    await second.log.close();
    await second.store.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("a segment that lost its end fails the store with T4_CORRUPT", async () => {
  const directory = mkdtempSync(`${tmpdir()}/t4-store-`);
  try {
    const opened = open(directory);
    write(opened, 50);
    opened.log.seal();
    await opened.log.close();
    const [segment] = opened.log.sealedSegments;
    truncateSync(segment!.path, segment!.bytes - 300);
    await assert.rejects(opened.store.flush(), { code: "T4_CORRUPT" });
    assert.equal(((await opened.failed) as Error & { code: string }).code, "T4_CORRUPT");
    await opened.store.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
