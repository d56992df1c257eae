// How many requests a store made, how they ended and what they carried: this is what the bill is made of.
import type { Metrics } from "../../runtime/metrics/metrics.js";
import type { ObjectStoreErrorCode } from "../object-store.js";
import type { S3Operation } from "./s3-operation.js";

/** "lost" is a condition that did not hold, "absent" an object that is not there: answers, not errors. */
export type RequestOutcome = "ok" | "lost" | "absent" | ObjectStoreErrorCode;

export class S3Counters {
  readonly #requests = new Map<
    string,
    { readonly operation: S3Operation; readonly outcome: RequestOutcome; count: number }
  >();
  #bytesSent = 0;
  #bytesReceived = 0;

  constructor(metrics: Metrics) {
    metrics.family(
      "counter",
      "t4_object_store_requests_total",
      "Requests to the object store by operation and outcome.",
      ["operation", "outcome"],
      () =>
        [...this.#requests.values()].map(({ operation, outcome, count }) => ({
          labels: { operation, outcome },
          value: count,
        })),
    );
    metrics.counter(
      "t4_object_store_sent_bytes_total",
      "Bytes of object bodies sent to the object store, repeated requests too.",
      () => this.#bytesSent,
    );
    metrics.counter(
      "t4_object_store_received_bytes_total",
      "Bytes of object bodies received from the object store.",
      () => this.#bytesReceived,
    );
  }

  request(operation: S3Operation, outcome: RequestOutcome): void {
    const name = `${operation} ${outcome}`;
    const row = this.#requests.get(name) ?? { operation, outcome, count: 0 };
    row.count += 1;
    this.#requests.set(name, row);
  }

  sent(bytes: number): void {
    this.#bytesSent += bytes;
  }

  received(bytes: number): void {
    this.#bytesReceived += bytes;
  }
}
