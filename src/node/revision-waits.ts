// Callers that wait for a revision to be committed.
import type { T4Error } from "../core/errors.js";
import { IndexedHeap, type HeapItem } from "../lib/collections/indexed-heap.js";

interface Wait extends HeapItem {
  readonly revision: number;
  resolve(): void;
  reject(reason: Error): void;
}

export class RevisionWaits {
  readonly #waits = new IndexedHeap<Wait>((a, b) => a.revision < b.revision);

  /** Resolves at the first `advance` to `revision` or above. Rejects with the signal's reason when that comes first. */
  async wait(revision: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waits.delete(wait);
        reject(signal?.reason as Error);
      };
      const wait: Wait = {
        revision,
        heapPosition: -1,
        resolve: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        reject: (reason) => {
          signal?.removeEventListener("abort", onAbort);
          reject(reason);
        },
      };
      this.#waits.add(wait);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  advance(revision: number): void {
    for (
      let first = this.#waits.first();
      first !== undefined && first.revision <= revision;
      first = this.#waits.first()
    ) {
      this.#waits.delete(first);
      first.resolve();
    }
  }

  close(reason: T4Error): void {
    for (let first = this.#waits.first(); first !== undefined; first = this.#waits.first()) {
      this.#waits.delete(first);
      first.reject(reason);
    }
  }
}
