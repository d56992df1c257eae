// One life of a node: from its start on a disk to its end, however it ends. When it ends abruptly nothing of it runs any
// more: its clock swallows what is due, as a machine without power does.
import { logWorker } from "../../src/log/log-worker.js";
import { openNode } from "../../src/node/open-node.js";
import type { AutoCompaction } from "../../src/node/maintenance/auto-compaction.js";
import type { Node } from "../../src/node/node.js";
import type { Clock, Timer } from "../../src/runtime/clock.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { noMetrics } from "../../src/runtime/metrics/metrics.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import type { WorkerHandler } from "../../src/runtime/threads.js";
import { readSegments } from "../../src/store/upkeep/read-segments.js";
import { tableWorker } from "../../src/store/upkeep/table-worker.js";
import { InlineThreads } from "../sim/inline-threads.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import { PowerLossError, type SimulatedDisk } from "../sim/simulated-disk.js";
import type { VirtualClock } from "../sim/virtual-clock.js";

/** Small, so that segments end and tables are made all the time. */
const SEGMENT_BYTES_MAX = 8 * 1024;
const SEGMENT_AGE_MS_MAX = 700;

export interface MachineOptions {
  /** Longest time that the table worker takes for an order. */
  readonly tableDelayMsMax?: number;
  readonly waitingRowsBytesMax?: number;
  readonly quotaBytes?: number;
  readonly autoCompaction?: AutoCompaction;
}

export class Machine implements Clock {
  readonly disk: SimulatedDisk;
  readonly runtime: Runtime;
  readonly #clock: VirtualClock;
  #isDead = false;

  readonly #options: MachineOptions;

  constructor(
    clock: VirtualClock,
    disk: SimulatedDisk,
    random: SeededRandom,
    options: MachineOptions = {},
  ) {
    this.#clock = clock;
    this.#options = options;
    this.disk = disk;
    disk.onChange = () => {
      if (disk.changes >= disk.cutPowerAt) {
        this.#isDead = true;
      }
    };
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
          "table-worker-main.js": this.#slowly(tableWorker(readSegments), random.fork()),
        },
        delayMsMax: 0.5,
      }),
      logger: silentLogger,
      metrics: noMetrics,
    };
  }

  isAlive(): boolean {
    return !this.#isDead;
  }

  /** Nothing of it runs from now on. */
  die(): void {
    this.#isDead = true;
  }

  async open(): Promise<Node> {
    const { waitingRowsBytesMax, quotaBytes = 0, autoCompaction = null } = this.#options;
    return openNode(
      {
        dataDirectory: "/data",
        nodeId: null,
        quotaBytes,
        autoCompaction,
        segmentBytesMax: SEGMENT_BYTES_MAX,
        segmentAgeMsMax: SEGMENT_AGE_MS_MAX,
        blockCacheBytesMax: 64 * 1024,
        rowCacheBytesMax: 4 * 1024,
        ...(waitingRowsBytesMax === undefined ? {} : { waitingRowsBytesMax }),
      },
      this.runtime,
    );
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      try {
        if (!this.#isDead) {
          run();
        }
      } catch (error) {
        if (!(error instanceof PowerLossError)) {
          throw error;
        }
        this.die();
      }
    });
  }

  async sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  nextTurn(run: () => void): void {
    this.after(0, run);
  }

  /** A worker that takes its time for each message. */
  #slowly(handler: WorkerHandler, random: SeededRandom): WorkerHandler {
    const delayMsMax = this.#options.tableDelayMsMax ?? 0;
    if (delayMsMax === 0) {
      return handler;
    }
    return (context) => {
      handler({
        ...context,
        onMessage: (listener) => {
          context.onMessage((message) => {
            this.after(random.fraction() * delayMsMax, () => {
              listener(message);
            });
          });
        },
      });
    };
  }
}
