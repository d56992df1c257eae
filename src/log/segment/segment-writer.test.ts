// How the writer treats its files between groups; what a crash leaves of them is log.crash.test.ts's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_START, positionOf, putEntry } from "../../../test/sim/entries.js";
import { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import type { LogIndex } from "../../core/words.js";
import { BufferPool, GroupBuilder } from "../group-builder.js";
import { SegmentWriter } from "./segment-writer.js";

const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;

test("zeros are written ahead in large steps, also where a group comes between any two", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("/log");
  const writer = new SegmentWriter(disk, "/log", SEGMENT_BYTES_MAX, { closed() {}, space() {} });
  const pool = new BufferPool(() => {});
  const groups = 5_000;
  let position = LOG_START;
  for (let count = 0; count < groups; count += 1) {
    const entry = putEntry(position, "key", new Uint8Array(300));
    position = positionOf(entry);
    const group = new GroupBuilder(pool, entry);
    group.add(entry, group.sizeOf(entry));
    const length = group.finish(0 as LogIndex, 0);
    assert.ok(writer.write(group.buffer.bytes.subarray(0, length)));
    group.release();
    writer.step();
  }
  const writes = disk.trace.filter((change) => change.startsWith("write "));
  // Not one for each group: 1.8 MB of groups need some 15 of 128 KiB, and each run of them ends with a shorter one.
  assert.ok(writes.length - groups <= 50, `${writes.length} writes for ${groups} groups`);
});
