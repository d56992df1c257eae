// What the log counts. The histogram has etcd's name, which dashboards expect.
import type { Histogram, Metrics } from "../runtime/metrics/metrics.js";
import type { Log } from "./log.js";

/** 1 ms to 8 s, as etcd's. */
const WRITE_SECONDS_BUCKETS = Array.from({ length: 14 }, (_, i) => 0.001 * 2 ** i);

export class LogMetrics {
  readonly #writeSeconds: Histogram;
  #groups = 0;
  #entries = 0;
  #bytes = 0;

  constructor(metrics: Metrics, log: Log) {
    this.#writeSeconds = metrics.histogram(
      "etcd_disk_wal_fsync_duration_seconds",
      "Time to make one group of log entries durable.",
      WRITE_SECONDS_BUCKETS,
    );
    metrics.counter("t4_log_groups_total", "Groups written to the log.", () => this.#groups);
    metrics.counter("t4_log_entries_total", "Entries written to the log.", () => this.#entries);
    metrics.counter("t4_log_bytes_total", "Bytes written to the log.", () => this.#bytes);
    metrics.gauge(
      "t4_log_pending_bytes",
      "Bytes of entries that are not durable yet.",
      () => log.pendingBytes,
    );
    metrics.gauge(
      "t4_log_sealed_segments",
      "Finished segments of the log that are kept.",
      () => log.sealedSegments.length,
    );
  }

  observe(group: { entryCount: number; frameBytes: number }, writeMs: number): void {
    this.#groups += 1;
    this.#entries += group.entryCount;
    this.#bytes += group.frameBytes;
    this.#writeSeconds.observe(writeMs / 1_000);
  }
}
