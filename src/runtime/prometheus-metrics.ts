// The metrics of a server in Prometheus's text format. Loaded by the server only: an embedded store counts nothing.
import { Counter, Gauge, Histogram as PrometheusHistogram, Registry } from "prom-client";
import type { Histogram, Metrics, Sample } from "./metrics.js";

/** Metrics that can be scraped. */
export interface ScrapedMetrics extends Metrics {
  readonly contentType: string;
  /** Reads every metric now. */
  text(): Promise<string>;
}

export class PrometheusMetrics implements ScrapedMetrics {
  // One of its own: prom-client's global registry would mix the servers of one process.
  readonly #registry = new Registry();

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    return this.#registry.metrics();
  }

  counter(name: string, help: string, read: () => number): void {
    this.family("counter", name, help, [], () => [{ labels: {}, value: read() }]);
  }

  gauge(name: string, help: string, read: () => number): void {
    this.family("gauge", name, help, [], () => [{ labels: {}, value: read() }]);
  }

  family(
    kind: "counter" | "gauge",
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly Sample[],
  ): void {
    const registers = [this.#registry];
    if (kind === "gauge") {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          for (const sample of read()) {
            this.set(sample.labels, sample.value);
          }
        },
      });
    } else {
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          // The count is kept where it is counted: here is only its last reading.
          this.reset();
          for (const sample of read()) {
            this.inc(sample.labels, sample.value);
          }
        },
      });
    }
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new PrometheusHistogram({
      name,
      help,
      buckets: [...buckets],
      registers: [this.#registry],
    });
  }
}
