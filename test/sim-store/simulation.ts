// Whole nodes on one object store, from one seed: several places with a disk each, nodes that are started, stopped, killed,
// frozen and cut off, a branch, and users of all of them. What is checked is in `Model`, `Clients` and here: who may open, what
// may stop a node, and that everything ends.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { T4Error } from "../../src/core/errors.js";
import { ALL_KEYS } from "../../src/core/key-range.js";
import { silentLogger, type Logger } from "../../src/runtime/logger.js";
import type { Node } from "../../src/node/node.js";
import { openNode } from "../../src/node/open-node.js";
import { memoryObjectStore } from "../../src/object/memory-object-store.js";
import { ObjectStoreError, type ObjectStore } from "../../src/object/object-store.js";
import { readAll } from "../node/plain-node.js";
import { Machine } from "../sim-archive/machine.js";
import { seen, type SeenRow } from "../sim-node/truth.js";
import {
  BAD_DAY,
  FaultyObjectStore,
  NO_FAULTS,
  type ObjectStoreFaults,
} from "../sim/faulty-object-store.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { PowerLossError, SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Clients, type Counts } from "./clients.js";
import { Model, REVISION_RAISE } from "./model.js";
import { archiveConfig, Site, type Database, type Life } from "./site.js";

const STEPS = 22;
/** A start with a healthy store: one time to live of the lock, and reading. */
const OPEN_MS_MAX = 60_000;
const CLOSE_MS_MAX = 60_000;

const LOSSY: ObjectStoreFaults = { ...NO_FAULTS, failAfter: 0.15, wayMs: [1, 60] };

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

export class StoreSimulation {
  readonly counts: Counts = {};
  readonly #random: SeededRandom;
  readonly #clock: VirtualClock;
  readonly #bucket: ObjectStore;
  readonly #clients: Clients;
  readonly #sites: Site[];
  readonly #databases: Database[];
  readonly #lives: Life[] = [];
  /** Who says what, for a run that fails. */
  readonly trace: string[] = [];
  #attempts = 0;
  #allSync: boolean | null;
  #failure: unknown = null;

  constructor(seed: number, bucket: ObjectStore = memoryObjectStore()) {
    this.#random = new SeededRandom(seed);
    this.#clock = new VirtualClock(this.#random.below(2 ** 32));
    this.#bucket = bucket;
    this.#clients = new Clients(this.counts);
    const main = makeDatabase("main", "db/", null);
    const branch = makeDatabase("branch", "db/branch/one/", main);
    this.#databases = [main, branch];
    this.#sites = ["x", "y", "z"].map((name) => new Site(name, main));
    this.#sites.push(new Site("f", branch), new Site("g", branch));
    this.#allSync = this.#random.chance(0.4) ? true : this.#random.chance(0.3) ? false : null;
  }

  async run(): Promise<void> {
    await loaded;
    if (this.#random.chance(0.25)) {
      await this.#beginWithoutStore(this.#sites[0]!);
    }
    this.#start(this.#sites[0]!, NO_FAULTS);
    const main = this.#databases[0]!;
    await this.#until("the first opens", OPEN_MS_MAX, () => (main.current?.number ?? 0) > 0);
    for (let step = 0; step < STEPS; step += 1) {
      await this.#pass(this.#random.fraction() * (this.#random.chance(0.3) ? 25_000 : 6_000));
      this.#step();
    }
    await this.#end();
  }

  #step(): void {
    const random = this.#random;
    const site = this.#sites[random.below(random.chance(0.75) ? 3 : 5)]!;
    const { life } = site;
    if (life === null) {
      if (random.chance(0.2)) {
        this.#note("lost disks");
        site.loseDisk();
      }
      this.#start(site);
      return;
    }
    const kind = random.below(10);
    if (kind < 2) {
      this.#kill(site, random.chance(0.5));
      if (random.chance(0.6)) {
        this.#start(site);
      }
    } else if (kind < 3) {
      this.#kill(site, false);
      this.#note("lost disks");
      site.loseDisk();
      this.#start(site);
    } else if (kind < 5) {
      this.#note("freezes");
      life.frozenAtMs = Infinity;
      const forMs = random.fraction() * 40_000;
      life.machine.freeze(forMs);
      this.#clock.after(forMs + 1, () => {
        life.frozenAtMs = this.#clock.monotonicMs() + 1_000;
      });
    } else if (kind < 6) {
      this.#note("outages");
      const fromMs = this.#clock.monotonicMs();
      const untilMs = fromMs + random.fraction() * (random.chance(0.3) ? 180_000 : 20_000);
      const views = random.chance(0.5) ? this.#lives : [life];
      views.forEach(({ store }) => {
        store.addOutage(fromMs, untilMs);
      });
    } else if (kind < 7) {
      this.#watched(life, this.#checkpoint(life));
    } else if (kind < 8) {
      this.#watched(life, this.#close(life));
    } else if (kind < 9) {
      this.#note("power cuts armed");
      site.disk.cutPowerAt = site.disk.changes + 1 + random.below(60);
    } else {
      life.store.setFaults(this.#faults());
    }
  }

  #faults(): ObjectStoreFaults {
    const kind = this.#random.below(4);
    return kind === 0 ? BAD_DAY : kind === 1 ? LOSSY : NO_FAULTS;
  }

  #start(site: Site, faults = this.#faults()): void {
    const random = this.#random.fork();
    const { database } = site;
    if (database.source?.current === null) {
      return;
    }
    if (site.isRefused) {
      this.#note("lost disks");
      site.loseDisk();
    }
    const isSync = this.#allSync ?? random.chance(0.5);
    const bucket = FaultyObjectStore.of(this.#bucket.at(""), this.#clock, random.fork(), faults);
    this.#attempts += 1;
    const number = this.#attempts;
    const machine = new Machine(
      this.#clock,
      site.disk,
      bucket,
      random.fork(),
      this.#logger(`${site.name}${number}`, () => {
        life.isNew = true;
      }),
    );
    site.disk.onChange = () => {
      if (site.disk.changes >= site.disk.cutPowerAt) {
        machine.die();
      }
    };
    const life: Life = {
      site,
      directory: site.directory,
      machine,
      store: bucket,
      isSync,
      isNew: false,
      number,
      node: null,
      isClosing: false,
      frozenAtMs: -1,
      pending: 0,
    };
    site.life = life;
    this.#lives.push(life);
    database.tried.add(life.directory);
    database.hadAsync ||= !isSync;
    this.#say(`${site.name}${number}`, `starts ${isSync ? "sync" : "async"} on ${life.directory}`);
    const store = machine.store.at(database.prefix);
    const source = database.source === null ? null : machine.store.at(database.source.prefix);
    const branch = source === null ? null : { source, id: database.branchId };
    const opening = openNode(
      {
        dataDirectory: "/data",
        nodeId: null,
        segmentBytesMax: 8 * 1024,
        segmentAgeMsMax: 700 + random.below(5_000),
        blockCacheBytesMax: 64 * 1024,
        rowCacheBytesMax: 4 * 1024,
        archive: archiveConfig(random, store, branch, isSync),
      },
      machine.runtime,
    );
    this.#watched(life, this.#serve(life, opening, random));
  }

  async #serve(life: Life, opening: Promise<Node>, random: SeededRandom): Promise<void> {
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
    this.#watched(life, this.#stopped(life, node));
    await this.#opened(life, node);
    this.#note("opened");
    for (let writer = 0; writer < 3; writer += 1) {
      this.#watched(life, this.#clients.write(life, random.fork()));
    }
    this.#watched(life, this.#clients.read(life, random.fork()));
  }

  #refused(life: Life, error: unknown): void {
    const { site } = life;
    if (life.machine.isDead || error instanceof PowerLossError) {
      return;
    }
    if (error instanceof T4Error && error.message.includes("a fork of it was interrupted")) {
      this.#note("interrupted forks");
      site.database.branchId += "x";
    } else if (!(error instanceof T4Error) || !(EXPECTED.has(error.code) || isDamage(error))) {
      throw error;
    }
    this.#say(`${site.name}${life.number}`, `does not open: ${error.message}`);
    this.#note(`refused ${error.code}`);
    if (error.code === "T4_FENCED" && error.message.includes("start with an empty one")) {
      assert.ok(site.database.hadAsync, "what was acknowledged is in the archive");
      site.isRefused = true;
    }
    life.machine.die();
    site.life = null;
    site.disk = site.disk.afterKill();
  }

  /** Shows the model what the node shows. */
  async #opened(life: Life, node: Node): Promise<void> {
    const { site, isSync } = life;
    const { database } = site;
    const name = `${site.name}${life.number}`;
    const early: SeenRow[] = [];
    let take = (rows: readonly SeenRow[]): void => {
      early.push(...rows);
    };
    const { createdRevision: revision } = node.watch(
      { range: ALL_KEYS, startRevision: 0, puts: true, deletes: true },
      {
        deliver: ({ events }) => {
          take(events.map((event) => seen(event.row)));
          return true;
        },
        compacted: () => {
          assert.ok(false, "a watcher that is up to date is not overtaken");
        },
      },
    );
    const compactRevision = node.compactRevision;
    const changes: SeenRow[] = [];
    const state = await node.range({ ...readAll, revision }, "serializable");
    const from = Math.max(compactRevision, 2);
    if (from <= revision) {
      for await (const row of node.changes(ALL_KEYS, from, revision)) {
        changes.push(seen(row));
      }
    }
    if (life.machine.isDead) {
      return;
    }
    const before = database.current;
    if (before?.number === 0 && life.number > 0) {
      this.#note("founded on data");
    } else if (before !== null && before.directory !== life.directory && !life.isNew) {
      this.#note("joined after another led");
    }
    if (before !== null && before.number > life.number) {
      this.#note("opened late");
    }
    database.model ??= branchOf(
      database.source?.model ?? new Model(),
      revision,
      state.rows.map(seen),
    );
    const isRestart =
      before?.directory === life.directory &&
      [...database.tried].every((directory) => directory === life.directory);
    const lost = database.model.opened(
      { revision, compactRevision, changes, state: state.rows.map(seen) },
      database.hadAsync && !isRestart,
      name,
    );
    this.#say(name, `opened at ${revision}, lost ${lost}`);
    if (lost > 0) {
      this.#note("lost tails");
    }
    database.current = life;
    database.tried = new Set([life.directory]);
    database.acknowledged = isSync ? revision : 1;
    if (isSync) {
      database.model.floor = revision;
    }
    take = (rows) => {
      this.#observe(life, rows);
    };
    take(early);
  }

  #observe(life: Life, rows: readonly SeenRow[]): void {
    const { database, name } = life.site;
    const { model } = database;
    assert.ok(model !== null);
    for (const row of rows) {
      if (database.current === life) {
        model.append(row);
        if (life.isSync) {
          model.floor = row.revision;
        }
      } else if (life.isSync) {
        assert.ok(
          row.revision <= model.revision && model.has(row),
          `${name}${life.number}: revision ${row.revision} was committed after another began to lead`,
        );
      }
    }
  }

  async #stopped(life: Life, node: Node): Promise<void> {
    const error = await node.stopped;
    const { site } = life;
    if (life.machine.isDead) {
      return;
    }
    this.#say(`${site.name}${life.number}`, `stopped: ${error?.message ?? "closed"}`);
    if (error !== null && !(error.cause instanceof PowerLossError)) {
      assert.ok(EXPECTED.has(error.code), error.stack);
      this.#note(`stopped ${error.code}`);
      assert.ok(
        error.code !== "T4_FENCED" || this.#hadRivals(life),
        `${site.name}: fenced by nobody: ${error.message}`,
      );
    }
    life.isClosing = true;
    life.machine.die();
    if (site.life === life) {
      site.life = null;
      site.disk = site.disk.afterKill();
    }
  }

  /** Whether another node tried to open the same database while this one lived. */
  #hadRivals({ site, directory, number }: Life): boolean {
    return this.#lives.some(
      (other) =>
        other.site.database === site.database &&
        other.directory !== directory &&
        (other.number > number || !other.machine.isDead || site.database.tried.size > 1),
    );
  }

  async #close(life: Life): Promise<void> {
    if (life.node === null || life.isClosing) {
      return;
    }
    this.#note("closes");
    life.isClosing = true;
    const startMs = life.machine.monotonicMs();
    await life.node.close();
    const tookMs = life.machine.monotonicMs() - startMs;
    assert.ok(tookMs < CLOSE_MS_MAX || life.frozenAtMs >= startMs, `closing took ${tookMs} ms`);
  }

  async #checkpoint(life: Life): Promise<void> {
    if (life.node === null || life.isClosing) {
      return;
    }
    try {
      const { revision } = await life.node.checkpoint();
      this.#note("checkpoints");
      const { model, current } = life.site.database;
      if (model !== null && current === life) {
        model.floor = Math.max(model.floor, revision);
      }
    } catch (error) {
      assert.ok(error instanceof T4Error && EXPECTED.has(error.code), String(error));
    }
  }

  #kill(site: Site, cutsPower: boolean): void {
    this.#note(cutsPower ? "power losses" : "kills");
    const { life, disk } = site;
    this.#say(site.name, cutsPower ? "loses power" : "is killed");
    life?.machine.die();
    if (life !== null) {
      life.isClosing = true;
    }
    site.life = null;
    site.disk = cutsPower ? disk.afterPowerLoss(this.#random.below(2 ** 32)) : disk.afterKill();
  }

  /** Time passes; machines without power are noticed. */
  async #pass(forMs: number): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + forMs;
    while (this.#clock.monotonicMs() < untilMs) {
      await this.#clock.run(Math.min(1_000, untilMs - this.#clock.monotonicMs()));
      this.#throwFailure();
      for (const site of this.#sites) {
        if (site.life?.machine.isDead === true) {
          this.#kill(site, true);
        }
      }
    }
  }

  async #until(what: string, limitMs: number, done: () => boolean): Promise<void> {
    const endMs = this.#clock.monotonicMs() + limitMs;
    while (!done()) {
      assert.ok(this.#clock.monotonicMs() < endMs, `${what} within ${limitMs} ms`);
      await this.#pass(500);
    }
  }

  async #beginWithoutStore(site: Site): Promise<void> {
    this.#note("begun without a store");
    const random = this.#random.fork();
    const none = FaultyObjectStore.of(this.#bucket.at(""), this.#clock, random.fork());
    const machine = new Machine(this.#clock, site.disk, none, random.fork());
    const life: Life = {
      site,
      directory: site.directory,
      machine,
      store: none,
      isSync: false,
      isNew: true,
      number: 0,
      node: null,
      isClosing: false,
      frozenAtMs: -1,
      pending: 0,
    };
    const config = { dataDirectory: "/data", nodeId: null, segmentBytesMax: 8 * 1024 };
    const node = await this.#clock.resolve(openNode(config, machine.runtime));
    life.node = node;
    await this.#clock.resolve(this.#opened(life, node));
    this.#watched(life, this.#clients.write(life, random.fork()));
    await this.#pass(random.fraction() * 20_000);
    if (random.chance(0.5)) {
      await this.#clock.resolve(node.flush());
    }
    life.isClosing = true;
    await this.#clock.resolve(node.close());
    machine.die();
    site.disk = site.disk.afterKill();
  }

  /** All is well again: everything ends, and an empty directory shows everything. */
  async #end(): Promise<void> {
    this.#allSync = true;
    await this.#pass(200_000);
    for (const site of this.#sites) {
      const { life } = site;
      if (life !== null) {
        life.store.setFaults(NO_FAULTS);
        site.disk.cutPowerAt = Infinity;
      }
    }
    await this.#pass(20_000);
    for (const site of this.#sites) {
      const { life } = site;
      if (life !== null) {
        assert.ok(life.node !== null, `${site.name}${life.number} does not open`);
        this.#watched(life, this.#close(life));
      }
    }
    await this.#until("all are closed", CLOSE_MS_MAX, () =>
      this.#sites.every(({ life }) => life === null),
    );
    for (const life of this.#lives) {
      assert.ok(life.pending === 0 || life.machine.isDead, "every write is answered");
    }
    for (const database of this.#databases) {
      if (database.model === null) {
        continue;
      }
      const site = new Site(`end-of-${database.name}-`, database);
      this.#sites.push(site);
      for (;;) {
        this.#start(site);
        site.life?.store.setFaults(NO_FAULTS);
        const started = site.life;
        await this.#until(
          "an empty directory opens",
          OPEN_MS_MAX,
          () => site.life === null || database.current === started,
        );
        if (database.current === started) {
          break;
        }
      }
      const life = database.current;
      assert.ok(life !== null, "it has opened");
      await this.#pass(3_000);
      this.#watched(life, this.#close(life));
      await this.#until("closed", CLOSE_MS_MAX, () => site.life === null);
    }
    this.#note("databases", this.#databases.filter(({ model }) => model !== null).length);
  }

  /** What a task of a life throws ends the run, unless the life is over. */
  #watched(life: Life, running: Promise<void>): void {
    running.catch((error: unknown) => {
      if (!life.machine.isDead && !(error instanceof PowerLossError)) {
        this.#failure ??= error;
      }
    });
  }

  #throwFailure(): void {
    if (this.#failure !== null) {
      throw this.#failure as Error;
    }
  }

  #note(name: string, count = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + count;
  }

  #say(who: string, what: string): void {
    this.trace.push(`${this.#clock.monotonicMs().toFixed(0)} ${who}: ${what}`);
  }

  /** Which ways were gone is told by what the nodes say on them. */
  #logger(who: string, restored: () => void): Logger {
    const say: Logger["info"] = (message, fields) => {
      const reason = typeof fields?.["reason"] === "string" ? ` (${fields["reason"]})` : "";
      this.#note(`log: ${message}${reason}`);
      if (message.startsWith("restored")) {
        restored();
      }
      const error = fields?.["error"];
      const cause = error instanceof Error ? ` ${error.message}` : "";
      this.#say(who, `${message}${reason}${cause}`);
    };
    return { ...silentLogger, info: say, warn: say, error: say };
  }
}

/** What came damaged out of the object store, this once. */
function isDamage({ cause }: T4Error): boolean {
  return cause instanceof ObjectStoreError && cause.code === "damaged";
}

/** What a branch begins with: the source's history up to where its state is the one that is shown. */
function branchOf(source: Model, revision: number, state: readonly SeenRow[]): Model {
  for (let end = revision; end > 0; end -= REVISION_RAISE) {
    const known = source.state(end);
    if (known !== null && end <= source.revision && isDeepStrictEqual(known, state)) {
      return source.cutAt(end);
    }
  }
  return source.cutAt(revision);
}

/** A module that is loaded takes real time, so all are before the first run: by a node that may not read its store. */
async function loadModules(): Promise<void> {
  const clock = new VirtualClock(1);
  const denied = new ObjectStoreError("denied", "only to load the modules");
  const store: ObjectStore = {
    ...memoryObjectStore(),
    url: "",
    get: async () => Promise.reject(denied),
  };
  const random = new SeededRandom(1);
  const machine = new Machine(clock, new SimulatedDisk(), store, random);
  const archive = archiveConfig(random, store, null, true);
  const opening = openNode({ dataDirectory: "/data", nodeId: null, archive }, machine.runtime);
  await assert.rejects(opening, { code: "T4_OBJECT_STORE_UNUSABLE" });
}

const loaded: Promise<void> = loadModules();

function makeDatabase(name: string, prefix: string, source: Database | null): Database {
  return {
    name,
    prefix,
    model: source === null ? new Model() : null,
    source,
    current: null,
    tried: new Set(),
    branchId: "one",
    hadAsync: false,
    acknowledged: 1,
  };
}
