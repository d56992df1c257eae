// What of etcd is here: one table, as data. docs/etcd-compatibility.md is made from it, and a test holds it against the
// protocol files and a running server.

export type Verdict =
  | { readonly is: "yes" }
  /** Served, and something is not as in etcd. */
  | { readonly is: "differs"; readonly why: string }
  | { readonly is: "no"; readonly why: string };

export const yes: Verdict = { is: "yes" };
export const differs = (why: string): Verdict => ({ is: "differs", why });
export const no = (why: string): Verdict => ({ is: "no", why });

function all(verdict: Verdict, ...names: readonly string[]): Record<string, Verdict> {
  return Object.fromEntries(names.map((name) => [name, verdict]));
}

/** Every method of every service of the protocol files: "no" means that the server answers UNIMPLEMENTED. */
export const RPCS: Readonly<Record<string, Readonly<Record<string, Verdict>>>> = {
  "etcdserverpb.KV": all(yes, "Range", "RangeStream", "Put", "DeleteRange", "Txn", "Compact"),
  "etcdserverpb.Watch": { Watch: yes },
  "etcdserverpb.Lease": all(
    yes,
    ...["LeaseGrant", "LeaseRevoke", "LeaseKeepAlive", "LeaseTimeToLive", "LeaseLeases"],
  ),
  "etcdserverpb.Cluster": {
    MemberList: differs("one member, without peer URLs"),
    ...all(
      differs(
        "checked as in etcd, then refused by its own precondition errors: there are no peers",
      ),
      ...["MemberAdd", "MemberRemove", "MemberUpdate", "MemberPromote"],
    ),
  },
  "etcdserverpb.Maintenance": {
    ...all(yes, "Status", "Alarm", "Hash", "HashKV", "Snapshot"),
    Defragment: differs("stops nothing"),
    ...all(
      differs("refused by etcd's own precondition errors: there are no peers"),
      ...["MoveLeader", "Downgrade"],
    ),
  },
  "etcdserverpb.Auth": all(
    yes,
    ...["AuthEnable", "AuthDisable", "AuthStatus", "Authenticate"],
    ...["UserAdd", "UserGet", "UserList", "UserDelete"],
    ...["UserChangePassword", "UserGrantRole", "UserRevokeRole"],
    ...["RoleAdd", "RoleGet", "RoleList", "RoleDelete"],
    ...["RoleGrantPermission", "RoleRevokePermission"],
  ),
  "v3lockpb.Lock": all(yes, "Lock", "Unlock"),
  "v3electionpb.Election": all(yes, "Campaign", "Proclaim", "Leader", "Observe", "Resign"),
  "grpc.health.v1.Health": all(yes, "Check", "Watch"),
};

/** Fields of requests that are not as in etcd, by message; every other field of a method that is served is. */
export const FIELDS: Readonly<Record<string, Readonly<Record<string, Verdict>>>> = {};

/** Paths of the port that GET answers. */
export const ROUTES: Readonly<Record<string, Verdict>> = {
  ...all(yes, "/health", "/livez", "/readyz", "/version"),
  "/metrics": differs("the metrics below"),
  "/debug/vars": no("nothing of Go's is here to be shown"),
  "/debug/pprof/": no("Node has its own profiler"),
  "/v2/keys": no("the v2 API is not served"),
};

/** Metrics of etcd that its dashboards, alerts and tools look at. */
export const METRICS: Readonly<Record<string, Verdict>> = {
  ...all(
    yes,
    ...["etcd_server_has_leader", "etcd_server_is_leader", "etcd_server_leader_changes_seen_total"],
    ...["etcd_server_proposals_committed_total", "etcd_server_proposals_applied_total"],
    ...["etcd_server_proposals_pending", "etcd_server_proposals_failed_total"],
    ...["etcd_server_slow_apply_total", "etcd_server_version", "etcd_cluster_version"],
    ...["etcd_server_health_success", "etcd_server_health_failures"],
    ...["etcd_mvcc_db_total_size_in_bytes", "etcd_mvcc_db_total_size_in_use_in_bytes"],
    ...["etcd_mvcc_put_total", "etcd_mvcc_delete_total", "etcd_mvcc_range_total"],
    ...["etcd_mvcc_txn_total"],
    ...["etcd_debugging_mvcc_keys_total", "etcd_debugging_mvcc_current_revision"],
    ...["etcd_debugging_mvcc_compact_revision", "etcd_debugging_mvcc_watcher_total"],
    ...["etcd_debugging_mvcc_slow_watcher_total", "etcd_debugging_mvcc_watch_stream_total"],
    ...["etcd_debugging_mvcc_events_total", "etcd_debugging_mvcc_put_total"],
    ...["etcd_debugging_mvcc_delete_total", "etcd_debugging_mvcc_range_total"],
    ...["etcd_debugging_mvcc_txn_total", "etcd_disk_wal_fsync_duration_seconds"],
    ...[
      "etcd_network_client_grpc_received_bytes_total",
      "etcd_network_client_grpc_sent_bytes_total",
    ],
    ...["grpc_server_started_total", "grpc_server_handled_total"],
    ...["grpc_server_msg_received_total", "grpc_server_msg_sent_total"],
    ...["process_resident_memory_bytes", "process_open_fds", "process_max_fds"],
    ...["process_cpu_seconds_total", "process_start_time_seconds"],
  ),
  etcd_disk_backend_commit_duration_seconds: differs("of the store's manifest"),
  etcd_disk_backend_snapshot_duration_seconds: no("there is no bbolt file"),
  etcd_network_peer_round_trip_time_seconds: no("there are no peers"),
  etcd_network_peer_sent_failures_total: no("there are no peers"),
  etcd_server_quota_backend_bytes: yes,
};
