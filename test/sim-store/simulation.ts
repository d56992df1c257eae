// Whole nodes on one object store, from one seed: several places with a disk each, nodes that are started, stopped, killed,
// frozen and cut off, a branch and a branch of that, users of all of them, and restores of their past.
// What is checked is in `Clients` (answers), `Model` (histories), `Lives` (who may open, and what may stop a node), `restores`
// (the past) and `live-objects` (collection), and here: that everything ends, and an empty disk then shows everything.
import assert from "node:assert/strict";
// Loaded when a node is opened with an object store, which takes real time, in which virtual time goes on.
import "../../src/node/archive/open-archived.js";
import { openNode } from "../../src/node/open-node.js";
import {
  BAD_DAY,
  FaultyObjectStore,
  NO_FAULTS,
  type ObjectStoreFaults,
} from "../sim/faulty-object-store.js";
import type { Simulation } from "../sim/seeds/simulation.js";
import { CLOSE_MS_MAX, Lives } from "./lives.js";
import { checkRestore, checkWhole } from "./restores.js";
import { drawRetention, makeDatabase, NODE_CONFIG, Site } from "./site.js";
import type { Database, Life } from "./site.js";
import { witness } from "./witness.js";
import { World } from "./world.js";

const STEPS = 16;
/** A start with a healthy store: one time to live of the lock, and reading. */
const OPEN_MS_MAX = 60_000;
/** What was sent, or was frozen, has had its effect. */
const CALM_MS = 60_000;

const LOSSY: ObjectStoreFaults = { ...NO_FAULTS, failAfter: 0.15, wayMs: [1, 60] };

export function simulate(seed: number): Simulation {
  return new StoreSimulation(seed);
}

class StoreSimulation implements Simulation {
  readonly #world: World;
  readonly #lives: Lives;
  readonly #sites: Site[];
  #allSync: boolean | null;

  constructor(seed: number) {
    const main = makeDatabase("main", "db/", null);
    const branch = makeDatabase("branch", "db/branch/one/", main);
    const twig = makeDatabase("twig", "db/branch/one/branch/two/", branch);
    this.#world = new World(seed, [main, branch, twig]);
    const { random } = this.#world;
    this.#lives = new Lives(this.#world, drawRetention(random));
    this.#sites = ["x", "y", "z"].map((name) => new Site(name, main));
    this.#sites.push(new Site("f", branch), new Site("g", branch), new Site("h", twig));
    this.#allSync = random.chance(0.4) ? true : random.chance(0.3) ? false : null;
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#world.counts;
  }

  get trace(): readonly string[] {
    return this.#world.trace;
  }

  async run(): Promise<void> {
    const { random, databases } = this.#world;
    const first = this.#sites[0]!;
    if (random.chance(0.25)) {
      await this.#beginWithoutStore(first);
    }
    this.#start(first, NO_FAULTS);
    const main = databases[0]!;
    await this.#until("the first opens", OPEN_MS_MAX, () => (main.current?.number ?? 0) > 0);
    for (let step = 0; step < STEPS; step += 1) {
      await this.#pass(random.fraction() * (random.chance(0.3) ? 40_000 : 8_000));
      this.#step();
    }
    await this.#end();
  }

  #step(): void {
    const world = this.#world;
    const { random, clock } = world;
    if (random.chance(0.15)) {
      this.#checkPast();
    }
    const site = this.#sites[random.below(random.chance(0.7) ? 3 : this.#sites.length)]!;
    const { life } = site;
    if (clock.monotonicMs() < site.restsUntilMs) {
      return;
    }
    if (life === null) {
      if (random.chance(0.2)) {
        world.note("lost disks");
        site.loseDisk();
      }
      this.#start(site);
      return;
    }
    const kind = random.below(11);
    if (kind < 2) {
      this.#lives.kill(site, random.chance(0.5));
      if (random.chance(0.6)) {
        this.#start(site);
      }
    } else if (kind < 3) {
      this.#lives.kill(site, false);
      world.note("lost disks");
      site.loseDisk();
      this.#start(site);
    } else if (kind < 5) {
      this.#freeze(life);
    } else if (kind < 6) {
      this.#breakStore(life);
    } else if (kind < 7) {
      world.watched(life, this.#lives.checkpoint(life));
    } else if (kind < 8) {
      world.watched(life, this.#lives.close(life));
    } else if (kind < 9) {
      world.note("power cuts armed");
      site.disk.cutPowerAt = site.disk.changes + 1 + random.below(60);
    } else if (kind < 10) {
      this.#rest(site);
    } else {
      life.store.setFaults(this.#faults());
    }
  }

  #faults(): ObjectStoreFaults {
    const kind = this.#world.random.below(4);
    return kind === 0 ? BAD_DAY : kind === 1 ? LOSSY : NO_FAULTS;
  }

  #start(site: Site, faults = this.#faults()): void {
    this.#lives.start(site, this.#allSync ?? this.#world.random.chance(0.5), faults);
  }

  #freeze(life: Life): void {
    const { random, clock } = this.#world;
    this.#world.note("freezes");
    life.frozenAtMs = Infinity;
    const forMs = random.fraction() * 40_000;
    life.machine.freeze(forMs);
    clock.after(forMs + 1, () => {
      life.frozenAtMs = clock.monotonicMs() + 1_000;
    });
  }

  #breakStore(life: Life): void {
    const { random, clock } = this.#world;
    this.#world.note("outages");
    const fromMs = clock.monotonicMs();
    const untilMs = fromMs + random.fraction() * (random.chance(0.3) ? 180_000 : 20_000);
    const views = random.chance(0.5) ? this.#lives.all : [life];
    views.forEach(({ store }) => {
      store.addOutage(fromMs, untilMs);
    });
  }

  /** A node is away for so long that the archive forgets where it was, while another goes on. */
  #rest(site: Site): void {
    const { random, clock } = this.#world;
    this.#world.note("rests");
    this.#lives.kill(site, false);
    site.restsUntilMs = clock.monotonicMs() + 60_000 + random.fraction() * 60_000;
    const others = this.#sites.filter((other) => other.database === site.database);
    const next = others.find((other) => other !== site && other.life === null);
    if (next !== undefined) {
      this.#start(next, NO_FAULTS);
    }
  }

  #checkPast(): void {
    const world = this.#world;
    const { random, databases } = world;
    const database = databases[random.below(databases.length)]!;
    checkRestore(world, database, this.#faults()).catch((error: unknown) => {
      world.fail(error);
    });
  }

  /** Time passes; machines without power are noticed. */
  async #pass(forMs: number): Promise<void> {
    const { clock } = this.#world;
    const untilMs = clock.monotonicMs() + forMs;
    while (clock.monotonicMs() < untilMs) {
      await clock.run(Math.min(1_000, untilMs - clock.monotonicMs()));
      this.#world.throwFailure();
      for (const site of this.#sites) {
        if (site.life?.machine.isDead === true) {
          this.#lives.kill(site, true);
        }
      }
    }
  }

  async #until(what: string, limitMs: number, done: () => boolean): Promise<void> {
    const { clock } = this.#world;
    const endMs = clock.monotonicMs() + limitMs;
    while (!done()) {
      assert.ok(clock.monotonicMs() < endMs, `${what} within ${limitMs} ms`);
      await this.#pass(500);
    }
  }

  async #beginWithoutStore(site: Site): Promise<void> {
    const world = this.#world;
    const { clock } = world;
    world.note("begun without a store");
    const random = world.random.fork();
    const none = FaultyObjectStore.of(world.bucket.at(""), clock, random.fork());
    const life = this.#lives.add(site, none, false, 0, random);
    life.isNew = true;
    const node = await clock.resolve(openNode(NODE_CONFIG, life.machine.runtime));
    life.node = node;
    await clock.resolve(witness(world, life, node));
    world.watched(life, this.#lives.clients.write(life, random.fork()));
    await this.#pass(random.fraction() * 20_000);
    if (random.chance(0.5)) {
      await clock.resolve(node.flush());
    }
    life.isClosing = true;
    await clock.resolve(node.close());
    life.machine.die();
    site.life = null;
    site.disk = site.disk.afterKill();
  }

  /** All is well again: everything ends, and an empty directory shows everything. */
  async #end(): Promise<void> {
    const world = this.#world;
    this.#allSync = true;
    this.#lives.clients.rest();
    for (const { life, disk } of this.#sites) {
      life?.store.setFaults(NO_FAULTS);
      life?.store.endOutages();
      disk.cutPowerAt = Infinity;
    }
    await this.#pass(CALM_MS);
    for (const { life } of this.#sites) {
      if (life !== null) {
        assert.ok(life.node !== null, `${life.name} does not open`);
        world.watched(life, this.#lives.close(life));
      }
    }
    await this.#until("all are closed", CLOSE_MS_MAX, () =>
      this.#sites.every(({ life }) => life === null),
    );
    for (const life of this.#lives.all) {
      assert.ok(life.pending === 0 || life.machine.isDead, "every write is answered");
    }
    const existing = world.databases.filter(({ model }) => model !== null);
    for (const database of existing) {
      await this.#showOnEmptyDisk(database);
      await world.clock.resolve(checkRestore(world, database, NO_FAULTS));
      await world.clock.resolve(checkWhole(world, database));
    }
    world.throwFailure();
    world.note("databases", existing.length);
  }

  async #showOnEmptyDisk(database: Database): Promise<void> {
    const site = new Site(`end-of-${database.name}-`, database);
    this.#sites.push(site);
    let started: Life | null;
    do {
      this.#start(site, NO_FAULTS);
      started = site.life;
      await this.#until(
        "an empty directory opens",
        OPEN_MS_MAX,
        () => site.life === null || database.current === started,
      );
    } while (database.current !== started);
    const life = database.current;
    assert.ok(life !== null, "it has opened");
    await this.#pass(1_000);
    this.#world.watched(life, this.#lives.close(life));
    await this.#until("closed", CLOSE_MS_MAX, () => site.life === null);
  }
}
