// The keys of a running etcd, page by page in the order of keys, all as of one revision.
import { prefixRange } from "../../core/range/key-range.js";
import type { KeyValue } from "../../etcd/gen/kv.js";
import {
  decodeLeaseTimeToLiveResponse,
  decodeRangeResponse,
  emptyRangeRequest,
  sizeLeaseTimeToLiveRequest,
  sizeRangeRequest,
  writeLeaseTimeToLiveRequest,
  writeRangeRequest,
  type RangeRequest,
  type RangeResponse,
} from "../../etcd/gen/rpc.js";
import type { EtcdClient } from "./etcd-client.js";

/** Bytes that a page should have: large enough to make round trips cheap. */
const PAGE_BYTES: number = 2 * 1024 * 1024;
const PAGE_ROWS_MIN = 8;
const PAGE_ROWS_FIRST = 500;
const PAGE_ROWS_MAX = 5_000;

const range = { size: sizeRangeRequest, write: writeRangeRequest };
const timeToLive = { size: sizeLeaseTimeToLiveRequest, write: writeLeaseTimeToLiveRequest };

export interface SourceState {
  readonly clusterId: bigint;
  readonly revision: number;
  /** Keys there are at that revision. */
  readonly count: number;
}

export class CopySource {
  readonly #client: EtcdClient;
  readonly #first: string;
  readonly #end: string;
  #rows = PAGE_ROWS_FIRST;

  /** `prefix`: latin1; empty for all keys. */
  constructor(client: EtcdClient, prefix: string) {
    this.#client = client;
    const keys = prefixRange(prefix);
    const isInterval = keys.kind === "interval";
    this.#first = prefix === "" ? "\0" : prefix;
    this.#end = isInterval && keys.end !== null ? keys.end : "\0";
  }

  /** What is there now, or was at a revision (0: now). */
  async state(revision: number): Promise<SourceState> {
    const { header, count } = await this.#range({ key: this.#first, countOnly: true, revision });
    return { clusterId: header?.clusterId ?? 0n, revision: header?.revision ?? 0, count };
  }

  /** The keys after `after` (null: from the first) at a revision; empty at the end. */
  async page(after: string | null, revision: number): Promise<readonly KeyValue[]> {
    const key = after === null ? this.#first : `${after}\0`;
    const { kvs } = await this.#range({ key, revision, limit: this.#rows });
    const bytes = kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length + 32, 0);
    const wanted = Math.floor((PAGE_BYTES * kvs.length) / Math.max(bytes, 1));
    this.#rows = Math.min(PAGE_ROWS_MAX, Math.max(PAGE_ROWS_MIN, wanted));
    return kvs;
  }

  /** The time that a lease was granted for; null if there is none any more. */
  async grantedSeconds(lease: bigint): Promise<number | null> {
    const { TTL, grantedTTL } = await this.#client.call(
      "/etcdserverpb.Lease/LeaseTimeToLive",
      timeToLive,
      { ID: lease, keys: false },
      decodeLeaseTimeToLiveResponse,
    );
    return TTL < 0 || grantedTTL <= 0 ? null : grantedTTL;
  }

  async #range(request: Partial<RangeRequest>): Promise<RangeResponse> {
    return this.#client.call(
      "/etcdserverpb.KV/Range",
      range,
      { ...emptyRangeRequest(), rangeEnd: this.#end, ...request },
      decodeRangeResponse,
    );
  }
}
