// The simplest store that plans can be made on and applied to: every version of every key, in plain maps.
import type { Alarm } from "../../src/core/alarm.js";
import { applyAuth } from "../../src/core/auth/apply-auth.js";
import { AuthRules } from "../../src/core/auth/auth-rules.js";
import { NO_AUTH } from "../../src/core/auth/auth-state.js";
import type { SystemEffect } from "../../src/core/entry.js";
import { rangeContains, type KeyRange } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import type { PlanView, RowCursor } from "../../src/core/view.js";
import {
  FIRST_REVISION,
  NEVER_COMPACTED,
  NO_LEASE,
  type Key,
  type LeaseId,
  type Revision,
} from "../../src/core/words.js";

export class MemoryView implements PlanView {
  revision: Revision = FIRST_REVISION;
  compactRevision: Revision = NEVER_COMPACTED;
  auth: AuthRules = new AuthRules(NO_AUTH);
  /** Every effect, in order. */
  readonly effects: SystemEffect[] = [];
  /** Versions of each key, oldest first. */
  readonly versions: Map<Key, Row[]> = new Map();
  /** Every row, in order. */
  readonly log: Row[] = [];
  readonly leases: Map<LeaseId, { readonly ttlSeconds: number; readonly keys: Set<Key> }> =
    new Map();

  #alarms: readonly Alarm[] = [];
  #downgradeTarget = "";

  get(key: Key, revision: Revision): Row | undefined {
    const row = this.versions.get(key)?.findLast((version) => version.modRevision <= revision);
    return row === undefined || row.isTombstone ? undefined : row;
  }

  scan(range: KeyRange, revision: Revision, descending: boolean): RowCursor {
    const rows = [...this.versions.keys()]
      .filter((key) => rangeContains(range, key))
      .sort()
      .flatMap((key) => this.get(key, revision) ?? []);
    if (descending) {
      rows.reverse();
    }
    return new ArrayCursor(rows);
  }

  alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  downgradeTarget(): string {
    return this.#downgradeTarget;
  }

  leaseExists(lease: LeaseId): boolean {
    return this.leases.has(lease);
  }

  leaseKeys(lease: LeaseId): Iterable<Key> {
    return this.leases.get(lease)?.keys ?? [];
  }

  /** Takes what a plan changes, as a node does when its entry is committed. */
  apply(change: { readonly rows: readonly Row[]; readonly system: SystemEffect | null }): void {
    for (const row of change.rows) {
      this.log.push(row);
      const before = this.versions.get(row.key);
      this.#attach(row, before?.at(-1)?.lease ?? NO_LEASE);
      if (before === undefined) {
        this.versions.set(row.key, [row]);
      } else {
        before.push(row);
      }
    }
    if (change.rows.length > 0) {
      this.revision = (this.revision + 1) as Revision;
    }
    if (change.system !== null) {
      this.effects.push(change.system);
    }
    switch (change.system?.kind) {
      case "lease-grant":
        this.leases.set(change.system.lease, {
          ttlSeconds: change.system.ttlSeconds,
          keys: new Set(),
        });
        break;
      case "lease-revoke":
        this.leases.delete(change.system.lease);
        break;
      case "compact":
        this.compactRevision = change.system.revision;
        break;
      case "alarm": {
        const { member, alarm, byQuota, isRaised } = change.system;
        const others = this.#alarms.filter(
          (each) => each.member !== member || each.alarm !== alarm,
        );
        this.#alarms = isRaised ? [...others, { member, alarm, byQuota }] : others;
        break;
      }
      case "downgrade":
        this.#downgradeTarget = change.system.target;
        break;
      case "auth":
        this.auth = new AuthRules(applyAuth(this.auth.state, change.system.change));
        break;
      case "raise-revision":
      case "term-start":
      case undefined:
        break;
    }
  }

  #attach(row: Row, leaseBefore: LeaseId): void {
    this.leases.get(leaseBefore)?.keys.delete(row.key);
    this.leases.get(row.lease)?.keys.add(row.key);
  }
}

class ArrayCursor implements RowCursor {
  readonly #rows: readonly Row[];
  #at = -1;

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  next(): boolean {
    this.#at += 1;
    return this.#at < this.#rows.length;
  }

  get head(): Row {
    return this.row();
  }

  row(): Row {
    const row = this.#rows[this.#at];
    if (row === undefined) {
      throw new Error("the cursor stands on no row");
    }
    return row;
  }

  close(): void {
    this.#at = this.#rows.length;
  }
}
