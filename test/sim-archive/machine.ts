// A machine of the simulation: its clock, its disk and its way to the object store. It can die, and then nothing of it runs any
// more; or freeze, and then everything that was due runs when it thaws, as in a process that was stopped. What it sent before
// still arrives.
import type {
  ByteRange,
  CallOptions,
  ObjectInfo,
  ObjectSource,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from "../../src/object/object-store.js";
import { logWorker } from "../../src/log/log-worker.js";
import type { Clock, Timer } from "../../src/runtime/clock.js";
import { silentLogger, type Logger } from "../../src/runtime/logger.js";
import { noMetrics } from "../../src/runtime/metrics/metrics.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { readSegments } from "../../src/store/upkeep/read-segments.js";
import { tableWorker } from "../../src/store/upkeep/table-worker.js";
import { InlineThreads } from "../sim/inline-threads.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import { PowerLossError, type SimulatedDisk } from "../sim/simulated-disk.js";
import type { VirtualClock } from "../sim/virtual-clock.js";

export class Machine implements Clock {
  readonly runtime: Runtime;
  readonly store: ObjectStore;
  readonly #clock: VirtualClock;
  #isDead = false;
  /** What came due while it is frozen; null if it is not. */
  #frozen: (() => void)[] | null = null;

  constructor(
    clock: VirtualClock,
    disk: SimulatedDisk,
    store: ObjectStore,
    random: SeededRandom,
    logger: Logger = silentLogger,
  ) {
    this.#clock = clock;
    this.store = new StoreFromMachine(this, store);
    this.runtime = {
      clock: this,
      disk,
      random: random.fork(),
      threads: new InlineThreads({
        clock: this,
        disk,
        seed: random.below(2 ** 32),
        handlers: {
          "log-worker-main.js": logWorker,
          "table-worker-main.js": tableWorker(readSegments),
        },
        delayMsMax: 2,
      }),
      logger,
      metrics: noMetrics,
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#frozen !== null;
  }

  die(): void {
    this.#isDead = true;
    this.#frozen = null;
  }

  freeze(forMs: number): void {
    if (this.#frozen === null && !this.#isDead) {
      this.#frozen = [];
      this.#clock.after(forMs, () => {
        const due = this.#frozen ?? [];
        this.#frozen = null;
        // One by one, each with a turn of its own.
        for (const run of due) {
          this.after(0, run);
        }
      });
    }
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  after(delayMs: number, run: () => void): Timer {
    let isCancelled = false;
    const deliver = (): void => {
      if (this.#isDead || isCancelled) {
        return;
      }
      if (this.#frozen === null) {
        try {
          run();
        } catch (error) {
          if (!(error instanceof PowerLossError)) {
            throw error;
          }
          this.die();
        }
      } else {
        this.#frozen.push(deliver);
      }
    };
    const timer = this.#clock.after(delayMs, deliver);
    return {
      cancel() {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  nextTurn(run: () => void): void {
    this.after(0, run);
  }

  /** The result of something outside, at a moment when this machine runs: never, if it is dead. */
  async hear<Result>(answer: Promise<Result>): Promise<Result> {
    try {
      return await answer;
    } finally {
      if (this.#isDead || this.#frozen !== null) {
        await new Promise<void>((resolve) => {
          this.after(0, resolve);
        });
      }
    }
  }
}

class StoreFromMachine implements ObjectStore {
  readonly url: string;
  readonly #machine: Machine;
  readonly #inner: ObjectStore;

  constructor(machine: Machine, inner: ObjectStore) {
    this.#machine = machine;
    this.#inner = inner;
    this.url = inner.url;
  }

  at(path: string): ObjectStore {
    return new StoreFromMachine(this.#machine, this.#inner.at(path));
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject | null> {
    return this.#machine.hear(this.#inner.get(key, options));
  }

  async getRange(key: string, range: ByteRange, options?: CallOptions): Promise<Uint8Array | null> {
    return this.#machine.hear(this.#inner.getRange(key, range, options));
  }

  async head(key: string, options?: CallOptions): Promise<ObjectInfo | null> {
    return this.#machine.hear(this.#inner.head(key, options));
  }

  async put(key: string, body: Uint8Array | ObjectSource, options?: CallOptions): Promise<void> {
    return this.#machine.hear(this.#inner.put(key, body, options));
  }

  async putIf(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    options?: CallOptions,
  ): Promise<PutOutcome> {
    return this.#machine.hear(this.#inner.putIf(key, body, condition, options));
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    return this.#machine.hear(this.#inner.delete(keys, options));
  }

  async *list(
    prefix: string,
    options?: CallOptions & { readonly after?: string },
  ): AsyncGenerator<ObjectInfo> {
    const all = async (): Promise<ObjectInfo[]> => {
      const infos: ObjectInfo[] = [];
      for await (const info of this.#inner.list(prefix, options)) {
        infos.push(info);
      }
      return infos;
    };
    yield* await this.#machine.hear(all());
  }

  async close(): Promise<void> {
    return this.#inner.close();
  }
}
