// What commands are planned against: the state at the tip, with everything that is planned and not yet committed.
import type { Alarm } from "../../core/alarm.js";
import type { AuthRules } from "../../core/auth/auth-rules.js";
import { headOf, type PlanView, type RowCursor, type RowHead } from "../../core/view.js";
import type { KeyRange } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import type { Key, LeaseId, Revision } from "../../core/words.js";
import { compactedBy, type Entry } from "../../core/entry.js";
import type { Store } from "../../store/store.js";
import type { SystemState } from "../system-state.js";

export class TipView implements PlanView {
  readonly #store: Store;
  readonly #system: SystemState;
  /** Of the last compaction planned; the store's own follows once it is committed. */
  #compactRevision: Revision;

  constructor(store: Store, system: SystemState) {
    this.#store = store;
    this.#system = system;
    this.#compactRevision = store.compactRevision;
  }

  get revision(): Revision {
    return this.#store.tipRevision;
  }

  get compactRevision(): Revision {
    return this.#compactRevision;
  }

  /** An entry was planned. */
  append(entry: Entry): void {
    this.#compactRevision = compactedBy(entry) ?? this.#compactRevision;
  }

  get(key: Key, revision: Revision): Row | undefined {
    return this.#store.get(key, revision);
  }

  head(key: Key, revision: Revision): RowHead | undefined {
    return headOf(this.#store, key, revision);
  }

  scan(range: KeyRange, revision: Revision, descending: boolean): RowCursor {
    return this.#store.scan(range, revision, descending);
  }

  leaseExists(lease: LeaseId): boolean {
    return this.#system.tip.exists(lease);
  }

  leaseKeys(lease: LeaseId): Iterable<Key> {
    return this.#system.tip.keys(lease);
  }

  alarms(): readonly Alarm[] {
    return this.#system.maintenance.atTip().alarms();
  }

  downgradeTarget(): string {
    return this.#system.maintenance.atTip().downgradeTarget;
  }

  get auth(): AuthRules {
    return this.#system.auth.tip;
  }
}

/** The same at what is committed, for transactions that only read. */
export class CommittedView implements PlanView {
  readonly #store: Store;
  readonly #system: SystemState;

  constructor(store: Store, system: SystemState) {
    this.#store = store;
    this.#system = system;
  }

  get revision(): Revision {
    return this.#store.committedRevision;
  }

  get compactRevision(): Revision {
    return this.#store.compactRevision;
  }

  get(key: Key, revision: Revision): Row | undefined {
    return this.#store.get(key, revision);
  }

  head(key: Key, revision: Revision): RowHead | undefined {
    return headOf(this.#store, key, revision);
  }

  scan(range: KeyRange, revision: Revision, descending: boolean): RowCursor {
    return this.#store.scan(range, revision, descending);
  }

  leaseExists(lease: LeaseId): boolean {
    return this.#system.leases.get(lease) !== undefined;
  }

  leaseKeys(lease: LeaseId): Iterable<Key> {
    return this.#system.leases.get(lease)?.keys ?? [];
  }

  alarms(): readonly Alarm[] {
    return this.#system.maintenance.alarms();
  }

  downgradeTarget(): string {
    return this.#system.maintenance.downgradeTarget;
  }

  get auth(): AuthRules {
    return this.#system.auth.committed;
  }
}
