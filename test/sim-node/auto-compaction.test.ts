// Compaction by itself, on virtual time: when and to which revision, as etcd's own tests of its compactors have it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AutoCompaction } from "../../src/node/maintenance/auto-compaction.js";
import { AutoCompactor } from "../../src/node/maintenance/auto-compaction.js";
import { T4Error } from "../../src/core/errors.js";
import type { Revision } from "../../src/core/words.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { propose, put } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { ManualClock } from "../support/manual-clock.js";
import { Machine } from "./machine.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

class Watched {
  readonly clock = new ManualClock();
  /** Minute and revision of each compaction. */
  readonly compactions: (readonly [minute: number, revision: number])[] = [];
  revision = 1;
  isLeading = true;
  failure: T4Error | null = null;

  constructor(settings: AutoCompaction) {
    new AutoCompactor(settings, {
      clock: this.clock,
      logger: silentLogger,
      revision: () => this.revision as Revision,
      isLeading: () => this.isLeading,
      propose: (command, done) => {
        assert.ok(command.kind === "compact");
        this.compactions.push([this.clock.monotonicMs() / MINUTE_MS, command.revision]);
        this.clock.nextTurn(() => {
          done(this.failure, null);
        });
      },
    });
  }

  /** Lets minutes pass with a write in each. */
  minutes(count: number): void {
    for (let minute = 0; minute < count; minute += 1) {
      this.clock.advance(MINUTE_MS);
      this.revision += 1;
    }
  }
}

/** Revisions are written down ten times an hour, or a period: the oldest one kept is up to a tenth older than asked for. */
test("of a long period, what is older than it is compacted each hour", () => {
  const watched = new Watched({ mode: "periodic", periodMs: 2 * HOUR_MS });
  watched.minutes(300);
  assert.deepEqual(watched.compactions, [
    [120, 1],
    [180, 54],
    [240, 114],
    [300, 174],
  ]);
});

test("of a period below an hour, what is older than it is compacted each period", () => {
  const watched = new Watched({ mode: "periodic", periodMs: 10 * MINUTE_MS });
  watched.minutes(35);
  assert.deepEqual(watched.compactions, [
    [10, 1],
    [20, 9],
    [30, 19],
  ]);
});

test("a compaction that fails is tried again after a tenth of the interval", () => {
  const watched = new Watched({ mode: "periodic", periodMs: 10 * MINUTE_MS });
  watched.failure = new T4Error("T4_UNAVAILABLE", "not now");
  watched.minutes(12);
  assert.deepEqual(watched.compactions, [
    [10, 1],
    [11, 1],
    [12, 1],
  ]);
  watched.failure = new T4Error("T4_COMPACTED", "somebody else was faster");
  watched.minutes(1);
  watched.failure = null;
  watched.minutes(10);
  assert.deepEqual(watched.compactions.slice(3), [
    [13, 2],
    [23, 12],
  ]);
});

test("who does not lead compacts nothing, and goes on when it leads", () => {
  const watched = new Watched({ mode: "periodic", periodMs: 10 * MINUTE_MS });
  watched.isLeading = false;
  watched.minutes(25);
  assert.deepEqual(watched.compactions, []);
  watched.isLeading = true;
  watched.minutes(1);
  assert.deepEqual(watched.compactions, [[26, 15]]);
});

test("a number of revisions is kept, looked at every five minutes", () => {
  const watched = new Watched({ mode: "revision", revisions: 8 });
  watched.minutes(5);
  assert.deepEqual(watched.compactions, [], "there are not so many");
  watched.minutes(10);
  assert.deepEqual(watched.compactions, [
    [10, 2],
    [15, 7],
  ]);
  watched.clock.advance(5 * MINUTE_MS);
  watched.clock.advance(10 * MINUTE_MS);
  assert.deepEqual(watched.compactions.slice(2), [[20, 8]], "nothing new, nothing to do");
});

test("a node compacts by itself, and stops when it is closed", async () => {
  const clock = new VirtualClock(1);
  const machine = new Machine(clock, new SimulatedDisk(), new SeededRandom(1), {
    autoCompaction: { mode: "revision", revisions: 3 },
  });
  const node = await clock.resolve(machine.open());
  for (let count = 0; count < 9; count += 1) {
    await clock.resolve(propose(node, put("k", `${count}`)));
  }
  await clock.run(6 * MINUTE_MS);
  assert.equal(node.compactRevision, 7);
  await clock.resolve(node.close());
  await clock.run(60 * MINUTE_MS);
});
