// What the parts of a run share: its time, its randomness, the bucket, and what was met, said and broken.
import { silentLogger, type Logger } from "../../src/runtime/logger.js";
import { memoryObjectStore } from "../../src/object/memory-object-store.js";
import type { ObjectStore } from "../../src/object/object-store.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { PowerLossError } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { guardLiveObjects } from "./live-objects.js";
import type { Database, Life } from "./site.js";

export class World {
  readonly random: SeededRandom;
  readonly clock: VirtualClock;
  readonly bucket: ObjectStore;
  readonly databases: readonly Database[];
  /** How often what was met. */
  readonly counts: Record<string, number> = {};
  /** Who says what, for a run that fails. */
  readonly trace: string[] = [];
  #failure: unknown = null;

  constructor(seed: number, databases: readonly Database[]) {
    this.random = new SeededRandom(seed);
    this.clock = new VirtualClock(this.random.below(2 ** 32));
    this.databases = databases;
    const prefixes = databases.map(({ prefix }) => prefix);
    this.bucket = guardLiveObjects(memoryObjectStore(), prefixes, (error) => {
      this.fail(error);
    });
  }

  note(name: string, count = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + count;
  }

  say(who: string, what: string): void {
    this.trace.push(`${this.clock.monotonicMs().toFixed(0)} ${who}: ${what}`);
  }

  fail(error: unknown): void {
    this.#failure ??= error;
  }

  throwFailure(): void {
    if (this.#failure !== null) {
      throw this.#failure as Error;
    }
  }

  /** What a task of a life throws ends the run, unless the life is over. */
  watched(life: Life, running: Promise<void>): void {
    running.catch((error: unknown) => {
      if (!life.machine.isDead && !(error instanceof PowerLossError)) {
        this.fail(error);
      }
    });
  }

  /** Which ways were gone is told by what the nodes say on them. */
  logger(who: string, restored: () => void): Logger {
    const say: Logger["info"] = (message, fields) => {
      const reason = typeof fields?.["reason"] === "string" ? ` (${fields["reason"]})` : "";
      this.note(`log: ${message}${reason}`);
      if (message.startsWith("restored")) {
        restored();
      }
      if (message === "collected" && Number(fields?.["deleted"]) > 0) {
        this.note("deletions");
      }
      const error = fields?.["error"];
      const cause = error instanceof Error ? ` ${error.message}` : "";
      this.say(who, `${message}${reason}${cause}`);
    };
    return { ...silentLogger, info: say, warn: say, error: say };
  }
}
