// What is known of leases from outside, and the promise about their end: never before their time since the last renewal
// (or the last start of the node), and at most half a second, and the time of a group, after it.
import assert from "node:assert/strict";
import type { LeaseId } from "../../src/core/words.js";
import type { Node } from "../../src/node/node.js";

/** Half a second as promised, and what the simulated disk and threads may take for a group. */
const LATE_MS_MAX = 500 + 200;

interface Known {
  readonly ttlMs: number;
  renewedMs: number;
  /** Our own revoke is under way or done. */
  isRevoked: boolean;
}

export class LeaseWatch {
  readonly #leases = new Map<LeaseId, Known>();
  /** Since when the node can revoke: it runs and its disk has room. */
  ableSinceMs = 0;

  granted(lease: LeaseId, ttlSeconds: number, nowMs: number): void {
    this.#leases.set(lease, { ttlMs: ttlSeconds * 1_000, renewedMs: nowMs, isRevoked: false });
  }

  revoking(lease: LeaseId): void {
    const known = this.#leases.get(lease);
    if (known !== undefined) {
      known.isRevoked = true;
    }
  }

  some(): LeaseId[] {
    return [...this.#leases.keys()];
  }

  keepAlive(node: Node, lease: LeaseId, nowMs: number): void {
    const known = this.#leases.get(lease);
    const ttlSeconds = node.keepAlive(lease);
    if (known !== undefined && ttlSeconds !== null) {
      assert.equal(ttlSeconds * 1_000, known.ttlMs);
      known.renewedMs = nowMs;
    } else if (known !== undefined && !known.isRevoked) {
      assert.ok(nowMs >= known.renewedMs + known.ttlMs, "a living lease can be renewed");
    }
  }

  /** A node has started: it gives every lease its whole time again. */
  restarted(node: Node, nowMs: number): void {
    this.check(node, nowMs);
    for (const known of this.#leases.values()) {
      known.renewedMs = nowMs;
    }
    this.ableSinceMs = nowMs;
  }

  check(node: Node, nowMs: number): void {
    for (const [lease, known] of this.#leases) {
      const endMs = known.renewedMs + known.ttlMs;
      if (node.timeToLive(lease) === null) {
        assert.ok(
          known.isRevoked || nowMs >= endMs,
          `lease ${lease} ended ${endMs - nowMs} ms early`,
        );
        this.#leases.delete(lease);
      } else {
        const lateMs = nowMs - Math.max(endMs, this.ableSinceMs);
        assert.ok(lateMs <= LATE_MS_MAX, `lease ${lease} lives ${lateMs} ms too long`);
      }
    }
  }
}
