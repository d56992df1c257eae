import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_START, positionOf, putEntry, type LogPosition } from "../../test/sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../../test/sim/log-machine.js";
import { SimulatedDisk } from "../../test/sim/simulated-disk.js";
import type { LogIndex } from "../core/words.js";
import { lastIndexOf } from "../log/segment/segment-reader.js";
import type { Disk } from "../runtime/disk/disk.js";
import { LogSource } from "./log-source.js";

const MIB = 1024 * 1024;

/** A log of a few segments, and what gathers it. */
class Rig {
  readonly machine: LogMachine = new LogMachine(new SimulatedDisk(), 1);
  readonly source: LogSource;
  /** Files that the source holds open. */
  open = 0;
  #position: LogPosition = LOG_START;

  constructor(bytesMax: number) {
    const { disk } = this.machine;
    const counted: Pick<Disk, "open" | "list"> = {
      list: (directory) => disk.list(directory),
      open: (path, options) => {
        const file = disk.open(path, options);
        this.open += 1;
        return {
          path,
          read: (target, offset) => file.read(target, offset),
          write: (bytes, offset) => {
            file.write(bytes, offset);
          },
          sync: () => {
            file.sync();
          },
          truncate: (length) => {
            file.truncate(length);
          },
          size: () => file.size(),
          close: () => {
            this.open -= 1;
            file.close();
          },
        };
      },
    };
    this.source = new LogSource(counted as Disk, LOG_DIRECTORY, 1 as LogIndex, bytesMax);
    this.machine.onSealed = ({ index }) => {
      this.source.sealed(index);
    };
  }

  async write(values: number, valueBytes: number): Promise<void> {
    for (let i = 0; i < values; i += 1) {
      const entry = putEntry(this.#position, `key/${String(i)}`, new Uint8Array(valueBytes));
      this.#position = positionOf(entry);
      this.machine.log.append(entry);
    }
    await this.machine.flush();
  }

  get tip(): LogIndex {
    return this.#position.index as LogIndex;
  }

  async close(): Promise<void> {
    this.source.close();
    await this.machine.close();
  }
}

test("much of a log is gathered in parts, and the slot is the same", async () => {
  const rig = new Rig(64 * MIB);
  for (let group = 0; group < 40; group += 1) {
    await rig.write(1, 100_000);
  }
  let parts = 0;
  while (rig.source.gather(rig.tip) === "unfinished") {
    parts += 1;
  }
  assert.ok(parts >= 4, `gathered in ${String(parts)} parts`);
  const { groups, lastIndex, endsSegment } = rig.source.take();
  assert.equal(lastIndex, rig.tip);
  assert.ok(!endsSegment);
  let next = 1;
  for (const group of groups) {
    assert.equal(group.firstIndex, next);
    next = lastIndexOf(group) + 1;
  }
  assert.equal(next, rig.tip + 1);
  await rig.close();
});

test("a segment that has ended is closed when its last slot is taken, and the next one is found later", async () => {
  const rig = new Rig(64 * MIB);
  for (let segment = 0; segment < 3; segment += 1) {
    await rig.write(3, 100);
    assert.equal(rig.source.gather(rig.tip), "waiting");
    assert.equal(rig.open, 1);
    rig.machine.log.seal();
    assert.equal(rig.source.gather(rig.tip), "due");
    const { endsSegment, beginsSegment, lastIndex } = rig.source.take();
    assert.deepEqual(
      { endsSegment, beginsSegment, lastIndex },
      {
        endsSegment: true,
        beginsSegment: true,
        lastIndex: rig.tip,
      },
    );
    assert.equal(rig.open, 0, "the log may remove it now");
    assert.equal(rig.source.gather(rig.tip), "waiting");
    assert.equal(rig.open, 0);
  }
  await rig.close();
});
