// What a node tells of itself: etcd's names where dashboards expect them, `t4_*` for what etcd has not.
import type { Log } from "../log/log.js";
import type { Metrics } from "../runtime/metrics/metrics.js";
import type { Store } from "../store/store.js";
import type { Lessor } from "./lease/lessor.js";
import type { Leadership } from "./lifecycle/leadership.js";
import type { Reads } from "./reads.js";
import type { SystemState } from "./system-state.js";
import type { WatchHub } from "./watch/watch-hub.js";
import type { WritePipeline } from "./write/write-pipeline.js";

export interface Measured {
  readonly log: Log;
  readonly store: Store;
  readonly system: SystemState;
  readonly hub: WatchHub;
  readonly pipeline: WritePipeline;
  readonly reads: Reads;
  readonly lessor: Lessor;
  readonly leadership: Leadership;
  readonly quotaBytes: number;
}

export function declareMetrics(metrics: Metrics, parts: Measured): void {
  declareConsensus(metrics, parts);
  declareStore(metrics, parts);
  declareWatches(metrics, parts);
  declareLeases(metrics, parts);
}

function declareConsensus(metrics: Metrics, parts: Measured): void {
  const { pipeline, store, log, leadership } = parts;
  metrics.gauge("etcd_server_has_leader", "Whether a leader exists. 1: yes, 0: no.", () =>
    Number(leadership.isLeading),
  );
  metrics.gauge("etcd_server_is_leader", "Whether this member leads. 1: yes, 0: no.", () =>
    Number(leadership.isLeading),
  );
  metrics.counter(
    "etcd_server_leader_changes_seen_total",
    "Leaderships that began while this member ran.",
    () => leadership.begun,
  );
  metrics.gauge(
    "etcd_server_proposals_committed_total",
    "Index of the last entry committed.",
    () => store.committedIndex,
  );
  metrics.gauge(
    "etcd_server_proposals_applied_total",
    "Index of the last entry applied.",
    () => store.committedIndex,
  );
  metrics.gauge(
    "etcd_server_proposals_pending",
    "Commands that are not answered yet.",
    () => pipeline.pending,
  );
  metrics.counter(
    "etcd_server_proposals_failed_total",
    "Commands that were refused, or whose outcome is unknown.",
    () => pipeline.proposalsFailed,
  );
  metrics.counter(
    "etcd_server_slow_apply_total",
    "Groups of entries that took longer than 100 ms to apply.",
    () => pipeline.slowApplies,
  );
  metrics.gauge("t4_term", "Number of the leadership.", () => pipeline.term);
  metrics.gauge("t4_tip_index", "Index of the last entry planned.", () => log.tipIndex);
  metrics.gauge(
    "t4_committed_index",
    "Index of the last entry committed.",
    () => store.committedIndex,
  );
  metrics.gauge(
    "t4_persisted_index",
    "Index up to which the store's files hold everything.",
    () => store.persistedIndex,
  );
}

function declareStore(metrics: Metrics, parts: Measured): void {
  const { pipeline, store, log, system, reads } = parts;
  metrics.gauge(
    "etcd_mvcc_db_total_size_in_bytes",
    "Bytes of the store's files.",
    () => store.sizes.totalBytes,
  );
  metrics.gauge(
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    "Bytes of the store's files that compaction cannot give back.",
    () => store.sizes.liveBytes,
  );
  metrics.gauge(
    "etcd_server_quota_backend_bytes",
    "Bytes that the store may have. +Inf: no limit but the disk's.",
    // Alert rules compare the store's size with it: zero would be reached at once.
    () => (parts.quotaBytes === 0 ? Number.POSITIVE_INFINITY : parts.quotaBytes),
  );
  metrics.gauge(
    "etcd_debugging_mvcc_db_total_size_in_bytes",
    "The same under the name that it had before etcd 3.4.",
    () => store.sizes.totalBytes,
  );
  metrics.gauge("etcd_debugging_mvcc_keys_total", "Live keys.", () => system.keysTotal);
  metrics.gauge(
    "etcd_debugging_mvcc_current_revision",
    "The current revision.",
    () => store.committedRevision,
  );
  metrics.gauge(
    "etcd_debugging_mvcc_compact_revision",
    "The revision of the last compaction.",
    () => store.compactRevision,
  );
  // Under the names that etcd has had since 3.4, and under those before, which it still serves.
  for (const prefix of ["etcd_mvcc", "etcd_debugging_mvcc"]) {
    const counter = (name: string, help: string, read: () => number): void => {
      metrics.counter(`${prefix}_${name}`, help, read);
    };
    counter("put_total", "Keys put, in transactions and outside.", () => pipeline.rowsPut);
    counter("delete_total", "Keys deleted, by expiring leases too.", () => pipeline.rowsDeleted);
    counter("range_total", "Reads outside of transactions.", () => reads.ranges);
    counter("txn_total", "Transactions.", () => pipeline.txns);
  }
  metrics.gauge(
    "t4_store_is_behind",
    "Whether writers wait until the store's files catch up. 1: yes, 0: no.",
    () => Number(store.isBehind),
  );
  metrics.gauge("t4_disk_has_space", "Whether writes are accepted. 1: yes, 0: disk full.", () =>
    Number(store.hasSpace && log.hasSpace),
  );
}

function declareWatches(metrics: Metrics, { hub }: Measured): void {
  metrics.gauge("etcd_debugging_mvcc_watcher_total", "Watchers.", () => hub.watcherCount);
  metrics.gauge(
    "etcd_debugging_mvcc_slow_watcher_total",
    "Watchers that are behind.",
    () => hub.behindCount,
  );
  metrics.counter(
    "etcd_debugging_mvcc_events_total",
    "Events given to watchers.",
    () => hub.eventsDelivered,
  );
}

function declareLeases(metrics: Metrics, { system, lessor }: Measured): void {
  metrics.counter("etcd_debugging_lease_granted_total", "Leases granted.", () => system.granted);
  metrics.counter(
    "etcd_debugging_lease_revoked_total",
    "Leases revoked, expired ones included.",
    () => system.revoked,
  );
  metrics.counter(
    "etcd_debugging_lease_expired_total",
    "Leases revoked because their time was over.",
    () => lessor.expired,
  );
  metrics.counter(
    "etcd_debugging_lease_renewed_total",
    "Renewals of leases.",
    () => lessor.renewed,
  );
  metrics.gauge("t4_leases", "Leases.", () => system.leases.size);
}
