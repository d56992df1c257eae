import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import type { Revision } from "../../core/words.js";
import { EMPTY_MANIFEST, type Manifest, type RunRecord, type TableRecord } from "./manifest.js";
import { planStep, TABLE_BYTES_MIN, type Step } from "./plan-step.js";

const MIB = 1024 * 1024;

function table(bytes: number): TableRecord {
  const rowBytes = bytes;
  const file = { number: 0, bytes, sha256: "" };
  return {
    ...file,
    rows: 1,
    rowBytes,
    firstRevision: 1,
    lastRevision: 1,
    deadRows: 0,
    deadBytes: 0,
  };
}

function run(bytes: number): RunRecord {
  const file = { number: 0, bytes, sha256: "" };
  const revisions = { firstRevision: 1, lastRevision: 1 };
  return { ...file, ...revisions, rows: 100, keys: 100, deadRows: 0, cleanedRevision: 0 };
}

function manifest(tables: readonly number[], runs: readonly number[]): Manifest {
  return { ...EMPTY_MANIFEST, tables: tables.map(table), runs: runs.map(run) };
}

/** What the step would leave, if nothing in the files were dead. */
function take(before: Manifest, step: Step): Manifest {
  switch (step.kind) {
    case "account":
      return { ...before, accountedRevision: before.compactRevision };
    case "rewrite-tables": {
      const inputs = before.tables.slice(step.first, step.first + step.count);
      const made = table(inputs.reduce((sum, input) => sum + input.bytes, 0));
      return { ...before, tables: before.tables.toSpliced(step.first, step.count, made) };
    }
    case "merge-runs": {
      const inputs = before.runs.slice(step.first, step.first + step.count);
      const made = run(inputs.reduce((sum, input) => sum + input.bytes, 0));
      return { ...before, runs: before.runs.toSpliced(step.first, step.count, made) };
    }
  }
}

/** Takes steps until none is left; returns the end and the bytes written. */
function settle(start: Manifest): { end: Manifest; written: number } {
  let end = start;
  let written = 0;
  for (let steps = 0; steps < 1_000; steps += 1) {
    const step = planStep(end);
    if (step === null) {
      return { end, written };
    }
    const before = [...end.tables, ...end.runs];
    end = take(end, step);
    for (const file of [...end.tables, ...end.runs]) {
      written += before.includes(file) ? 0 : file.bytes;
    }
  }
  return assert.fail("upkeep does not end");
}

const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 100 * MIB })),
  { maxLength: 60 },
);

test("upkeep ends, with few small files", () => {
  fc.assert(
    fc.property(sizes, sizes, (tables, runs) => {
      const { end } = settle(manifest(tables, runs));
      assert.ok(end.runs.length <= 3 * 12, `${end.runs.length} runs`);
      const large = end.tables.filter((one) => one.bytes >= TABLE_BYTES_MIN).length;
      assert.ok(end.tables.length <= 2 * large + 3 * 5, `${end.tables.length} tables`);
    }),
  );
});

test("files made one after the other stay few, and each byte is written a few times", () => {
  fc.assert(
    fc.property(sizes, (made) => {
      let now = manifest([], []);
      let written = 0;
      for (const bytes of made) {
        now = { ...now, tables: [...now.tables, table(bytes)], runs: [...now.runs, run(bytes)] };
        const settled = settle(now);
        now = settled.end;
        written += settled.written;
      }
      const total = made.reduce((sum, bytes) => sum + bytes, 0);
      assert.ok(now.runs.length <= 3 * 12);
      assert.ok(written <= total * 2 * 10, `${written / total} times`);
    }),
    { numRuns: 50 },
  );
});

test("four runs of one tier become one, older and larger ones stay", () => {
  const before = manifest([], [100 * MIB, 600_000, 500_000, 700_000, 650_000]);
  assert.deepEqual(planStep(before), { kind: "merge-runs", first: 1, count: 4 });
  assert.equal(planStep(manifest([], [100 * MIB, 600_000, 500_000, 700_000])), null);
});

test("small tables behind a large one are merged as they are; a single one is left", () => {
  const before = manifest([9 * MIB, 1000, 1000, 20 * MIB], []);
  assert.deepEqual(planStep(before), { kind: "rewrite-tables", first: 1, count: 2 });
  assert.equal(planStep(manifest([9 * MIB, 1000, 20 * MIB, 1000, 1000], [])), null);
});

test("a table is written anew when more than half of it is dead", () => {
  const tables = [
    table(1000),
    { ...table(1000), deadBytes: 501 },
    { ...table(1000), deadBytes: 500 },
  ];
  assert.deepEqual(planStep({ ...EMPTY_MANIFEST, tables }), {
    kind: "rewrite-tables",
    first: 1,
    count: 1,
  });
});

test("a run is cleaned once a compaction, even if tombstones must stay in it", () => {
  const compactRevision = 9 as Revision;
  const before: Manifest = { ...EMPTY_MANIFEST, compactRevision, accountedRevision: 9 };
  const dirty = { ...run(1000), deadRows: 51, cleanedRevision: 8 };
  const step = planStep({ ...before, runs: [run(1000), dirty] });
  assert.deepEqual(step, { kind: "merge-runs", first: 1, count: 1 });
  const cleaned = { ...dirty, cleanedRevision: 9 };
  assert.equal(planStep({ ...before, runs: [run(1000), cleaned] }), null);
});

test("what a compaction killed is counted before anything else", () => {
  const compactRevision = 9 as Revision;
  assert.deepEqual(planStep({ ...EMPTY_MANIFEST, compactRevision }), { kind: "account" });
});
