// A log on a simulated machine: its disk, its clock, its worker, and what its listener was told.
import type { Entry } from "../../src/core/entry.js";
import type { T4Error } from "../../src/core/errors.js";
import type { LogIndex, Term } from "../../src/core/words.js";
import { logWorker } from "../../src/log/log-worker.js";
import type { Log, LogListener, SealedSegment, SealPoint } from "../../src/log/log.js";
import { openLog, type LogOptions } from "../../src/log/open-log.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { noMetrics } from "../../src/runtime/metrics/metrics.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { InlineThreads } from "./inline-threads.js";
import { SeededRandom } from "./seeded-random.js";
import type { SimulatedDisk } from "./simulated-disk.js";
import { VirtualClock } from "./virtual-clock.js";

export const LOG_DIRECTORY = "/data/log";

export class LogMachine {
  readonly clock: VirtualClock;
  readonly disk: SimulatedDisk;
  readonly log: Log;
  readonly replayed: Entry[] = [];
  readonly durable: LogIndex[] = [];
  readonly sealed: SealPoint[] = [];
  readonly closed: SealedSegment[] = [];
  failure: T4Error | null = null;
  /** Called with each durable index. */
  onDurable: ((index: LogIndex) => void) | null = null;
  /** Called with each end of a segment, as the log tells it. */
  onSealed: ((point: SealPoint) => void) | null = null;
  readonly runtime: Runtime;

  constructor(disk: SimulatedDisk, seed: number, options: Partial<LogOptions> = {}) {
    this.disk = disk;
    this.clock = new VirtualClock(seed);
    const runtime: Runtime = {
      clock: this.clock,
      disk,
      random: new SeededRandom(seed),
      threads: new InlineThreads({
        clock: this.clock,
        disk,
        seed,
        handlers: { "log-worker-main.js": logWorker },
      }),
      logger: silentLogger,
      metrics: noMetrics,
    };
    this.runtime = runtime;
    const listener: LogListener = {
      durable: (index) => {
        this.durable.push(index);
        this.onDurable?.(index);
      },
      sealed: (point) => {
        this.sealed.push(point);
        this.onSealed?.(point);
      },
      segmentClosed: (segment) => this.closed.push(segment),
      failed: (error) => {
        this.failure = error;
      },
    };
    this.log = openLog(
      {
        runtime,
        directory: LOG_DIRECTORY,
        listener,
        afterIndex: 0 as LogIndex,
        afterTerm: 0 as Term,
        ...options,
      },
      {
        entry: (entry) => this.replayed.push(entry),
        segmentEnd() {},
      },
    );
  }

  /** Waits until everything appended is durable. */
  async flush(): Promise<void> {
    await this.clock.resolve(this.log.flush());
  }

  async close(): Promise<void> {
    await this.clock.resolve(this.log.close());
  }
}
