// The decision: command × view at the tip → the rows and effects of an entry, and the answer for the caller.
// Pure and synchronous: what it returns depends on its arguments alone, and since nothing else runs meanwhile, planning
// is the write lock. A command that must not be applied throws, and nothing has happened.
// Must never: check the form of a request (validate.ts does, before this).
import { assert, unreachable } from "../../lib/assert.js";
import { listOfOne } from "../../lib/collections/list-of-one.js";
import { ALARM, type Alarm } from "../alarm.js";
import { planAuth } from "../auth/plan-auth.js";
import type { Command, Outcome, PutOperation } from "../command.js";
import { deleteRange, draftOn, rowOfPut } from "./draft.js";
import type { SystemEffect } from "../entry.js";
import { leaseNotFoundError, T4Error } from "../errors.js";
import { ALARMS_MAX, LEASE_TTL_SECONDS_MAX, LEASE_TTL_SECONDS_MIN } from "../limits.js";
import { executeTxn } from "./plan-txn.js";
import { makeTombstone, type Row } from "../row.js";
import { headOf, type PlanView } from "../view.js";
import { NO_LEASE, type LeaseId, type Revision } from "../words.js";

type AlarmCommand = Extract<Command, { kind: "alarm" }>;

export interface Plan {
  /** What the entry changes; no rows and no effect means that no entry is needed. */
  readonly rows: readonly Row[];
  readonly system: SystemEffect | null;
  /** To be read once. */
  readonly outcome: Outcome;
}

/**
 * Decides a command against the state at the tip. Throws a T4Error for one that must not be applied: T4_KEY_NOT_FOUND,
 * T4_LEASE_NOT_FOUND, T4_LEASE_EXISTS, T4_LEASE_TTL_TOO_LARGE, T4_COMPACTED, T4_FUTURE_REVISION, T4_INVALID_ARGUMENT,
 * T4_DOWNGRADE_IN_PROGRESS, T4_NO_DOWNGRADE, and what `planAuth` throws.
 */
export function plan(command: Command, view: PlanView): Plan {
  switch (command.kind) {
    case "put": {
      // etcd looks for the lease before the key, but the other way round within a transaction.
      if (command.lease !== NO_LEASE && !view.leaseExists(command.lease)) {
        throw leaseNotFoundError(command.lease);
      }
      return planPut(command, view);
    }
    case "delete-range": {
      const draft = draftOn(view);
      const outcome = deleteRange(draft, command);
      return { rows: draft.rows, system: null, outcome };
    }
    case "txn": {
      const draft = draftOn(view);
      const outcome = executeTxn(draft, command);
      return { rows: draft.rows, system: null, outcome };
    }
    case "compact":
      return planCompact(command.revision, view);
    case "lease-grant":
      return planLeaseGrant(command.lease, command.ttlSeconds, view);
    case "lease-revoke":
      return planLeaseRevoke(command.lease, view);
    case "alarm":
      return planAlarm(command, view);
    case "downgrade":
      return planDowngrade(command.target, view);
    case "auth": {
      const { change } = command;
      const system: SystemEffect | null = planAuth(view.auth.state, change)
        ? { kind: "auth", change }
        : null;
      return { rows: [], system, outcome: { kind: "auth", revision: view.revision } };
    }
    default:
      return unreachable(command);
  }
}

/** As `put` in a draft, which would only hold this one row: a list that may grow takes 150 bytes. */
function planPut(command: PutOperation, view: PlanView): Plan {
  const { key, prevKv, ignoreValue } = command;
  const whole = prevKv || ignoreValue ? view.get(key, view.revision) : undefined;
  const before = prevKv || ignoreValue ? whole : headOf(view, key, view.revision);
  const next = (view.revision + 1) as Revision;
  const row = rowOfPut(view, command, whole, before, next, 0);
  return new PutPlan(row, prevKv ? (whole ?? null) : null);
}

/** A plan that will wait for the log (docs/decisions/0009). Its outcome is made when it is asked for. */
class PutPlan implements Plan {
  readonly rows: readonly Row[];
  readonly system = null;
  readonly #row: Row;
  readonly #previous: Row | null;

  constructor(row: Row, previous: Row | null) {
    this.rows = listOfOne(row);
    this.#row = row;
    this.#previous = previous;
  }

  get outcome(): Outcome {
    return { kind: "put", revision: this.#row.modRevision, previous: this.#previous };
  }
}

function planCompact(revision: number, view: PlanView): Plan {
  const outcome: Outcome = { kind: "compact", revision: view.revision };
  if (revision <= view.compactRevision) {
    throw new T4Error(
      "T4_COMPACTED",
      `revision ${revision} cannot be compacted: revision ${view.compactRevision} already is`,
    );
  }
  if (revision > view.revision) {
    throw new T4Error(
      "T4_FUTURE_REVISION",
      `revision ${revision} cannot be compacted: the store is at ${view.revision}`,
    );
  }
  return { rows: [], system: { kind: "compact", revision: revision as Revision }, outcome };
}

function planLeaseGrant(lease: LeaseId, ttlSeconds: number, view: PlanView): Plan {
  assert(lease !== NO_LEASE, "the caller chose a lease id");
  if (ttlSeconds > LEASE_TTL_SECONDS_MAX) {
    throw new T4Error(
      "T4_LEASE_TTL_TOO_LARGE",
      `a time to live of ${ttlSeconds} s is above ${LEASE_TTL_SECONDS_MAX} s`,
    );
  }
  if (view.leaseExists(lease)) {
    throw new T4Error("T4_LEASE_EXISTS", `lease ${lease.toString(16)} exists`);
  }
  const granted = Math.max(ttlSeconds, LEASE_TTL_SECONDS_MIN);
  return {
    rows: [],
    system: { kind: "lease-grant", lease, ttlSeconds: granted },
    outcome: { kind: "lease-grant", revision: view.revision, lease, ttlSeconds: granted },
  };
}

/** All keys of the lease go in one revision, sorted by key: watchers and replicas see one order. */
function planLeaseRevoke(lease: LeaseId, view: PlanView): Plan {
  if (!view.leaseExists(lease)) {
    throw leaseNotFoundError(lease);
  }
  const keys = [...view.leaseKeys(lease)].sort();
  const next = (view.revision + 1) as Revision;
  return {
    rows: keys.map((key, subRevision) => makeTombstone(key, next, subRevision)),
    system: { kind: "lease-revoke", lease },
    outcome: { kind: "lease-revoke", revision: keys.length === 0 ? view.revision : next },
  };
}

/** An alarm that is raised stays as it is; one that is not cannot be lowered: neither needs an entry. */
function planAlarm({ isRaised, member, alarm, byQuota }: AlarmCommand, view: PlanView): Plan {
  const raised = view.alarms();
  const known = raised.find((each) => each.member === member && each.alarm === alarm) ?? null;
  if (isRaised === (known !== null) || alarm === ALARM.none) {
    const none: Plan["outcome"] = { kind: "alarm", revision: view.revision, alarm: known };
    return { rows: [], system: null, outcome: none };
  }
  if (isRaised && raised.length >= ALARMS_MAX) {
    throw new T4Error("T4_INVALID_ARGUMENT", `${raised.length} alarms are raised already`);
  }
  const changed: Alarm = known ?? { member, alarm, byQuota };
  return {
    rows: [],
    system: { kind: "alarm", isRaised, ...changed },
    outcome: { kind: "alarm", revision: view.revision, alarm: changed },
  };
}

function planDowngrade(target: string, view: PlanView): Plan {
  if ((target === "") === (view.downgradeTarget() === "")) {
    throw new T4Error(
      target === "" ? "T4_NO_DOWNGRADE" : "T4_DOWNGRADE_IN_PROGRESS",
      target === "" ? "there is no downgrade to cancel" : "a downgrade was asked for already",
    );
  }
  return {
    rows: [],
    system: { kind: "downgrade", target },
    outcome: { kind: "downgrade", revision: view.revision },
  };
}
