// Databases, their branches and branches of those on one object store that misbehaves: leaders that come and go, checkpoints,
// forks and their removal, collections, restores, all at the same time, on virtual time and from one seed. What a restore gives
// back is held against what was acknowledged.
import assert from "node:assert/strict";
import { BAD_DAY, NO_FAULTS } from "../sim/faulty-object-store.js";
import type { Simulation } from "../sim/seeds/simulation.js";
import type { Place } from "./place.js";
import { GRACE_MS, MINUTE_MS, PAUSE_CHANCE, Work } from "./work.js";

const STEPS = 60;
/** Longest time between two steps, of which a seed has one: with long ones, a grace passes from one collection to the next. */
const STEP_MS_MAX = [MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS];
const RUNNING_MAX = 8;

export function simulate(seed: number): Simulation {
  return new CheckpointSimulation(seed);
}

class CheckpointSimulation implements Simulation {
  readonly #seed: number;
  readonly #work: Work;
  readonly #running = new Set<Promise<void>>();
  readonly #failures: Error[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#work = new Work(seed);
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#work.counts;
  }

  async run(): Promise<void> {
    await this.#work.clock.resolve(this.#work.lead(this.#work.places[0]!));
    this.#throwIfFailed();
    const stepMsMax = this.#work.pick(STEP_MS_MAX);
    for (let step = 0; step < STEPS; step += 1) {
      if (this.#work.random.chance(0.1)) {
        this.#work.faults = this.#work.random.chance(0.5) ? BAD_DAY : NO_FAULTS;
      }
      if (this.#running.size < RUNNING_MAX) {
        this.#begin();
      }
      const waitMs = this.#work.random.chance(0.1) ? 2 * GRACE_MS : stepMsMax;
      await this.#work.clock.run(this.#work.random.fraction() * waitMs);
      this.#throwIfFailed();
    }
    await this.#finish();
  }

  /** All is quiet: what is left must be whole, and nothing may be left that nobody needs. */
  async #finish(): Promise<void> {
    this.#work.faults = NO_FAULTS;
    this.#work.isBusy = false;
    for (const place of this.#work.places) {
      place.pinsUnreadableUntilMs = 0;
    }
    while (this.#running.size > 0) {
      await this.#work.clock.run(MINUTE_MS);
    }
    this.#throwIfFailed();
    // Branches of branches first: whoever has some is opened again.
    for (const place of this.#work
      .live()
      .filter((each) => each.isHalfRemoved)
      .reverse()) {
      this.#work.crash(place);
      await this.#work.clock.resolve(this.#work.unfork(place), 10 * GRACE_MS);
    }
    for (const place of this.#work.live()) {
      await this.#work.clock.resolve(
        this.#work.checkRestore(place, { kind: "newest" }, true),
        10 * GRACE_MS,
      );
    }
    for (let round = 0; round < 4; round += 1) {
      for (const place of this.#work.live()) {
        if (round === 0) {
          await this.#work.clock.resolve(this.#work.lead(place), 10 * GRACE_MS);
        }
        assert.ok(place.database !== null, "in peace a leader can start");
        await this.#work.clock.resolve(this.#work.collect(place, place.database), 10 * GRACE_MS);
      }
      this.#throwIfFailed();
      await this.#work.clock.run(2 * GRACE_MS);
    }
    for (const place of this.#work.live()) {
      await this.#work.clock.resolve(
        this.#work.checkRestore(place, { kind: "newest" }, true),
        10 * GRACE_MS,
      );
    }
    this.#throwIfFailed();
  }

  #begin(): void {
    const place = this.#work.pick(this.#work.live());
    const kind = this.#work.random.below(100);
    const { database } = place;
    if (database === null || database.isClosed) {
      this.#spawn("lead", async () => this.#work.lead(place));
    } else if (kind < 35) {
      this.#inQueue(place, "write", async () => this.#work.write(database));
    } else if (kind < 50) {
      this.#inQueue(place, "checkpoint", async () => this.#work.checkpoint(database));
    } else if (kind < 62) {
      this.#inQueue(place, "collect", async () => this.#work.collect(place, database));
    } else if (kind < 64) {
      this.#spawn("collect", async () => this.#work.collect(place, database));
    } else if (kind < 69) {
      // What is about to be dropped is forked.
      this.#inQueue(place, "collect", async () =>
        this.#work.collect(place, database, PAUSE_CHANCE),
      );
      this.#spawn("fork", async () => this.#work.fork(place, true));
    } else if (kind < 77) {
      this.#spawn("fork", async () => this.#work.fork(place));
    } else if (kind < 81) {
      this.#spawn("unfork", async () => this.#work.unfork(place));
    } else if (kind < 93) {
      const target = this.#work.target(place);
      this.#spawn("restore", async () => this.#work.checkRestore(place, target, false));
    } else if (kind < 96) {
      this.#work.crash(place);
    } else {
      // The old one goes on until it finds out.
      this.#spawn("lead", async () => this.#work.lead(place));
    }
  }

  #spawn(name: string, run: () => Promise<unknown>): void {
    const task = run()
      .catch((error: unknown) => {
        this.#failures.push(
          new Error(`seed ${this.#seed}: ${name} failed at ${this.#work.clock.monotonicMs()} ms`, {
            cause: error,
          }),
        );
      })
      .then(() => {
        this.#running.delete(task);
      });
    this.#running.add(task);
  }

  #inQueue(place: Place, name: string, run: () => Promise<unknown>): void {
    const before = place.queue;
    let done: () => void = () => {};
    place.queue = new Promise((resolve) => {
      done = resolve;
    });
    this.#spawn(name, async () => {
      try {
        await before;
        await run();
      } finally {
        done();
      }
    });
  }

  #throwIfFailed(): void {
    if (this.#failures[0] !== undefined) {
      throw this.#failures[0];
    }
  }
}
