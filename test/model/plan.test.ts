// Plans against the reference model: the same commands must give the same answers, errors, events and state.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.js";
import type { Command, RangeOperation } from "../../src/core/command.js";
import { T4Error } from "../../src/core/errors.js";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import { plan } from "../../src/core/plan/plan.js";
import { isReadOnly } from "../../src/core/plan/plan-txn.js";
import { RangeRead, readRange, resolveRevision } from "../../src/core/range/range-read.js";
import { validateTxn } from "../../src/core/validate.js";
import {
  arbitraryCommand,
  arbitraryDeleteRange,
  arbitraryPut,
  arbitraryRead,
  arbitraryTxn,
} from "./arbitraries.js";
import { comparable, comparableEvent, comparableRow } from "./comparable.js";
import { MemoryView } from "./memory-view.js";
import { ModelError, ReferenceModel, type ModelOutcome } from "./reference-model.js";

type Answer = { readonly outcome: ModelOutcome } | { readonly code: string };

function answer(run: () => ModelOutcome): Answer {
  try {
    return { outcome: run() };
  } catch (error) {
    if (error instanceof T4Error || error instanceof ModelError) {
      return { code: error.code };
    }
    throw error;
  }
}

function runOnView(view: MemoryView, command: Command | RangeOperation): ModelOutcome {
  if (command.kind === "range") {
    const at = resolveRevision(command.revision, view.revision, view.compactRevision);
    return comparable(readRange(command, view, at, view.revision));
  }
  const planned = plan(command, view);
  assert.deepEqual(
    planned.rows.map((row) => [row.modRevision, row.subRevision]),
    planned.rows.map((_, subRevision) => [view.revision + 1, subRevision]),
  );
  view.apply(planned);
  return comparable(planned.outcome);
}

function isValid(command: Command | RangeOperation): boolean {
  if (command.kind !== "txn") {
    return true;
  }
  try {
    validateTxn(command);
    return true;
  } catch {
    return false;
  }
}

test("commands do what the reference model does, one after the other", () => {
  fc.assert(
    fc.property(fc.array(arbitraryCommand, { minLength: 10, maxLength: 40 }), (commands) => {
      const view = new MemoryView();
      const model = new ReferenceModel();
      for (const command of commands) {
        if (!isValid(command)) {
          continue;
        }
        assert.deepEqual(
          answer(() => runOnView(view, command)),
          answer(() => (command.kind === "range" ? model.read(command) : model.run(command))),
        );
        assert.equal(view.revision, model.revision);
      }
      assert.equal(view.compactRevision, model.compactRevision);
      assert.deepEqual(view.log.map(comparableEvent), model.events);
      assert.deepEqual(
        new Map([...view.leases].map(([lease, { ttlSeconds }]) => [lease, ttlSeconds])),
        model.leases,
      );
      assert.deepEqual(
        rowsOf(view),
        [...model.state.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
      );
    }),
    { numRuns: 2_000 },
  );
});

function rowsOf(view: MemoryView): unknown[] {
  const cursor = view.scan(ALL_KEYS, view.revision, false);
  const rows: unknown[] = [];
  while (cursor.next()) {
    rows.push(comparableRow(cursor.row()));
  }
  return rows;
}

/** A view after some commands. */
const arbitraryView = fc.array(arbitraryCommand, { maxLength: 30 }).map((commands) => {
  const view = new MemoryView();
  for (const command of commands) {
    if (isValid(command)) {
      answer(() => runOnView(view, command));
    }
  }
  return view;
});

const arbitraryWrite = fc.oneof(
  arbitraryDeleteRange,
  arbitraryPut.map((put) => ({ ...put, lease: 0n, ignoreValue: false, ignoreLease: false })),
);

test("a read in slices gives what a read at once gives", () => {
  fc.assert(
    fc.property(
      arbitraryView,
      arbitraryRead,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 60 }),
      (view, operation, rowsMax, bytesMax) => {
        const at = view.revision;
        const read = new RangeRead(operation, view, at, at);
        while (!read.step(rowsMax, bytesMax)) {
          // Others would run here.
        }
        read.close();
        assert.deepEqual(comparable(read.outcome), comparable(readRange(operation, view, at, at)));
      },
    ),
    { numRuns: 500 },
  );
});

test("a transaction that is read-only writes nothing", () => {
  fc.assert(
    fc.property(arbitraryView, arbitraryTxn, (view, txn) => {
      fc.pre(isReadOnly(txn));
      try {
        assert.deepEqual(plan(txn, view).rows, []);
      } catch (error) {
        assert.ok(error instanceof T4Error);
      }
    }),
  );
});

test("planning changes nothing, so that a plan can be thrown away", () => {
  fc.assert(
    fc.property(arbitraryView, arbitraryCommand, (view, command) => {
      fc.pre(command.kind !== "range" && isValid(command));
      const run = (): Answer =>
        answer(() => {
          const planned = plan(command, view);
          return { rows: planned.rows.map(comparableEvent), outcome: comparable(planned.outcome) };
        });
      assert.deepEqual(run(), run());
    }),
    { numRuns: 200 },
  );
});

test("within a transaction, keys walked backwards are those walked forwards", () => {
  const read = (descending: boolean): RangeOperation => ({
    kind: "range",
    range: ALL_KEYS,
    revision: 0,
    limit: 0,
    sort: { target: "key", descending },
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  });
  fc.assert(
    fc.property(arbitraryView, fc.array(arbitraryWrite, { maxLength: 6 }), (view, writes) => {
      const { outcome } = plan(
        { kind: "txn", compares: [], success: [...writes, read(false), read(true)], failure: [] },
        view,
      );
      assert.ok(outcome.kind === "txn");
      const [forwards, backwards] = outcome.responses.slice(-2).map(comparable);
      assert.deepEqual((backwards?.["rows"] as unknown[]).toReversed(), forwards?.["rows"]);
    }),
    { numRuns: 500 },
  );
});
