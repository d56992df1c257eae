// Leases: keys that go away when nobody says for a while that they are still wanted.

import { leaseNotFoundError, T4Error } from "../core/errors.js";
import { NO_LEASE } from "../core/words.js";
import type { Random } from "../runtime/random.js";
import { decodeKey } from "./encoding.js";
import { checkLease } from "./operations.js";
import { promised, type NodeAccess } from "./node-access.js";

export interface Lease {
  readonly id: bigint;
  /** As granted: never below 2 s. */
  readonly ttlSeconds: number;
}

export interface LeaseStatus extends Lease {
  readonly remainingMs: number;
  /** The keys that go with it, in order. */
  readonly keys: readonly string[];
}

export interface Leases {
  /**
   * Grants a lease of `ttlSeconds` (raised to 2, at most 9,000,000,000). Keys put with its id are deleted together when it
   * is revoked, or not kept alive for that long.
   *
   * @param options.id - an id to use instead of a random one
   * @throws T4Error T4_LEASE_EXISTS, T4_LEASE_TTL_TOO_LARGE, T4_INVALID_ARGUMENT
   * @example
   * const { id } = await db.leases.grant(60);
   * await db.put("workers/7", "here", { lease: id });
   */
  grant(ttlSeconds: number, options?: { readonly id?: bigint }): Promise<Lease>;
  /**
   * Gives the lease its full time again, which is returned in seconds.
   *
   * @throws T4Error T4_LEASE_NOT_FOUND
   */
  keepAlive(id: bigint): Promise<number>;
  /**
   * Ends the lease and deletes its keys, all in one revision, which is returned (the current one if it had no keys).
   *
   * @throws T4Error T4_LEASE_NOT_FOUND
   */
  revoke(id: bigint): Promise<number>;
  /** What is left of the lease; undefined if there is no such lease. */
  timeToLive(id: bigint): Promise<LeaseStatus | undefined>;
  /** The ids of all leases, soonest expiry first. */
  list(): Promise<bigint[]>;
}

/** The functions above on a node; each first makes sure that it is open. */
export function leasesOf(access: NodeAccess, random: Random): Leases {
  return {
    async grant(ttlSeconds, options = {}) {
      if (!Number.isSafeInteger(ttlSeconds)) {
        throw new T4Error("T4_INVALID_ARGUMENT", "a time to live is a whole number of seconds");
      }
      const lease = checkLease(options.id ?? NO_LEASE);
      const outcome = await access.propose({
        kind: "lease-grant",
        lease: lease === NO_LEASE ? randomId(random) : lease,
        ttlSeconds,
      });
      return { id: outcome.lease, ttlSeconds: outcome.ttlSeconds };
    },
    async keepAlive(id) {
      return promised(() => {
        const ttlSeconds = access.node().keepAlive(checkLease(id));
        if (ttlSeconds === null) {
          throw leaseNotFoundError(id);
        }
        return ttlSeconds;
      });
    },
    async revoke(id) {
      return (await access.propose({ kind: "lease-revoke", lease: checkLease(id) })).revision;
    },
    async timeToLive(id) {
      return promised(() => {
        const node = access.node();
        const status = node.timeToLive(checkLease(id));
        return status === null
          ? undefined
          : {
              id,
              ttlSeconds: status.grantedSeconds,
              remainingMs: status.remainingMs,
              keys: node.leaseKeys(id).sort().map(decodeKey),
            };
      });
    },
    async list() {
      return promised(() => access.node().leases());
    },
  };
}

/** Positive, as etcd's: 63 random bits, never 0. */
function randomId(random: Random): bigint {
  const bytes = random.bytes(8);
  const id = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0);
  return BigInt.asUintN(63, id) || 1n;
}
