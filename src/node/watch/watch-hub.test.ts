import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { rangeContains, type KeyRange } from "../../core/range/key-range.js";
import { makeRow, makeTombstone, type Row } from "../../core/row.js";
import { NO_LEASE, type Key, type Revision } from "../../core/words.js";
import type { Clock } from "../../runtime/clock.js";
import type { EventCursor } from "../../store/store.js";
import type { WatchBatch, WatchOptions, WatchSink, Watcher } from "../node.js";
import type { History } from "./history-walk.js";
import { WatchHub } from "./watch-hub.js";

/** All rows ever, in order; what compaction removes is only counted as gone. */
class PlainHistory implements History {
  committedRevision = 1 as Revision;
  compactRevision = 0 as Revision;
  readonly rows: Row[] = [];
  rowsRead = 0;

  get(key: Key, revision: Revision): Row | undefined {
    const row = this.rows.findLast((each) => each.key === key && each.modRevision <= revision);
    return row?.isTombstone === true ? undefined : row;
  }

  events(range: KeyRange, from: Revision, to: Revision): EventCursor {
    assert.ok(from >= this.compactRevision && to <= this.committedRevision);
    let at = 0;
    return {
      next: () => {
        for (; at < this.rows.length; at += 1) {
          const row = this.rows[at]!;
          this.rowsRead += 1;
          if (row.modRevision >= from && row.modRevision <= to && rangeContains(range, row.key)) {
            at += 1;
            return row;
          }
        }
        return null;
      },
      close: () => {},
    };
  }

  /** Adds one revision that puts or (second of a pair) deletes keys. */
  commit(changes: readonly (readonly [Key, boolean])[]): readonly Row[] {
    const revision = (this.committedRevision + 1) as Revision;
    const rows = changes.map(([key, isDelete], sub) => {
      const before = this.get(key, this.committedRevision);
      return isDelete && before !== undefined
        ? makeTombstone(key, revision, sub)
        : makeRow(
            key,
            new Uint8Array(3),
            revision,
            sub,
            before?.createRevision ?? revision,
            (before?.version ?? 0) + 1,
            NO_LEASE,
          );
    });
    this.rows.push(...rows);
    this.committedRevision = revision;
    return rows;
  }
}

function turns(): { clock: Clock; run: () => boolean } {
  const queue: (() => void)[] = [];
  const clock = {
    nextTurn: (run: () => void) => {
      queue.push(run);
    },
  } as Clock;
  return {
    clock,
    run: () => {
      const next = queue.shift();
      next?.();
      return next !== undefined;
    },
  };
}

/** A sink that checks what every watcher is promised, and takes as many batches as it is told. */
class CheckingSink implements WatchSink {
  readonly batches: WatchBatch[] = [];
  room = 0;
  isOpen = true;
  compactedAt = 0;
  watcher: Watcher | null = null;

  deliver(batch: WatchBatch): boolean {
    assert.ok(this.isOpen, "nothing comes after false, until resume");
    assert.ok(batch.events.length > 0);
    assert.ok(batch.revision >= batch.events.at(-1)!.row.modRevision);
    assert.ok(batch.events[0]!.row.modRevision > (this.batches.at(-1)?.revision ?? 0));
    this.batches.push(batch);
    this.room -= 1;
    this.isOpen = this.room > 0;
    return this.isOpen;
  }

  compacted(revision: Revision): void {
    assert.equal(this.compactedAt, 0);
    this.compactedAt = revision;
  }

  rows(): Row[] {
    return this.batches.flatMap((batch) => batch.events.map((event) => event.row));
  }
}

const key = fc.constantFrom("a", "b", "c", "d");
const range = fc.oneof(
  fc.record({ kind: fc.constant("key" as const), key }),
  fc.record({ kind: fc.constant("interval" as const), start: key, end: fc.option(key) }),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("commit" as const),
      changes: fc.uniqueArray(fc.tuple(key, fc.boolean()), {
        minLength: 1,
        maxLength: 3,
        selector: ([each]) => each,
      }),
      group: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("watch" as const),
      range,
      start: fc.nat(40),
      puts: fc.boolean(),
      deletes: fc.boolean(),
      room: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("resume" as const),
      which: fc.nat(20),
      room: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("compact" as const), back: fc.nat(10) }) },
);

const limitsArbitrary = fc.record({
  sliceRowsMax: fc.integer({ min: 1, max: 10 }),
  batchRevisionsMax: fc.integer({ min: 1, max: 5 }),
  gapRevisionsMax: fc.nat(5),
  rangesAloneMax: fc.nat(3),
  visitCostRows: fc.nat(1),
});

interface Watching {
  readonly options: WatchOptions;
  readonly from: number;
  readonly sink: CheckingSink;
  readonly watcher: Watcher;
  isCancelled: boolean;
}

function wanted(history: PlainHistory, { options, from }: Watching, to: number): Row[] {
  return history.rows.filter(
    (row) =>
      row.modRevision >= from &&
      row.modRevision <= to &&
      rangeContains(options.range, row.key) &&
      (row.isTombstone ? options.deletes : options.puts),
  );
}

function resume(each: Watching, room: number): void {
  each.sink.room = room;
  each.sink.isOpen = true;
  each.watcher.resume();
}

test("every watcher gets every matching event once, in order, in whole revisions, however it stalls", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120, size: "max" }),
      limitsArbitrary,
      (steps, limits) => {
        const history = new PlainHistory();
        const { clock, run } = turns();
        const hub = new WatchHub(history, clock, assert.ifError, limits);
        const watching: Watching[] = [];
        let undelivered = false;
        for (const each of steps) {
          if (each.kind === "commit") {
            history.commit(each.changes).forEach((row) => {
              hub.publish(row);
            });
            undelivered = each.group;
          }
          if (undelivered && each.kind === "commit") {
            continue; // The next revision of the same group follows.
          }
          undelivered = false;
          hub.deliver();
          const target = "which" in each ? watching[each.which] : undefined;
          if (each.kind === "watch") {
            const sink = new CheckingSink();
            sink.room = each.room;
            const options = { ...each, startRevision: each.start };
            if (each.start !== 0 && each.start < history.compactRevision) {
              assert.throws(() => hub.watch(options, sink), { code: "T4_COMPACTED" });
              continue;
            }
            const watcher = hub.watch(options, sink);
            assert.equal(watcher.createdRevision, history.committedRevision);
            const from = each.start === 0 ? history.committedRevision + 1 : each.start;
            watching.push({ options, from, sink, watcher, isCancelled: false });
          } else if (each.kind === "turn") {
            run();
          } else if (each.kind === "resume" && target !== undefined) {
            resume(target, each.room);
          } else if (each.kind === "cancel" && target !== undefined) {
            target.watcher.cancel();
            target.isCancelled = true;
          } else if (each.kind === "compact") {
            const revision = Math.max(history.committedRevision - each.back, 1);
            if (revision > history.compactRevision) {
              const ends = watching.map(({ watcher, sink, isCancelled }) =>
                !isCancelled &&
                sink.compactedAt === 0 &&
                !watcher.isSynced &&
                watcher.deliveredRevision + 1 < revision
                  ? revision
                  : sink.compactedAt,
              );
              history.compactRevision = revision as Revision;
              hub.compacted(revision as Revision);
              assert.deepEqual(
                watching.map(({ sink }) => sink.compactedAt),
                ends,
              );
            }
          }
          for (const one of watching) {
            if (!one.isCancelled && one.sink.compactedAt === 0) {
              assert.deepEqual(
                one.sink.rows(),
                wanted(history, one, one.watcher.deliveredRevision),
                "deliveredRevision promises what was delivered",
              );
            }
          }
        }
        hub.deliver();
        let answered = 0;
        hub.whenSynced(
          watching.map((each) => each.watcher),
          (revision) => {
            assert.equal(revision, history.committedRevision);
            answered += 1;
          },
        );
        for (let idle = 0; idle < 3;) {
          watching.forEach((each) => {
            if (!each.isCancelled && each.sink.compactedAt === 0) {
              resume(each, 2);
            }
          });
          idle = run() ? 0 : idle + 1;
        }
        assert.equal(answered, 1);
        for (const each of watching) {
          if (each.isCancelled) {
            continue;
          }
          if (each.sink.compactedAt > 0) {
            assert.ok(
              (each.sink.batches.at(-1)?.revision ?? each.from - 1) < each.sink.compactedAt,
            );
            continue;
          }
          assert.deepEqual(each.sink.rows(), wanted(history, each, history.committedRevision));
          assert.ok(each.watcher.isSynced);
          for (const batch of each.sink.batches) {
            for (const event of batch.events) {
              const before = history.get(event.row.key, (event.row.modRevision - 1) as Revision);
              if (event.row.modRevision - 1 >= history.compactRevision) {
                assert.equal(event.previous(), before);
              }
            }
          }
        }
        hub.close();
      },
    ),
    { numRuns: 300 },
  );
});

test("a thousand watchers that start at once read the history once", () => {
  const history = new PlainHistory();
  for (let at = 0; at < 5_000; at += 1) {
    history.commit([[`key ${at % 100}`, false]]);
  }
  for (const rangeOf of [
    (): KeyRange => ({ kind: "interval", start: "key", end: "kez" }),
    (at: number): KeyRange => ({ kind: "key", key: `key ${at % 100}` }),
  ]) {
    const { clock, run } = turns();
    const hub = new WatchHub(history, clock, assert.ifError);
    const sinks: CheckingSink[] = [];
    for (let at = 0; at < 1_000; at += 1) {
      const sink = new CheckingSink();
      sink.room = Infinity;
      sinks.push(sink);
      const options = {
        range: rangeOf(at),
        startRevision: 2 + (at % 7),
        puts: true,
        deletes: true,
      };
      hub.watch(options, sink);
    }
    history.rowsRead = 0;
    let count = 0;
    while (run()) {
      count += 1;
    }
    assert.ok(history.rowsRead <= 5_000 * 2, `${history.rowsRead} rows were read`);
    assert.ok(count >= 3 && count <= 10, `in ${count} turns`);
    assert.equal(hub.behindCount, 0);
    const batch = sinks[0]!.batches[0]!;
    assert.ok(new Set(batch.events.map((event) => event.row.modRevision)).size <= 1_000);
  }
});

test("a watcher that cancels within a delivery hears no more, and the others all they should", () => {
  const history = new PlainHistory();
  const { clock } = turns();
  const hub = new WatchHub(history, clock, assert.ifError);
  const heard: number[] = [];
  const all = { kind: "interval", start: "", end: null } as const;
  const watchers: Watcher[] = [];
  for (let at = 0; at < 5; at += 1) {
    watchers.push(
      hub.watch(
        { range: all, startRevision: 0, puts: true, deletes: true },
        {
          deliver: () => {
            heard.push(at);
            watchers[1]!.cancel();
            watchers[3]!.cancel();
            return at !== 0;
          },
          compacted: () => {
            assert.ok(false);
          },
        },
      ),
    );
  }
  for (let count = 0; count < 2; count += 1) {
    history.commit([["a", false]]).forEach((row) => {
      hub.publish(row);
    });
    hub.deliver();
  }
  assert.deepEqual(heard, [0, 2, 4, 2, 4], "watcher 0 stalled, 1 and 3 cancelled");
  assert.equal(hub.watcherCount, 3);
});
