// Leases as the next command must see them: the committed ones, changed by the entries that are planned but not yet
// committed. What it holds is forgotten entry by entry as they commit, or at once when the tail is dropped.
import type { Entry } from "../../core/entry.js";
import { NO_LEASE, type Key, type LeaseId, type LogIndex } from "../../core/words.js";
import type { LeaseTable } from "./lease-table.js";

/** `index` is the last uncommitted entry that says so. */
interface PlannedLease {
  readonly exists: boolean;
  readonly index: LogIndex;
}
interface PlannedKey {
  readonly lease: LeaseId;
  readonly index: LogIndex;
}

const NO_KEYS: ReadonlySet<Key> = new Set();

export class TipLeases {
  readonly #committed: LeaseTable;
  readonly #leases = new Map<LeaseId, PlannedLease>();
  readonly #keys = new Map<Key, PlannedKey>();
  /** The keys of `#keys` by their lease, so that a revoke need not walk them all. */
  readonly #keysOfLease = new Map<LeaseId, Set<Key>>();

  constructor(committed: LeaseTable) {
    this.#committed = committed;
  }

  exists(lease: LeaseId): boolean {
    return this.#leases.get(lease)?.exists ?? this.#committed.get(lease) !== undefined;
  }

  keys(lease: LeaseId): Iterable<Key> {
    const committed = this.#committed.get(lease)?.keys ?? NO_KEYS;
    if (this.#keys.size === 0) {
      return committed;
    }
    const keys = new Set(this.#keysOfLease.get(lease));
    for (const key of committed) {
      if (!this.#keys.has(key)) {
        keys.add(key);
      }
    }
    return keys;
  }

  /** An entry was planned. */
  append(entry: Entry): void {
    const { index, rows, system } = entry;
    for (const row of rows) {
      if (
        row.lease !== NO_LEASE ||
        this.#keys.has(row.key) ||
        this.#committed.leaseOfKey(row.key) !== NO_LEASE
      ) {
        this.#forgetKey(row.key);
        this.#keys.set(row.key, { lease: row.lease, index });
        this.#attach(row.lease, row.key);
      }
    }
    if (system?.kind === "lease-grant" || system?.kind === "lease-revoke") {
      this.#leases.set(system.lease, { exists: system.kind === "lease-grant", index });
    }
  }

  /** An entry was committed, and the table follows it already. */
  commit(entry: Entry): void {
    const { index, rows, system } = entry;
    if (this.#keys.size > 0) {
      for (const row of rows) {
        if (this.#keys.get(row.key)?.index === index) {
          this.#forgetKey(row.key);
        }
      }
    }
    if (
      (system?.kind === "lease-grant" || system?.kind === "lease-revoke") &&
      this.#leases.get(system.lease)?.index === index
    ) {
      this.#leases.delete(system.lease);
    }
  }

  #attach(lease: LeaseId, key: Key): void {
    if (lease === NO_LEASE) {
      return;
    }
    const keys = this.#keysOfLease.get(lease);
    if (keys === undefined) {
      this.#keysOfLease.set(lease, new Set([key]));
    } else {
      keys.add(key);
    }
  }

  #forgetKey(key: Key): void {
    const planned = this.#keys.get(key);
    if (planned === undefined) {
      return;
    }
    this.#keys.delete(key);
    const keys = this.#keysOfLease.get(planned.lease);
    keys?.delete(key);
    if (keys?.size === 0) {
      this.#keysOfLease.delete(planned.lease);
    }
  }
}
