import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_HASH, type ChainPosition } from "../../archive/chain.js";
import type { CheckpointRecord } from "../../archive/latest-manifest.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { sinceCheckpoint } from "./since-checkpoint.js";

const chain: ChainPosition = {
  term: 2 as Term,
  firstIndex: 11 as LogIndex,
  previousHash: NO_HASH,
};
const newest: CheckpointRecord = {
  key: "checkpoint/x.json",
  term: 5 as Term,
  index: 40 as LogIndex,
  revision: 30 as Revision,
  wallMs: 1_000,
  bytes: 1,
};
const walked = { slots: 7, bytes: 700 };
const TERM = 9 as Term;

test("what came since a checkpoint counts over restarts", () => {
  assert.deepEqual(sinceCheckpoint({ checkpoints: [newest], chain }, TERM, walked, 5_000), {
    index: 40,
    wallMs: 1_000,
    ...walked,
    terms: 4,
  });
});

test("a clock that was set back does not put a checkpoint off", () => {
  const since = sinceCheckpoint({ checkpoints: [newest], chain }, TERM, walked, 400);
  assert.equal(since.wallMs, 400);
});

test("slots without any checkpoint are overdue, an empty archive is not", () => {
  const none = { checkpoints: [], chain };
  assert.deepEqual(sinceCheckpoint(none, TERM, walked, 5_000), {
    index: 10,
    wallMs: null,
    ...walked,
    terms: 7,
  });
  assert.equal(sinceCheckpoint(none, TERM, { slots: 0, bytes: 0 }, 5_000).wallMs, 5_000);
});
