// The metrics that etcd's public dashboards and alert rules read: each is served, or has no meaning on one node.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { openNode } from "../node/open-node.js";
import { systemRuntime } from "../runtime/system-runtime.js";
import { silentLogger } from "../runtime/logger.js";
import { makeTempDirectory, removeTempDirectory } from "../../test/support/temp-directory.js";
import { createMetrics, serve } from "./index.js";

/** Expressions of the alert rules of etcd's mixin (contrib/mixin/alerts), without their selectors. */
const ALERTS: Readonly<Record<string, readonly string[]>> = {
  etcdMembersDown: ["etcd_network_peer_sent_failures_total"],
  etcdNoLeader: ["etcd_server_has_leader"],
  etcdHighNumberOfLeaderChanges: ["etcd_server_leader_changes_seen_total"],
  etcdHighNumberOfFailedGRPCRequests: ["grpc_server_handled_total"],
  etcdGRPCRequestsSlow: ["grpc_server_handling_seconds_bucket"],
  etcdMemberCommunicationSlow: ["etcd_network_peer_round_trip_time_seconds_bucket"],
  etcdHighNumberOfFailedProposals: ["etcd_server_proposals_failed_total"],
  etcdHighFsyncDurations: ["etcd_disk_wal_fsync_duration_seconds_bucket"],
  etcdHighCommitDurations: ["etcd_disk_backend_commit_duration_seconds_bucket"],
  etcdDatabaseQuotaLowSpace: [
    "etcd_mvcc_db_total_size_in_bytes",
    "etcd_server_quota_backend_bytes",
  ],
  etcdExcessiveDatabaseGrowth: [
    "etcd_mvcc_db_total_size_in_bytes",
    "etcd_server_quota_backend_bytes",
  ],
  etcdDatabaseHighFragmentationRatio: [
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    "etcd_mvcc_db_total_size_in_bytes",
  ],
};

/** Of the dashboard of the mixin (contrib/mixin/dashboards) and of Grafana's number 3070. */
const DASHBOARDS: readonly string[] = [
  "etcd_server_has_leader",
  "grpc_server_started_total",
  "grpc_server_handled_total",
  "etcd_mvcc_db_total_size_in_bytes",
  "etcd_debugging_mvcc_db_total_size_in_bytes",
  "etcd_disk_wal_fsync_duration_seconds_bucket",
  "etcd_disk_backend_commit_duration_seconds_bucket",
  "process_resident_memory_bytes",
  "etcd_network_client_grpc_received_bytes_total",
  "etcd_network_client_grpc_sent_bytes_total",
  "etcd_network_peer_received_bytes_total",
  "etcd_network_peer_sent_bytes_total",
  "etcd_network_peer_round_trip_time_seconds_bucket",
  "etcd_server_leader_changes_seen_total",
  "etcd_server_proposals_failed_total",
  "etcd_server_proposals_pending",
  "etcd_server_proposals_committed_total",
  "etcd_server_proposals_applied_total",
];

const ONE_NODE = "a cluster of one has no peers; etcd shows no series of it there either";
/** What is missing, and why. */
const ABSENT: ReadonlyMap<string, string> = new Map([
  ["etcd_network_peer_sent_failures_total", ONE_NODE],
  ["etcd_network_peer_round_trip_time_seconds_bucket", ONE_NODE],
  ["etcd_network_peer_received_bytes_total", ONE_NODE],
  ["etcd_network_peer_sent_bytes_total", ONE_NODE],
  ["grpc_server_handling_seconds_bucket", "etcd has it only with --metrics extensive"],
]);

suite("dashboards and alert rules", () => {
  test("find every metric that they read, with a value, or there is a reason why not", async (context) => {
    const dataDirectory = await makeTempDirectory("dashboards");
    context.after(async () => removeTempDirectory(dataDirectory));
    const metrics = createMetrics();
    const runtime = systemRuntime({ logger: silentLogger, metrics });
    const node = await openNode(
      {
        dataDirectory,
        nodeId: null,
        segmentBytesMax: 1 << 20,
        segmentAgeMsMax: 1000,
      },
      runtime,
    );
    const server = await serve(node, { port: 0, metrics });
    const url = `http://127.0.0.1:${server.address.port}`;
    try {
      const put = await fetch(`${url}/v3/kv/put`, { method: "POST", body: '{"key":"aw=="}' });
      assert.equal(put.status, 200);
      const text = await (await fetch(`${url}/metrics`)).text();
      for (const name of new Set([...Object.values(ALERTS).flat(), ...DASHBOARDS])) {
        const isServed = new RegExp(`^${name}(?:\\{[^}]*\\})? (?:[0-9.e+-]+|\\+Inf)$`, "m").test(
          text,
        );
        assert.equal(isServed, !ABSENT.has(name), `${name}: ${ABSENT.get(name) ?? "missing"}`);
      }
      assert.match(text, /^etcd_server_has_leader 1$/m);
      // Without a quota: a rule that divides by it, or compares with it, stays quiet.
      assert.match(text, /^etcd_server_quota_backend_bytes \+Inf$/m);
      assert.match(text, /^etcd_disk_wal_fsync_duration_seconds_count [1-9]/m);
      // The labels by which dashboards select.
      assert.match(
        text,
        /^grpc_server_handled_total\{grpc_service="etcdserverpb\.KV",grpc_method="Put",grpc_type="unary",grpc_code="OK"\} 1$/m,
      );
      assert.match(
        text,
        /^grpc_server_started_total\{grpc_service="etcdserverpb\.Watch",grpc_method="Watch",grpc_type="bidi_stream"\} 0$/m,
      );
    } finally {
      await server.close(100);
      await node.close();
    }
  });
});
