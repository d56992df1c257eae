// Answers and rows in the plain form that the reference model speaks.
import type { Outcome, OperationOutcome } from "../../src/core/command.js";
import type { Row } from "../../src/core/row.js";
import type { ModelEvent, ModelOutcome, ModelRow } from "./reference-model.js";

export function comparableRow(row: Row, keysOnly = false): ModelRow {
  return {
    key: row.key,
    value: keysOnly ? "" : Buffer.from(row.value).toString("hex"),
    create: row.createRevision,
    mod: row.modRevision,
    version: row.version,
    lease: row.lease,
  };
}

export function comparableEvent(row: Row): ModelEvent {
  return {
    revision: row.modRevision,
    key: row.key,
    row: row.isTombstone ? null : comparableRow(row),
  };
}

export function comparable(outcome: Outcome | OperationOutcome): ModelOutcome {
  switch (outcome.kind) {
    case "put":
      return {
        ...outcome,
        previous: outcome.previous === null ? null : comparableRow(outcome.previous),
      };
    case "delete-range":
      return { ...outcome, previous: outcome.previous.map((row) => comparableRow(row)) };
    case "range":
      return { ...outcome, rows: outcome.rows.map((row) => comparableRow(row, outcome.keysOnly)) };
    case "txn":
      return { ...outcome, responses: outcome.responses.map(comparable) };
    default:
      return { ...outcome };
  }
}
