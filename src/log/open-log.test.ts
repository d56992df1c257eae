// What opening a log makes of files that are damaged, missing, torn or foreign.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { fingerprint, LOG_START, positionOf, putEntry } from "../../test/sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../../test/sim/log-machine.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import type { Entry } from "../core/entry.js";
import { T4Error } from "../core/errors.js";
import type { LogIndex, Term } from "../core/words.js";
import type { LogOptions } from "./open-log.js";
import type { SealedSegment } from "./log.js";
import { SegmentReader } from "./segment/segment-reader.js";

interface Written {
  readonly disk: SimulatedDisk;
  readonly entries: readonly Entry[];
  readonly segments: readonly SealedSegment[];
}

/** A log of `turns` groups, closed; segments of 2000 bytes unless told otherwise. */
async function written(seed: number, turns: number, segmentBytesMax = 2000): Promise<Written> {
  const disk = new SimulatedDisk();
  const machine = new LogMachine(disk, seed, { segmentBytesMax });
  const random = new SeededRandom(seed);
  const entries: Entry[] = [];
  let position = LOG_START;
  for (let turn = 0; turn < turns; turn += 1) {
    for (let i = random.below(3); i >= 0; i -= 1) {
      const value = random.bytes(random.below(200)).map((byte) => byte | 1);
      const entry = putEntry(position, `key-${random.below(50)}`, value);
      position = positionOf(entry);
      entries.push(entry);
      machine.log.append(entry);
    }
    await machine.flush();
  }
  await machine.close();
  return { disk, entries, segments: machine.log.sealedSegments };
}

/** Puts other bytes in the place of a file. */
function rewrite(disk: SimulatedDisk, path: string, bytes: Uint8Array): void {
  disk.remove(path);
  const file = disk.open(path, { mode: "create" });
  file.write(bytes, 0);
  file.sync();
  file.close();
  disk.syncDirectory(LOG_DIRECTORY);
}

function openCode(disk: SimulatedDisk, options: Partial<LogOptions> = {}): [string, string] {
  try {
    new LogMachine(disk, 1, options);
    return ["opened", ""];
  } catch (error) {
    assert.ok(error instanceof T4Error, String(error));
    return [error.code, error.message];
  }
}

test("any damaged byte of a sealed segment is found, named, and never skipped", async () => {
  const { disk, segments } = await written(1, 20);
  assert.ok(segments.length >= 3);
  const { path, bytes } = segments[1]!;
  for (let offset = 0; offset < bytes; offset += 1) {
    disk.corrupt(path, offset, 0x10);
    const [code, message] = openCode(disk);
    if (offset >= 8 && offset < 12) {
      assert.ok(code === "T4_FORMAT_TOO_NEW" || code === "T4_CORRUPT");
    } else {
      assert.equal(code, "T4_CORRUPT", `byte ${offset}: ${message}`);
      assert.match(message, new RegExp(`${path} is damaged at byte \\d+`));
    }
    disk.corrupt(path, offset, 0x10);
  }
  assert.deepEqual(openCode(disk), ["opened", ""]);
});

test("damage in the newest segment is told from a torn end, also in its last group", async () => {
  const { disk, segments } = await written(2, 6, 1_000_000);
  const { path } = segments[0]!;
  const content = disk.contents(path);
  // As a power loss leaves it: not cut, with zeros ahead.
  const grown = new Uint8Array(content.length + 5000);
  grown.set(content);
  for (let offset = 64; offset < content.length; offset += 1) {
    const damaged = grown.slice();
    damaged[offset] = (damaged[offset] ?? 0) ^ 0x40;
    rewrite(disk, path, damaged);
    const [code, message] = openCode(disk);
    assert.equal(code, "T4_CORRUPT", `byte ${offset}: ${message}`);
  }
});

test("a last group that lacks any of its sectors is cut, whatever is missing", async () => {
  const { disk, entries, segments } = await written(3, 4, 1_000_000);
  const { path, bytes } = segments[0]!;
  const content = disk.contents(path);
  const tip = putEntry(positionOf(entries.at(-1)!), "big", new Uint8Array(3000).fill(9));
  const machine = new LogMachine(disk, 3);
  machine.log.append(tip);
  await machine.close();
  const frame = disk.contents(machine.closed[0]!.path).subarray(64);
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (missing) => {
      const torn = new Uint8Array(content.length + 10_000);
      torn.set(content);
      torn.set(frame, bytes);
      let lost = 0;
      const first = Math.floor(bytes / 512);
      for (const [at, isMissing] of missing.entries()) {
        const start = Math.max(bytes, (first + at) * 512);
        const end = Math.min(bytes + frame.length, (first + at + 1) * 512);
        if (isMissing && end > start) {
          torn.fill(0, start, end);
          lost += 1;
        }
      }
      const copy = new SimulatedDisk();
      copy.makeDirectory(LOG_DIRECTORY);
      const file = copy.open(path, { mode: "create" });
      file.write(torn, 0);
      const opened = new LogMachine(copy, 1);
      const expected = lost > 0 ? entries : [...entries, tip];
      assert.deepEqual(opened.replayed.map(fingerprint), expected.map(fingerprint));
      assert.equal(copy.contents(path).length, lost > 0 ? bytes : bytes + frame.length);
    }),
    { numRuns: 60 },
  );
});

test("a missing segment is named, be it the first, one in the middle or the last", async () => {
  for (const [at, pattern] of [
    [0, /the log begins with index \d+, and 1 is needed/],
    [1, /entries are missing/],
  ] as const) {
    const { disk, segments } = await written(4, 20);
    disk.remove(segments[at]!.path);
    const [code, message] = openCode(disk);
    assert.equal(code, "T4_CORRUPT");
    assert.match(message, pattern);
  }
  const { disk, segments, entries } = await written(4, 20);
  disk.remove(segments.at(-1)!.path);
  const afterIndex = entries.length as LogIndex;
  const [code, message] = openCode(disk, { afterIndex, afterTerm: 1 as Term });
  assert.equal(code, "T4_CORRUPT");
  assert.match(message, /a part of the log is missing/);
});

test("a sealed segment cut short, a torn group in it, and an empty file are damage", async () => {
  const { disk, segments } = await written(5, 20);
  const { path } = segments[1]!;
  const content = disk.contents(path);
  for (let length = 0; length < content.length; length += 37) {
    rewrite(disk, path, content.subarray(0, length));
    assert.equal(openCode(disk)[0], "T4_CORRUPT", `cut at ${length}`);
  }
  rewrite(disk, path, content);
  assert.equal(openCode(disk)[0], "opened");
});

test("a segment of a newer version is refused as such, whatever else it holds", async () => {
  const { disk, segments } = await written(6, 3);
  const path = segments.at(-1)!.path;
  disk.corrupt(path, 8, 0x01 ^ 0x02);
  disk.corrupt(path, 40, 0xff);
  const [code, message] = openCode(disk);
  assert.equal(code, "T4_FORMAT_TOO_NEW");
  assert.match(message, /has format version 2/);
});

test("a file under another segment's name is refused", async () => {
  const { disk, segments } = await written(7, 20);
  rewrite(disk, segments[1]!.path, disk.contents(segments[2]!.path));
  assert.equal(openCode(disk)[0], "T4_CORRUPT");
});

test("only entries after the index asked for are replayed, and older segments need not exist", async () => {
  const { disk, entries, segments } = await written(8, 30);
  for (const after of [1, 5, entries.length - 1, entries.length]) {
    const options = { afterIndex: after as LogIndex, afterTerm: 1 as Term };
    const machine = new LogMachine(disk.afterPowerLoss(1), 1, options);
    assert.deepEqual(machine.replayed.map(fingerprint), entries.slice(after).map(fingerprint));
    assert.deepEqual(machine.log.sealedSegments, segments);
    assert.equal(machine.log.tipIndex, entries.length);
  }
  disk.remove(segments[0]!.path);
  const options = { afterIndex: segments[0]!.lastIndex, afterTerm: 1 as Term };
  assert.deepEqual(openCode(disk, options), ["opened", ""]);
});

test("a log that is gone as a whole is refused: what came after the store's files would be lost", () => {
  const options = { afterIndex: 41 as LogIndex, afterTerm: 3 as Term };
  const [code, message] = openCode(new SimulatedDisk(), options);
  assert.equal(code, "T4_CORRUPT");
  assert.match(message, /has no segments.* up to 41/);
});

test("a log that may be empty goes on behind what its opener has", async () => {
  const machine = new LogMachine(new SimulatedDisk(), 1, {
    afterIndex: 41 as LogIndex,
    afterTerm: 3 as Term,
    mayBeEmpty: true,
  });
  assert.equal(machine.log.tipIndex, 41);
  assert.equal(machine.log.tipTerm, 3);
  machine.log.append(putEntry({ index: 41, revision: 7, term: 3 }, "key", new Uint8Array(1)));
  await machine.close();
  assert.equal(machine.log.durableIndex, 42);
});

test("a leftover prepared file is removed, and foreign files are left alone", async () => {
  const { disk } = await written(9, 3);
  for (const name of ["next.tmp", "notes.txt", "1.wal"]) {
    disk.open(`${LOG_DIRECTORY}/${name}`, { mode: "create" }).close();
  }
  const machine = new LogMachine(disk, 1);
  assert.ok(!disk.list(LOG_DIRECTORY).includes("next.tmp"));
  await machine.clock.run(10);
  await machine.close();
  assert.ok(disk.list(LOG_DIRECTORY).includes("notes.txt"));
});

test("a directory that cannot be read or written says so", async () => {
  const { disk } = await written(10, 3);
  disk.failWhen = ({ kind }) => (kind === "read" ? "io" : null);
  assert.equal(openCode(disk)[0], "T4_IO");
  disk.failWhen = null;
  const empty = new SimulatedDisk();
  empty.readOnly = true;
  assert.equal(openCode(empty)[0], "T4_DATA_DIR_UNUSABLE");
});

test("whatever bytes a newest segment holds, it is read in part, refused, or both never", async () => {
  const { disk, entries, segments } = await written(11, 5, 1_000_000);
  const { path } = segments[0]!;
  const content = disk.contents(path);
  const expected = entries.map(fingerprint);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(content.length - 1), fc.uint8Array({ maxLength: 64 })), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.nat(2000),
      (patches, ahead) => {
        const bytes = new Uint8Array(content.length + ahead);
        bytes.set(content);
        for (const [at, patch] of patches) {
          bytes.set(patch.subarray(0, bytes.length - at), at);
        }
        const copy = new SimulatedDisk();
        copy.makeDirectory(LOG_DIRECTORY);
        copy.open(path, { mode: "create" }).write(bytes, 0);
        try {
          const { replayed } = new LogMachine(copy, 1);
          assert.deepEqual(replayed.map(fingerprint), expected.slice(0, replayed.length));
        } catch (error) {
          assert.ok(error instanceof T4Error, String(error));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("entries that do not follow on each other are refused though their checksums are right", async () => {
  const first = await written(12, 1);
  const foreign = await written(13, 1);
  const tip = first.entries.length;
  const machine = new LogMachine(foreign.disk, 1);
  let position = positionOf(foreign.entries.at(-1)!);
  // The same indexes as the other log, at revisions that do not follow on it.
  position = { ...position, index: tip, revision: position.revision + 50 };
  const stray = new LogMachine(new SimulatedDisk(), 1);
  for (const entry of foreign.entries.slice(0, tip)) {
    stray.log.append(entry);
  }
  stray.log.seal();
  stray.log.append(putEntry(position, "x", new Uint8Array(3)));
  await stray.close();
  await machine.close();
  const path = stray.closed[1]!.path;
  const file = first.disk.open(path, { mode: "create" });
  file.write(stray.disk.contents(path), 0);
  const [code, message] = openCode(first.disk);
  assert.equal(code, "T4_CORRUPT");
  assert.match(message, /has revision \d+ after \d+/);
  const reader = new SegmentReader(first.disk, path);
  assert.equal(reader.base.firstIndex, tip + 1);
  reader.close();
});
