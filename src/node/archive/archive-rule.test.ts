import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Term } from "../../core/words.js";
import { silentLogger } from "../../runtime/logger.js";
import type { LockOwner } from "../../election/leader-lock.js";
import type { AcknowledgeRule } from "../../election/lock-record.js";
import { ArchiveRule } from "./archive-rule.js";

const at = (index: number): LogIndex => index as LogIndex;

/** A rule on an archive and a lock that do what the test says. */
function startRule(rule: AcknowledgeRule) {
  const clock = new VirtualClock(1);
  const told: string[] = [];
  const archive = {
    archivedIndex: at(0),
    stalledSinceMs: null as number | null,
    offered: 0,
    offer: (index: LogIndex) => {
      archive.offered = index;
    },
    sealed: () => {},
    flush: async () =>
      archive.archivedIndex === archive.offered
        ? Promise.resolve()
        : Promise.reject(new Error("closed first")),
    close: async () => Promise.resolve(),
  };
  const lock = {
    term: 3 as Term,
    valid: true,
    isFree: null as boolean | null,
    answers: [] as ((answer: LockOwner) => void)[],
    isValid: () => lock.valid,
    confirm: async () =>
      new Promise<LockOwner>((resolve) => {
        lock.answers.push(resolve);
      }),
    release: async () => {
      lock.isFree = true;
      return Promise.resolve(true);
    },
    close: async () => {
      lock.isFree = false;
      return Promise.resolve();
    },
  };
  const keeper = {
    start: () => {},
    make: async () => Promise.reject(new Error("not asked for")),
    collect: async () => Promise.reject(new Error("not asked for")),
    close: async () => Promise.resolve(),
  };
  const made = new ArchiveRule({
    rule,
    archive,
    lock,
    keeper,
    raiseRevisionBy: 0,
    clock,
    logger: silentLogger,
    url: "memory://test/",
  });
  made.start({
    committed: (index) => told.push(`committed ${String(index)}`),
    timedOut: (index) => told.push(`timed out ${String(index)}`),
    released: (index) => told.push(`released ${String(index)}`),
    gatherFiles: async () => Promise.reject(new Error("not asked for")),
    failed: (error) => told.push(error.message),
  });
  const archived = (index: number): void => {
    archive.archivedIndex = at(index);
    made.archived(at(index));
  };
  return { rule: made, archive, lock, clock, told, archived };
}

test("with the rule archive an entry is committed when the archive has it, with local when the log has it", () => {
  const sync = startRule("archive");
  sync.rule.durable(at(2));
  assert.deepEqual(sync.told, []);
  assert.equal(sync.archive.offered, 2);
  sync.archived(1);
  assert.deepEqual(sync.told, ["committed 1", "released 1"]);
  const local = startRule("local");
  local.rule.durable(at(2));
  assert.deepEqual(local.told, ["committed 2"]);
  local.archived(1);
  assert.deepEqual(local.told, ["committed 2", "released 1"]);
});

test("a stuck store refuses writes after a while and tells those who wait, and goes on by itself", async () => {
  const { rule, archive, clock, told, archived } = startRule("archive");
  rule.durable(at(5));
  archive.stalledSinceMs = clock.monotonicMs();
  await clock.run(4_000);
  assert.equal(rule.refusal(), null);
  await clock.run(6_000);
  assert.equal(rule.refusal()?.code, "T4_UNAVAILABLE");
  assert.deepEqual(told, ["timed out 5"], "once");
  archive.stalledSinceMs = null;
  assert.equal(rule.refusal(), null);
  archived(5);
  assert.deepEqual(told.slice(1), ["committed 5", "released 5"]);
  await clock.run(20_000);
  assert.equal(told.length, 3, "what is archived waits for nothing");
});

test("with the rule archive reads need a valid lock; with local a late renewal stops nothing", () => {
  const sync = startRule("archive");
  assert.equal(sync.rule.notLeading(), null);
  sync.lock.valid = false;
  assert.equal(sync.rule.notLeading()?.code, "T4_UNAVAILABLE");
  const local = startRule("local");
  local.lock.valid = false;
  local.archive.stalledSinceMs = 0;
  assert.equal(local.rule.notLeading(), null);
  assert.equal(local.rule.refusal(), null);
});

test("a process that stood still acknowledges nothing until it knows who leads", async () => {
  const answers: LockOwner[] = [
    { kind: "ours" },
    { kind: "unreachable", cause: new Error("no answer") },
    { kind: "other", record: null },
  ];
  for (const answer of answers) {
    const { rule, lock, clock, told } = startRule("local");
    rule.durable(at(1));
    clock.freeze(30_000);
    rule.durable(at(2));
    assert.deepEqual(told, ["committed 1"], "nothing is known yet");
    assert.equal(rule.notLeading()?.code, "T4_UNAVAILABLE");
    if (answer.kind === "other") {
      rule.failed(new T4Error("T4_UNAVAILABLE", "fenced"));
    }
    lock.answers[0]?.(answer);
    await clock.run(0);
    rule.durable(at(3));
    const expected = answer.kind === "other" ? ["fenced"] : ["committed 2", "committed 3"];
    assert.deepEqual(told.slice(1), expected);
  }
});

test("a lock is freed only when the archive has everything", async () => {
  const whole = startRule("local");
  whole.rule.durable(at(1));
  whole.archived(1);
  await whole.rule.close();
  assert.equal(whole.lock.isFree, true);
  const behind = startRule("local");
  behind.rule.durable(at(1));
  await behind.rule.close();
  assert.equal(behind.lock.isFree, false);
});
