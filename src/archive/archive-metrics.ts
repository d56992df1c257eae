// What the archive counts.
import type { Histogram, Metrics } from "../runtime/metrics/metrics.js";

/** 4 ms to 64 s: from a directory's to a store that hardly answers. */
const PUT_SECONDS_BUCKETS = Array.from({ length: 15 }, (_, i) => 0.004 * 2 ** i);

export interface ArchiveState {
  readonly backlogBytes: number;
  readonly backlogEntries: number;
  readonly stalledMs: number;
}

export class ArchiveMetrics {
  readonly #putSeconds: Histogram;
  #slots = 0;
  #entries = 0;
  #bytes = 0;

  constructor(metrics: Metrics, state: ArchiveState) {
    this.#putSeconds = metrics.histogram(
      "t4_archive_put_duration_seconds",
      "Time to win one slot of the archive, with everything that was sent again.",
      PUT_SECONDS_BUCKETS,
    );
    metrics.counter("t4_archive_slots_total", "Slots of the archive won.", () => this.#slots);
    metrics.counter("t4_archive_entries_total", "Entries archived.", () => this.#entries);
    metrics.counter("t4_archive_bytes_total", "Bytes of slots won.", () => this.#bytes);
    metrics.gauge(
      "t4_archive_backlog_bytes",
      "About how many bytes of entries are not archived yet.",
      () => state.backlogBytes,
    );
    metrics.gauge(
      "t4_archive_backlog_entries",
      "Entries that may be archived and are not yet.",
      () => state.backlogEntries,
    );
    metrics.gauge(
      "t4_archive_stalled_seconds",
      "How long the slot in flight has been under way, if unusually long.",
      () => state.stalledMs / 1_000,
    );
  }

  won(entries: number, bytes: number, putMs: number): void {
    this.#slots += 1;
    this.#entries += entries;
    this.#bytes += bytes;
    this.#putSeconds.observe(putMs / 1_000);
  }
}
