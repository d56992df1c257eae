// Metrics as a port. Each is declared once, where it is counted, in base units and by Prometheus's naming rules.
// What is counted on a hot path is a plain number there, read when somebody scrapes.

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Histogram {
  observe(value: number): void;
}

export interface Metrics {
  /** A number that only grows; `read` is called at each scrape. */
  counter(name: string, help: string, read: () => number): void;
  gauge(name: string, help: string, read: () => number): void;
  /** Several samples told apart by labels; `read` is called at each scrape. */
  family(
    kind: "counter" | "gauge",
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly Sample[],
  ): void;
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
}

export const noMetrics: Metrics = {
  counter() {},
  gauge() {},
  family() {},
  histogram: () => ({ observe() {} }),
};
