// The bytes on disk are a promise to every later version: these files are read and written to the byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertGolden, readGolden } from "../../../test/golden/golden.js";
import {
  entryAfter,
  fingerprint,
  LOG_START,
  positionOf,
  putRow,
} from "../../../test/sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../../../test/sim/log-machine.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import type { Entry } from "../../core/entry.js";
import { makeRow, makeTombstone } from "../../core/row.js";
import type { LogIndex, Revision } from "../../core/words.js";
import { aligned, firstIndexOfName, segmentName } from "./format.js";

const SEGMENTS = ["0000000000000001.wal", "0000000000000006.wal"];

/** Two groups of term 1 and one of term 2, with every kind of entry. */
function goldenEntries(): Entry[][] {
  const value = new TextEncoder().encode("value");
  const grant = entryAfter(LOG_START, () => [], {
    kind: "lease-grant",
    lease: 0x7fff_ffff_ffff_fffen,
    ttlSeconds: 9_000_000_000,
  });
  const put = entryAfter(positionOf(grant), (revision) => [
    makeRow("/key/\xff", value, revision, 0, revision, 1, 0x7fff_ffff_ffff_fffen),
  ]);
  const txn = entryAfter(positionOf(put), (revision) => [
    makeRow("/key/\xff", new Uint8Array(0), revision, 0, 2 as Revision, 2, -5n),
    makeTombstone("/gone", revision, 1),
    putRow("/zeros", new Uint8Array(600), revision, 2),
  ]);
  const compact = entryAfter(positionOf(txn), () => [], {
    kind: "compact",
    revision: 3 as Revision,
  });
  const revoke = entryAfter(
    positionOf(compact),
    (revision) => [makeTombstone("/key/\xff", revision, 0)],
    { kind: "lease-revoke", lease: -5n },
  );
  const start = entryAfter(positionOf(revoke), () => [], { kind: "term-start", node: "ñode-1" }, 2);
  return [[grant], [put, txn, compact, revoke], [start]];
}

test("segments are written as the format promises, to the byte", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1);
  for (const turn of goldenEntries()) {
    for (const entry of turn) {
      machine.log.append(entry);
    }
    await machine.flush();
    machine.log.noteCommitted(machine.log.durableIndex);
    // The clock's ticks are in the frames: each turn at a whole millisecond.
    await machine.clock.run(Math.ceil(machine.clock.monotonicMs()) - machine.clock.monotonicMs());
  }
  await machine.close();
  assert.deepEqual(machine.disk.list(LOG_DIRECTORY), SEGMENTS);
  for (const name of SEGMENTS) {
    assertGolden(`log/v1/${name}`, machine.disk.contents(`${LOG_DIRECTORY}/${name}`));
  }
});

test("segments that an earlier version wrote are read", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory(LOG_DIRECTORY);
  for (const name of SEGMENTS) {
    disk
      .open(`${LOG_DIRECTORY}/${name}`, { mode: "create" })
      .write(readGolden(`log/v1/${name}`), 0);
  }
  const machine = new LogMachine(disk, 1);
  assert.deepEqual(machine.replayed.map(fingerprint), goldenEntries().flat().map(fingerprint));
  assert.equal(machine.log.tipTerm, 2);
});

test("names of segments sort as their indexes, and nothing else is one", () => {
  const indexes = [1, 9, 10, 123_456, Number.MAX_SAFE_INTEGER];
  const names = indexes.map((index) => segmentName(index as LogIndex));
  assert.deepEqual([...names].sort(), names);
  assert.deepEqual(names.map(firstIndexOfName), indexes);
  for (const name of ["1.wal", "0000000000000001.wal.tmp", "next.tmp", "000000000000000a.wal"]) {
    assert.equal(firstIndexOfName(name), null);
  }
  assert.deepEqual([56, 57, 63, 64].map(aligned), [56, 64, 64, 64]);
});
