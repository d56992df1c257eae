import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import type { Command } from "../../core/command.js";
import { T4Error } from "../../core/errors.js";
import type { Revision, Term } from "../../core/words.js";
import { silentLogger } from "../../runtime/logger.js";
import { aloneRule, type CommitRuleListener } from "../write/commit-rule.js";
import type { Completion } from "../node.js";
import { Leadership } from "./leadership.js";

const deaf: CommitRuleListener = {
  committed: () => {},
  timedOut: () => {},
  released: () => {},
  gatherFiles: async () => Promise.reject(new Error("nobody asks for files")),
  failed: () => {},
};

/** A leadership whose first entry is committed, or fails, when the test says so. */
function leadershipOf(): {
  readonly leadership: Leadership;
  readonly clock: VirtualClock;
  readonly log: { tipTerm: Term; hasSpace: boolean };
  readonly calls: string[];
  readonly proposed: Command[];
  readonly written: (error: T4Error | null) => void;
  readonly stop: (by: T4Error) => void;
} {
  const clock = new VirtualClock(1);
  const log = { tipTerm: 1 as Term, hasSpace: true };
  const calls: string[] = [];
  const proposed: Command[] = [];
  let revision = 100;
  let done: Completion | null = null;
  let stoppedBy: T4Error | null = null;
  const told = (name: string): { start: () => void; stop: () => void } => ({
    start: () => calls.push(`${name} starts`),
    stop: () => calls.push(`${name} stops`),
  });
  const leadership = new Leadership({
    identity: { nodeId: "n" },
    log,
    store: {
      get committedRevision() {
        return (revision += 1) as Revision;
      },
    },
    rule: aloneRule(2 as Term),
    raiseRevisionBy: 7,
    pipeline: {
      startTerm: (term, nodeId, raiseBy, completion) => {
        calls.push(`term ${term} of ${nodeId}, raised by ${raiseBy}`);
        done = completion;
      },
      propose: (command, completion) => {
        proposed.push(command);
        completion(null, null);
      },
    },
    lessor: told("lessor"),
    quota: told("quota"),
    autoCompaction: { mode: "revision", revisions: 10 },
    runtime: { clock, logger: silentLogger },
    stoppedBy: () => stoppedBy,
  });
  return {
    leadership,
    clock,
    log,
    calls,
    proposed,
    written: (error) => {
      done?.(error, null);
    },
    stop: (by) => {
      stoppedBy = by;
    },
  };
}

/** How often revisions are looked at, which are more at each look. */
const LOOK_MS = 5 * 60_000;

test("what only a leader does begins after the term's first entry, and stops at the end", async () => {
  const { leadership, clock, calls, proposed, written } = leadershipOf();
  const started = leadership.startTerm(deaf);
  await clock.run(LOOK_MS);
  assert.deepEqual(calls.splice(0), ["term 2 of n, raised by 7"]);
  assert.equal(leadership.isLeading, false);
  written(null);
  await started;
  leadership.begin();
  assert.deepEqual([leadership.isLeading, leadership.begun], [true, 1]);
  assert.deepEqual(calls.splice(0), ["lessor starts", "quota starts"]);
  await clock.run(LOOK_MS);
  assert.deepEqual(proposed.splice(0), [{ kind: "compact", revision: 91 }]);
  leadership.end();
  assert.deepEqual([leadership.isLeading, leadership.begun], [false, 1]);
  assert.deepEqual(calls, ["lessor stops", "quota stops"]);
  await clock.run(2 * LOOK_MS);
  assert.deepEqual(proposed, []);
});

test("a term starts without its first entry where the log has no space", async () => {
  const { leadership, clock, log } = leadershipOf();
  let hasStarted = false;
  const started = leadership.startTerm(deaf).then(() => {
    hasStarted = true;
  });
  await clock.run(1_000);
  assert.equal(hasStarted, false);
  log.hasSpace = false;
  await clock.run(1_000);
  assert.equal(hasStarted, true);
  await started;
});

test("a start that fails says what made the node stop, rather than what became of the entry", async () => {
  const { leadership, written, stop } = leadershipOf();
  const started = leadership.startTerm(deaf);
  const cause = new T4Error("T4_IO", "a file failed");
  stop(cause);
  written(new T4Error("T4_CLOSED", "the node has stopped"));
  await assert.rejects(started, cause);
});

test("a node that ended while its term started begins nothing", async () => {
  const { leadership, clock, calls, proposed, written } = leadershipOf();
  const started = leadership.startTerm(deaf);
  leadership.end();
  calls.splice(0);
  written(null);
  await started;
  leadership.begin();
  await clock.run(2 * LOOK_MS);
  assert.deepEqual([leadership.isLeading, leadership.begun, calls, proposed], [false, 0, [], []]);
});
