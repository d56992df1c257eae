import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { VirtualClock } from "../../test/transport/virtual-clock.js";
import { Deadlines, type Timed } from "./deadlines.js";

class Entry implements Timed {
  readonly deadlineMs: number;
  firedAtMs = -1;
  wheelSlot = -1;
  nextInSlot: Timed | undefined = undefined;
  previousInSlot: Timed | undefined = undefined;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, deadlineMs: number) {
    this.#clock = clock;
    this.deadlineMs = deadlineMs;
  }

  expired(): void {
    assert.equal(this.firedAtMs, -1, "a deadline is met once");
    this.firedAtMs = this.#clock.monotonicMs();
  }
}

test("deadlines are met once, never early, at most two slots late, and not after removal", () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 3000 }),
    timeoutMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 40_000 })),
    removeAfterMs: fc.option(fc.integer({ min: 0, max: 40_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = new VirtualClock();
      const deadlines = new Deadlines(clock);
      const entries = steps.map(({ waitMs, timeoutMs, removeAfterMs }) => {
        clock.advance(waitMs);
        const nowMs = clock.monotonicMs();
        const entry = new Entry(clock, nowMs + timeoutMs);
        deadlines.add(entry, nowMs);
        const removedAtMs = removeAfterMs === undefined ? Infinity : nowMs + removeAfterMs;
        if (removeAfterMs !== undefined) {
          clock.after(removeAfterMs, () => {
            deadlines.remove(entry);
          });
        }
        return { entry, removedAtMs };
      });
      clock.advance(100_000);
      for (const { entry, removedAtMs } of entries) {
        if (entry.firedAtMs < 0) {
          assert.ok(removedAtMs <= entry.deadlineMs + 20, "lost");
        } else {
          assert.ok(entry.firedAtMs >= entry.deadlineMs, "early");
          assert.ok(entry.firedAtMs <= entry.deadlineMs + 20, "late");
        }
      }
      assert.equal(deadlines.count, 0);
      assert.equal(clock.timers, 0);
    }),
  );
});
