// A log that is longer than memory should be, as a restore leaves it, replayed by a real table worker.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LOG_START, positionOf, putEntry } from "../../test/sim/entries.js";
import type { LogIndex, Term } from "../core/words.js";
import { openLog } from "../log/open-log.js";
import { systemRuntime } from "../runtime/system-runtime.js";
import { EMPTY_MANIFEST } from "../store/upkeep/manifest.js";
import { writeManifest } from "../store/upkeep/workshop.js";
import { openDataDirectory } from "./directory/data-directory.js";
import { openNode } from "./open-node.js";
import { openReadOnly, readDirectoryEnd } from "./read-only.js";

const ENTRIES = 30_000;
const VALUE = new Uint8Array(2_000).fill(1);
const MIB = 1024 * 1024;
const runtime = systemRuntime();

test("a long log becomes files while it is replayed", async (t) => {
  const path = mkdtempSync(join(tmpdir(), "t4-replay-"));
  t.after(() => {
    rmSync(path, { recursive: true });
  });
  const directory = await openDataDirectory(path, null, runtime.disk, runtime.random);
  const log = openLog(
    {
      runtime,
      directory: directory.walDirectory,
      afterIndex: 0 as LogIndex,
      afterTerm: 0 as Term,
      segmentBytesMax: MIB,
      listener: {
        durable() {},
        sealed() {},
        segmentClosed() {},
        failed(error) {
          throw error;
        },
      },
    },
    { entry() {}, segmentEnd() {} },
  );
  let position = LOG_START;
  for (let at = 0; at < ENTRIES; at += 1) {
    const entry = putEntry(position, `key-${at}`, VALUE);
    position = positionOf(entry);
    log.append(entry);
    if (at % 1_000 === 0) {
      await log.flush();
    }
  }
  await log.flush();
  await log.close();
  await directory.lock.release();
  runtime.disk.makeDirectory(directory.storeDirectory);
  writeManifest(runtime.disk, directory.storeDirectory, EMPTY_MANIFEST);
  const { index, revision } = position;
  assert.deepEqual(await readDirectoryEnd(path, runtime), { index, revision });

  const config = { dataDirectory: path, nodeId: null, waitingRowsBytesMax: 8 * MIB };
  const node = await openNode(config, runtime);
  try {
    assert.equal(node.revision, revision);
    const seen = await openReadOnly(path, runtime);
    const { persistedIndex } = seen.status();
    await seen.close();
    // What waits is bounded, and what has gathered for the next file, which a segment ends.
    const restBytesMax = (8 + 8 + 16) * MIB;
    assert.ok(
      (ENTRIES - persistedIndex) * VALUE.length < restBytesMax,
      `only ${persistedIndex} of ${ENTRIES} entries are in files`,
    );
  } finally {
    await node.close();
  }
});
