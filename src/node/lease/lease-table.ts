// The leases that are committed, the keys attached to them, and when they run out.
// Times are monotonic: a step of the wall clock neither kills nor prolongs a lease. A restart gives each its full time
// again, never less.
import { assert } from "../../lib/assert.js";
import { IndexedHeap, type HeapItem } from "../../lib/collections/indexed-heap.js";
import type { Row } from "../../core/row.js";
import { NO_LEASE, type Key, type LeaseId } from "../../core/words.js";

export interface Lease extends HeapItem {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
  /** In order of attachment, which is the same on every replica and after every restart. */
  readonly keys: Set<Key>;
  expiresAtMs: number;
}

export class LeaseTable {
  /** In order of grant. */
  readonly #leases = new Map<LeaseId, Lease>();
  /** The lease of each key that has one: a put without a lease detaches. */
  readonly #leaseOfKey = new Map<Key, Lease>();
  /** Leases whose expiry is still to come or to be noticed; `LeaseExpiry` takes out those it has begun to revoke. */
  readonly #byExpiry = new IndexedHeap<Lease>((a, b) =>
    a.expiresAtMs === b.expiresAtMs ? a.id < b.id : a.expiresAtMs < b.expiresAtMs,
  );
  #version = 0;

  /** Grows with every change that a snapshot holds. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#leases.size;
  }

  get(id: LeaseId): Lease | undefined {
    return this.#leases.get(id);
  }

  all(): Iterable<Lease> {
    return this.#leases.values();
  }

  /** The lease a key is attached to. */
  leaseOfKey(key: Key): LeaseId {
    return this.#leaseOfKey.size === 0 ? NO_LEASE : (this.#leaseOfKey.get(key)?.id ?? NO_LEASE);
  }

  /** The lease that runs out first, of those not taken out. */
  soonest(): Lease | undefined {
    return this.#byExpiry.first();
  }

  /** Leases by expiry, soonest first. */
  sorted(): LeaseId[] {
    return [...this.#leases.values()]
      .sort((a, b) => a.expiresAtMs - b.expiresAtMs || (a.id < b.id ? -1 : 1))
      .map((lease) => lease.id);
  }

  grant(id: LeaseId, ttlSeconds: number, nowMs: number): Lease {
    assert(!this.#leases.has(id), "a lease is granted once");
    const lease = {
      id,
      ttlSeconds,
      keys: new Set<Key>(),
      expiresAtMs: nowMs + ttlSeconds * 1_000,
      heapPosition: -1,
    };
    this.#leases.set(id, lease);
    this.#byExpiry.add(lease);
    this.#version += 1;
    return lease;
  }

  /** Forgets a lease. Its keys are deleted by the rows of the same entry, applied before. */
  revoke(id: LeaseId): void {
    const lease = this.#leases.get(id);
    assert(lease !== undefined, "a lease that is revoked was granted");
    assert(lease.keys.size === 0, "a revoked lease's keys are deleted with it");
    this.#leases.delete(id);
    this.#byExpiry.delete(lease);
    this.#version += 1;
  }

  /** Follows a committed row: its key belongs to its lease now, and to no other. */
  applyRow(row: Row): void {
    const id = row.lease;
    if (id === NO_LEASE && this.#leaseOfKey.size === 0) {
      return;
    }
    const before = this.#leaseOfKey.get(row.key);
    if ((before?.id ?? NO_LEASE) === id) {
      return;
    }
    before?.keys.delete(row.key);
    if (id === NO_LEASE) {
      this.#leaseOfKey.delete(row.key);
    } else {
      this.attach(id, row.key);
    }
    this.#version += 1;
  }

  attach(id: LeaseId, key: Key): void {
    const lease = this.#leases.get(id);
    assert(lease !== undefined, "a row's lease was granted before it");
    lease.keys.add(key);
    this.#leaseOfKey.set(key, lease);
  }

  renew(lease: Lease, nowMs: number): void {
    lease.expiresAtMs = nowMs + lease.ttlSeconds * 1_000;
    if (lease.heapPosition >= 0) {
      this.#byExpiry.update(lease);
    }
  }

  /** Gives every lease its full time: who takes over does not know when they were last renewed. */
  renewAll(nowMs: number): void {
    for (const lease of this.#leases.values()) {
      this.renew(lease, nowMs);
    }
  }

  /** `soonest` no longer names the lease: it is being revoked. */
  takeOut(lease: Lease): void {
    this.#byExpiry.delete(lease);
  }

  /** The revoke was refused: the lease is to be noticed again. */
  putBack(lease: Lease): void {
    if (this.#leases.get(lease.id) === lease && lease.heapPosition < 0) {
      this.#byExpiry.add(lease);
    }
  }
}
