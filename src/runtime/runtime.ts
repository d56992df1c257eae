// All ports together: what a node needs of the world.
import type { Clock } from "./clock.js";
import type { LockableDisk } from "./disk/disk.js";
import type { Logger } from "./logger.js";
import type { Metrics } from "./metrics/metrics.js";
import type { Random } from "./random.js";
import type { Threads } from "./threads.js";

export interface Runtime {
  readonly clock: Clock;
  readonly disk: LockableDisk;
  readonly random: Random;
  readonly threads: Threads;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
