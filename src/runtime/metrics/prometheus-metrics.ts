// The metrics of a server in Prometheus's text format. Loaded by the server only: an embedded store counts nothing.
// prom-client itself is loaded at the first scrape: it takes a tenth of the time from start to the first answer.
import type { Counter, Registry } from "prom-client";
import { assert } from "../../lib/assert.js";
import type { Histogram, Metrics, Sample } from "./metrics.js";

/** Metrics that can be scraped. */
export interface ScrapedMetrics extends Metrics {
  readonly contentType: string;
  /** Reads every metric now. */
  text(): Promise<string>;
}

/** A sample as prom-client writes it: a histogram's samples have names of their own. */
interface NamedSample extends Sample {
  readonly metricName?: string;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly read: () => readonly NamedSample[];
}

export class PrometheusMetrics implements ScrapedMetrics {
  readonly contentType: string = "text/plain; version=0.0.4; charset=utf-8";
  readonly #families = new Map<string, Family>();
  #loading: Promise<Registry> | null = null;
  #registered = 0;

  async text(): Promise<string> {
    this.#loading ??= openRegistry(this.contentType);
    const registry = await this.#loading;
    const families = [...this.#families.values()];
    for (const family of families.slice(this.#registered)) {
      registry.registerMetric(collector(family));
    }
    this.#registered = families.length;
    return registry.metrics();
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
    _labelNames: readonly string[],
    read: () => readonly Sample[],
  ): void {
    this.#declare({ name, help, type: kind, read });
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    const histogram = new Buckets(name, buckets);
    this.#declare({ name, help, type: "histogram", read: () => histogram.samples() });
    return histogram;
  }

  #declare(family: Family): void {
    assert(!this.#families.has(family.name), "a metric is declared once");
    this.#families.set(family.name, family);
  }
}

/** One of its own: prom-client's global registry would mix the servers of one process. */
async function openRegistry(contentType: string): Promise<Registry> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  assert(registry.contentType === contentType, "the format is the one that is announced");
  return registry;
}

/**
 * The part of a metric that a registry uses to write it. What is counted is kept where it is counted, so that
 * prom-client's own counters would only copy it.
 */
function collector({ name, help, type, read }: Family): Counter {
  return {
    name,
    help,
    type,
    get: () => ({ name, help, type, values: read() }),
  } as unknown as Counter;
}

/** Counts how many values lie at or below each bound. */
class Buckets implements Histogram {
  readonly #name: string;
  readonly #bounds: readonly number[];
  /** Values above the bound before, up to each bound; those above all bounds come last. */
  readonly #counts: number[];
  #sum = 0;

  constructor(name: string, bounds: readonly number[]) {
    this.#name = name;
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) {
      bucket += 1;
    }
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  samples(): NamedSample[] {
    const metricName = `${this.#name}_bucket`;
    let count = 0;
    const samples: NamedSample[] = this.#counts.map((own, bucket) => {
      count += own;
      return { metricName, labels: { le: String(this.#bounds[bucket] ?? "+Inf") }, value: count };
    });
    samples.push({ metricName: `${this.#name}_sum`, labels: {}, value: this.#sum });
    samples.push({ metricName: `${this.#name}_count`, labels: {}, value: count });
    return samples;
  }
}
