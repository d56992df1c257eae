// Where copied keys go: a data directory, through a node of our own, or a running server.
import type { Command, PutOperation } from "../../core/command.js";
import { T4Error } from "../../core/errors.js";
import type { KeyValue } from "../../etcd/gen/kv.js";
import {
  decodeLeaseGrantResponse,
  decodeTxnResponse,
  emptyTxnRequest,
  sizeLeaseGrantRequest,
  sizeTxnRequest,
  writeLeaseGrantRequest,
  writeTxnRequest,
  type RequestOp,
} from "../../etcd/gen/rpc.js";
import type { Node } from "../../node/node.js";
import { CallError, type EtcdClient } from "./etcd-client.js";

/** As etcd's limits for one transaction, with room for what is around the values. */
const BATCH_OPERATIONS_MAX = 128;
const BATCH_BYTES_MAX: number = 1024 * 1024;
/** Transactions on their way to a server. */
const BATCHES_AT_ONCE = 8;

export interface CopyTarget {
  /** Resolves when all of them are durable. A key that is there gets the new value. */
  write(rows: readonly KeyValue[]): Promise<void>;
  /** A lease that is there stays as it is. */
  grant(lease: bigint, ttlSeconds: number): Promise<void>;
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
  };
}

export function serverTarget(client: EtcdClient): CopyTarget {
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
  return {
    async write(rows) {
      const waiting = batches(rows);
      const worker = async (): Promise<void> => {
        for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
          await write(batch);
        }
      };
      await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, worker));
    },
    async grant(lease, ttlSeconds) {
      try {
        await client.call(
          "/etcdserverpb.Lease/LeaseGrant",
          grant,
          { ID: lease, TTL: ttlSeconds },
          decodeLeaseGrantResponse,
        );
      } catch (error) {
        const isThere =
          error instanceof CallError && error.message === "etcdserver: lease already exists";
        if (!isThere) {
          throw error;
        }
      }
    },
  };
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
