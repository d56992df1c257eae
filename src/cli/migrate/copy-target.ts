// Where copied keys go: a data directory, through a node of our own in which leases do not run, or a running server.
import type { Command, PutOperation } from "../../core/command.js";
import { T4Error } from "../../core/errors.js";
import type { Clock } from "../../runtime/clock.js";
import type { KeyValue } from "../../etcd/gen/kv.js";
import {
  decodeLeaseGrantResponse,
  decodeLeaseKeepAliveResponse,
  decodeTxnResponse,
  emptyTxnRequest,
  sizeLeaseGrantRequest,
  sizeLeaseKeepAliveRequest,
  sizeTxnRequest,
  writeLeaseGrantRequest,
  writeLeaseKeepAliveRequest,
  writeTxnRequest,
  type RequestOp,
} from "../../etcd/gen/rpc.js";
import type { Node } from "../../node/node.js";
import { CommandError, EXIT_FAILED } from "../exit.js";
import { CopiedLeases, hexOfLease } from "./copied-leases.js";
import { CallError, type EtcdClient } from "./etcd-client.js";

/** As etcd's limits for one transaction, with room for what is around the values. */
const BATCH_OPERATIONS_MAX = 128;
const BATCH_BYTES_MAX: number = 1024 * 1024;
/** Transactions on their way to a server. */
const BATCHES_AT_ONCE = 8;

export interface CopyTarget {
  /** Leases whose end would take keys that were copied. */
  readonly leases: readonly bigint[];
  /** Resolves when all of them are durable. A key that is there gets the new value. */
  write(rows: readonly KeyValue[]): Promise<void>;
  /** A lease that is there stays as it is. */
  grant(lease: bigint, ttlSeconds: number): Promise<void>;
  /** All is written: resolves when it is known to be there. */
  finish(): Promise<void>;
}

export function nodeTarget(node: Node): CopyTarget {
  const propose = async (command: Command): Promise<void> =>
    new Promise((resolve, reject) => {
      node.propose(command, (error, outcome) => {
        if (outcome === null) {
          reject(error ?? new T4Error("T4_UNAVAILABLE", "no outcome and no error"));
        } else {
          resolve();
        }
      });
    });
  return {
    leases: [],
    async write(rows) {
      const writes = batches(rows).map(async (batch) => {
        const success = batch.map(({ key, value, lease }): PutOperation => ({
          kind: "put",
          key,
          value,
          lease,
          prevKv: false,
          ignoreValue: false,
          ignoreLease: false,
        }));
        return propose({ kind: "txn", compares: [], success, failure: [] });
      });
      await Promise.all(writes);
    },
    async grant(lease, ttlSeconds) {
      try {
        await propose({ kind: "lease-grant", lease, ttlSeconds });
      } catch (error) {
        if (!(error instanceof T4Error) || error.code !== "T4_LEASE_EXISTS") {
          throw error;
        }
      }
    },
    finish: async () => node.flush(),
  };
}

/** The leases at a server, to be renewed as long as a copy into it takes. */
export function leasesAt(client: EtcdClient, clock: Clock): CopiedLeases {
  const keepAlive = { size: sizeLeaseKeepAliveRequest, write: writeLeaseKeepAliveRequest };
  return new CopiedLeases(clock, async (ID) => {
    const path = "/etcdserverpb.Lease/LeaseKeepAlive";
    const { TTL } = await client.call(path, keepAlive, { ID }, decodeLeaseKeepAliveResponse);
    return TTL;
  });
}

export function serverTarget(client: EtcdClient, leases: CopiedLeases): CopyTarget {
  const txn = { size: sizeTxnRequest, write: writeTxnRequest };
  const grant = { size: sizeLeaseGrantRequest, write: writeLeaseGrantRequest };
  const write = async (batch: readonly KeyValue[]): Promise<void> => {
    const success = batch.map(({ key, value, lease }): RequestOp => {
      const put = { key, value, lease, prevKv: false, ignoreValue: false, ignoreLease: false };
      return { request: { kind: "requestPut", value: put } };
    });
    const request = { ...emptyTxnRequest(), success };
    await client.call("/etcdserverpb.KV/Txn", txn, request, decodeTxnResponse);
  };
  const gone = (what: string): CommandError =>
    new CommandError(
      `${what} has ended at ${client.url}, and the keys that were copied with it have gone with it: ` +
        "the same command copies all of them again",
      EXIT_FAILED,
    );
  const assertWhole = (): void => {
    const { ended } = leases;
    if (ended !== null) {
      throw gone(`lease ${hexOfLease(ended)}`);
    }
  };
  return {
    get leases() {
      return leases.ids;
    },
    async write(rows) {
      assertWhole();
      const waiting = batches(rows);
      const worker = async (): Promise<void> => {
        for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
          await write(batch);
        }
      };
      try {
        await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, worker));
      } catch (error) {
        throw isCallError(error, "etcdserver: requested lease not found") ? gone("a lease") : error;
      }
      assertWhole();
    },
    async grant(lease, ttlSeconds) {
      const path = "/etcdserverpb.Lease/LeaseGrant";
      try {
        await client.call(path, grant, { ID: lease, TTL: ttlSeconds }, decodeLeaseGrantResponse);
        leases.hold(lease, ttlSeconds);
      } catch (error) {
        if (!isCallError(error, "etcdserver: lease already exists")) {
          throw error;
        }
        // How much of its time is left is not known.
        if (!(await leases.adopt([lease]))) {
          throw gone(`lease ${hexOfLease(lease)}`);
        }
      }
    },
    async finish() {
      await leases.renewAll();
      assertWhole();
    },
  };
}

function isCallError(error: unknown, message: string): boolean {
  return error instanceof CallError && error.message === message;
}

function batches(rows: readonly KeyValue[]): KeyValue[][] {
  const made: KeyValue[][] = [];
  let batch: KeyValue[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = row.key.length + row.value.length + 32;
    if (
      batch.length === BATCH_OPERATIONS_MAX ||
      (batch.length > 0 && bytes + size > BATCH_BYTES_MAX)
    ) {
      made.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(row);
    bytes += size;
  }
  if (batch.length > 0) {
    made.push(batch);
  }
  return made;
}
