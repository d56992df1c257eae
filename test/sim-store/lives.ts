// Starts nodes on sites and follows each to its end: whether it may refuse to open, what may stop it, and that it closes.
import assert from "node:assert/strict";
import { T4Error } from "../../src/core/errors.js";
import type { Revision } from "../../src/core/words.js";
import type { Node } from "../../src/node/node.js";
import { openNode } from "../../src/node/open-node.js";
import { ObjectStoreError } from "../../src/object/object-store.js";
import { Machine } from "../sim-archive/machine.js";
import { FaultyObjectStore, type ObjectStoreFaults } from "../sim/faulty-object-store.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import { PowerLossError } from "../sim/simulated-disk.js";
import { Clients } from "./clients.js";
import { archiveConfig, NODE_CONFIG, type Life, type Retention, type Site } from "./site.js";
import { drawForkTarget, witness } from "./witness.js";
import type { World } from "./world.js";

export const CLOSE_MS_MAX = 60_000;

/** What a node may refuse to start, or stop, with. */
const EXPECTED = new Set([
  "T4_LOCKED",
  // Opening while the store is out: the term's first entry is not archived in time.
  "T4_TIMEOUT",
  "T4_FENCED",
  "T4_UNAVAILABLE",
  "T4_NOT_RETAINED",
  "T4_CLOSED",
]);

export class Lives {
  readonly all: Life[] = [];
  readonly clients: Clients;
  readonly #world: World;
  readonly #retention: Retention;
  #attempts = 0;

  constructor(world: World, retention: Retention) {
    this.#world = world;
    this.#retention = retention;
    this.clients = new Clients(world);
  }

  start(site: Site, isSync: boolean, faults: ObjectStoreFaults): void {
    const world = this.#world;
    const random = world.random.fork();
    const { database } = site;
    if (database.source?.current === null) {
      return;
    }
    if (site.isRefused) {
      world.note("lost disks");
      site.loseDisk();
    }
    const bucket = FaultyObjectStore.of(world.bucket.at(""), world.clock, random.fork(), faults);
    this.#attempts += 1;
    const life = this.add(site, bucket, isSync, this.#attempts, random);
    const { machine } = life;
    site.disk.onChange = () => {
      if (site.disk.changes >= site.disk.cutPowerAt) {
        machine.die();
      }
    };
    database.tried.add(life.directory);
    database.hadAsync ||= !isSync;
    world.say(life.name, `starts ${isSync ? "sync" : "async"} on ${life.directory}`);
    if (database.model === null) {
      drawForkTarget(world, database);
    }
    const { source } = database;
    const forkedAt = database.forkTargets.at(-1) ?? null;
    const archive = archiveConfig(random, this.#retention, {
      store: machine.store.at(database.prefix),
      syncUpload: isSync,
      branch:
        source === null ? null : { source: machine.store.at(source.prefix), id: database.branchId },
      target:
        forkedAt === null
          ? { kind: "newest" }
          : { kind: "revision", revision: forkedAt as Revision },
    });
    const segmentAgeMsMax = 700 + random.below(5_000);
    const opening = openNode({ ...NODE_CONFIG, segmentAgeMsMax, archive }, machine.runtime);
    world.watched(life, this.#serve(life, opening, random));
  }

  /** A process on a site, in which nothing runs yet. */
  add(
    site: Site,
    store: FaultyObjectStore,
    isSync: boolean,
    number: number,
    random: SeededRandom,
  ): Life {
    const { clock } = this.#world;
    const name = `${site.name}${number}`;
    const logger = this.#world.logger(name, () => {
      life.isNew = true;
    });
    const life: Life = {
      site,
      name,
      directory: site.directory,
      machine: new Machine(clock, site.disk, store, random.fork(), logger),
      store,
      isSync,
      isNew: false,
      number,
      node: null,
      isClosing: false,
      frozenAtMs: -1,
      pending: 0,
    };
    site.life = life;
    this.all.push(life);
    return life;
  }

  async close(life: Life): Promise<void> {
    if (life.node === null || life.isClosing) {
      return;
    }
    this.#world.note("closes");
    life.isClosing = true;
    const startMs = life.machine.monotonicMs();
    await life.node.close();
    const tookMs = life.machine.monotonicMs() - startMs;
    assert.ok(tookMs < CLOSE_MS_MAX || life.frozenAtMs >= startMs, `closing took ${tookMs} ms`);
  }

  async checkpoint(life: Life): Promise<void> {
    if (life.node === null || life.isClosing) {
      return;
    }
    try {
      const { revision } = await life.node.checkpoint();
      this.#world.note("checkpoints");
      const { model, current } = life.site.database;
      if (model !== null && current === life) {
        model.floor = Math.max(model.floor, revision);
      }
    } catch (error) {
      assert.ok(error instanceof T4Error && isExpected(error), String(error));
    }
  }

  kill(site: Site, cutsPower: boolean): void {
    const world = this.#world;
    world.note(cutsPower ? "power losses" : "kills");
    world.say(site.name, cutsPower ? "loses power" : "is killed");
    const { life, disk } = site;
    if (life !== null) {
      life.machine.die();
      life.isClosing = true;
    }
    site.life = null;
    site.disk = cutsPower ? disk.afterPowerLoss(world.random.below(2 ** 32)) : disk.afterKill();
  }

  async #serve(life: Life, opening: Promise<Node>, random: SeededRandom): Promise<void> {
    const world = this.#world;
    let node: Node;
    try {
      node = await opening;
    } catch (error) {
      this.#refused(life, error);
      return;
    }
    if (life.machine.isDead) {
      return;
    }
    life.node = node;
    world.watched(life, this.#stopped(life, node));
    await witness(world, life, node);
    world.note("opened");
    for (let writer = 0; writer < 3; writer += 1) {
      world.watched(life, this.clients.write(life, random.fork()));
    }
    world.watched(life, this.clients.read(life, random.fork()));
  }

  #refused(life: Life, error: unknown): void {
    const world = this.#world;
    const { site } = life;
    const { database } = site;
    if (life.machine.isDead || error instanceof PowerLossError) {
      return;
    }
    if (error instanceof T4Error && error.message.includes("a fork of it was interrupted")) {
      world.note("interrupted forks");
      database.branchId += "x";
    } else if (!(error instanceof T4Error) || !isExpected(error)) {
      throw error;
    }
    world.say(life.name, `does not open: ${error.message}`);
    world.note(`refused ${error.code}`);
    if (error.code === "T4_FENCED" && error.message.includes("start with an empty one")) {
      assert.ok(database.hadAsync, "what was acknowledged is in the archive");
      site.isRefused = true;
    }
    this.#ended(life);
  }

  async #stopped(life: Life, node: Node): Promise<void> {
    const world = this.#world;
    const error = await node.stopped;
    const { site } = life;
    if (life.machine.isDead) {
      return;
    }
    world.say(life.name, `stopped: ${error?.message ?? "closed"}`);
    if (error !== null && !(error.cause instanceof PowerLossError)) {
      assert.ok(EXPECTED.has(error.code), error.stack);
      world.note(`stopped ${error.code}`);
      assert.ok(
        error.code !== "T4_FENCED" || this.#hadRivals(life),
        `${site.name}: fenced by nobody: ${error.message}`,
      );
    }
    this.#ended(life);
  }

  #ended(life: Life): void {
    const { site } = life;
    life.isClosing = true;
    life.machine.die();
    if (site.life === life) {
      site.life = null;
      site.disk = site.disk.afterKill();
    }
  }

  /** Whether another node tried to open the same database while this one lived. */
  #hadRivals({ site, directory, number }: Life): boolean {
    return this.all.some(
      (other) =>
        other.site.database === site.database &&
        other.directory !== directory &&
        (other.number > number || !other.machine.isDead || site.database.tried.size > 1),
    );
  }
}

/** As the world makes it; or because something came damaged out of the object store, this once. */
function isExpected({ code, cause }: T4Error): boolean {
  return EXPECTED.has(code) || (cause instanceof ObjectStoreError && cause.code === "damaged");
}
