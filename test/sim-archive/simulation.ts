// Several nodes on one prefix, on virtual time: they lead, stall, freeze, crash, lose their disks and come back, while the store
// loses answers and is out. One seed is one run.
import { memoryObjectStore } from "../../src/object/memory-object-store.js";
import { readLatestManifest } from "../../src/archive/latest-manifest.js";
import type { StoreContext } from "../../src/archive/store-context.js";
import {
  BAD_DAY,
  FaultyObjectStore,
  NO_FAULTS,
  type ObjectStoreFaults,
} from "../sim/faulty-object-store.js";
import type { Simulation } from "../sim/seeds/simulation.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Leader, type Home } from "./leader.js";
import { Machine } from "./machine.js";
import { NOTHING, readBase, readSlots, replay } from "./restored.js";
import { Truth } from "./truth.js";

const NODES = 3;
const RUN_MS = 120_000;

export function simulate(seed: number): Simulation {
  return new ArchiveSimulation(seed);
}

class ArchiveSimulation implements Simulation {
  readonly #truth = new Truth();
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #bucket: FaultyObjectStore;
  readonly #mode: "sync" | "async";
  readonly #machines = new Set<Machine>();
  #lives = 0;
  #failure: unknown = null;
  #isOver = false;

  constructor(seed: number) {
    this.#clock = new VirtualClock(seed);
    this.#random = new SeededRandom(seed);
    this.#mode = this.#random.chance(0.7) ? "sync" : "async";
    const bucket = this.#truth.watch(memoryObjectStore());
    this.#bucket = FaultyObjectStore.of(bucket, this.#clock, this.#random.fork());
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#truth.counts;
  }

  async run(): Promise<void> {
    for (let node = 0; node < NODES; node += 1) {
      this.#lifeCycle(node).catch((error: unknown) => {
        this.#failure ??= error;
      });
    }
    for (let passed = 0; passed < RUN_MS && this.#failure === null; passed += 1_000) {
      await this.#clock.run(1_000);
    }
    this.#isOver = true;
    for (const machine of this.#machines) {
      machine.die();
    }
    // What they sent still arrives.
    await this.#clock.run(120_000);
    if (this.#failure === null) {
      await this.#checkEnd();
    }
    if (this.#failure !== null) {
      throw this.#failure as Error;
    }
  }

  async #lifeCycle(node: number): Promise<void> {
    const random = this.#random.fork();
    const home: Home = {
      disk: new SimulatedDisk(),
      nodeId: `node-${node}`,
      logId: Buffer.from(random.bytes(16)).toString("hex"),
      start: NOTHING,
    };
    await this.#clock.sleep(random.fraction() * 5_000);
    while (!this.#isOver) {
      await this.#life(home, random);
      await this.#clock.sleep(random.fraction() * 12_000);
    }
  }

  /** One process: from its start to its end, or to its death. */
  async #life(home: Home, random: SeededRandom): Promise<void> {
    this.#lives += 1;
    const store = this.#bucket.elsewhere(random.fork(), drawFaults(random));
    const machine = new Machine(this.#clock, home.disk, store, random.fork());
    this.#machines.add(machine);
    const controller = new AbortController();
    const nowMs = this.#clock.monotonicMs();
    if (random.chance(0.3)) {
      const fromMs = nowMs + random.fraction() * 40_000;
      store.addOutage(fromMs, fromMs + random.fraction() * 40_000);
    }
    if (random.chance(0.4)) {
      this.#clock.after(random.fraction() * 30_000, () => {
        machine.freeze(random.fraction() * 40_000);
      });
    }
    const leader = new Leader({
      machine,
      home,
      random: random.fork(),
      truth: this.#truth,
      name: `${home.nodeId}, process ${this.#lives}`,
      mode: this.#mode,
      heedsLock: this.#mode === "async" || random.chance(0.5),
      signal: controller.signal,
    });
    const end = { kind: "alive" as "alive" | "ended" | "killed" };
    const ended = leader.run().then(
      () => {
        end.kind = "ended";
      },
      (error: unknown) => {
        if (end.kind !== "killed") {
          this.#failure ??= error;
        }
      },
    );
    const lifeMs = 5_000 + random.fraction() * 60_000;
    const isKilled = random.chance(0.6);
    const over = this.#clock.sleep(lifeMs).then(() => {
      if (end.kind === "alive" && isKilled) {
        end.kind = "killed";
        machine.die();
      } else {
        controller.abort(new Error("told to stop"));
      }
    });
    await Promise.race([ended, over]);
    if (!isKilled) {
      // It was told to stop, or ended by itself: a process that hangs is killed in the end.
      await Promise.race([ended, this.#clock.sleep(60_000)]);
    }
    machine.die();
    this.#machines.delete(machine);
    this.#afterDeath(home, random, end.kind === "killed");
  }

  #afterDeath(home: Home, random: SeededRandom, wasKilled: boolean): void {
    if (random.chance(0.25)) {
      home.disk = new SimulatedDisk();
      home.logId = Buffer.from(random.bytes(16)).toString("hex");
      home.start = NOTHING;
    } else if (wasKilled) {
      home.disk = home.disk.afterPowerLoss(random.below(2 ** 31));
    }
  }

  /** On a good day, what a new node would restore. */
  async #checkEnd(): Promise<void> {
    const store = this.#bucket.elsewhere(this.#random.fork(), NO_FAULTS);
    const context: StoreContext = {
      clock: this.#clock,
      random: this.#random.fork(),
      store,
      signal: new AbortController().signal,
    };
    const restore = async (): Promise<void> => {
      const read = await readLatestManifest(store);
      if (read === null) {
        this.#truth.check([]);
        return;
      }
      const base = await readBase(context, read.manifest);
      const { ids } = replay(base, await readSlots(context, base.next, null));
      this.#truth.check(ids);
    };
    await this.#clock.resolve(restore(), 600_000);
  }
}

function drawFaults(random: SeededRandom): ObjectStoreFaults {
  const kind = random.below(3);
  if (kind === 0) {
    return NO_FAULTS;
  }
  return kind === 1
    ? { ...BAD_DAY, stallMs: 1_000 + random.fraction() * 40_000 }
    : { ...NO_FAULTS, wayMs: [1, 100], failAfter: 0.2, stall: 0.1, stallMs: 20_000 };
}
