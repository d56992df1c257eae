// Single starts of whole nodes that runs met seldom: each was a bug once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLatestManifest, LATEST_MANIFEST_KEY } from "../../src/archive/latest-manifest.js";
import { SLOT_OVERHEAD_BYTES } from "../../src/archive/slot.js";
import { gone, goneBeforeMade } from "../../src/checkpoint/branch/removed.js";
import { decodeLockRecord, LEADER_LOCK_KEY } from "../../src/election/lock-record.js";
import "../../src/node/archive/open-archived.js";
import { readAcknowledgeRule } from "../../src/node/directory/replaced-data.js";
import type { Node } from "../../src/node/node.js";
import { openNode } from "../../src/node/open-node.js";
import { memoryObjectStore } from "../../src/object/memory-object-store.js";
import type { ObjectStore } from "../../src/object/object-store.js";
import { propose, put } from "../node/plain-node.js";
import { Machine } from "../sim-archive/machine.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { archiveConfig, drawRetention, NODE_CONFIG } from "./site.js";

class Rig {
  readonly clock: VirtualClock = new VirtualClock(1);
  readonly bucket: ObjectStore = memoryObjectStore();
  readonly source: ObjectStore = this.bucket.at("db/");
  #seed = 0;

  start({
    disk = new SimulatedDisk(),
    store = this.source,
    syncUpload = true,
    isBranch = false,
  } = {}): { readonly machine: Machine; readonly opening: Promise<Node> } {
    this.#seed += 1;
    const random = new SeededRandom(this.#seed);
    const machine = new Machine(this.clock, disk, store, random);
    const branch = isBranch ? { source: this.source, id: "one" } : null;
    const asked = { store: machine.store, branch, syncUpload, target: { kind: "newest" } } as const;
    const archive = archiveConfig(random, drawRetention(random), asked);
    return { machine, opening: openNode({ ...NODE_CONFIG, archive }, machine.runtime) };
  }

  async open(how: Parameters<Rig["start"]>[0] = {}): Promise<Node> {
    return this.clock.resolve(this.start(how).opening);
  }
}

/** A store in which entries never arrive; seals do. */
function withoutEntries(inner: ObjectStore): ObjectStore {
  return {
    url: inner.url,
    at: (path) => withoutEntries(inner.at(path)),
    get: async (...call) => inner.get(...call),
    getRange: async (...call) => inner.getRange(...call),
    head: async (...call) => inner.head(...call),
    put: async (...call) => inner.put(...call),
    putIf: async (key, body, condition) =>
      key.startsWith("wal/") && body.length > SLOT_OVERHEAD_BYTES
        ? { kind: "unknown", cause: new Error("it does not arrive") }
        : inner.putIf(key, body, condition),
    delete: async (...call) => inner.delete(...call),
    list: (...call) => inner.list(...call),
    close: async () => inner.close(),
  };
}

test("a branch begins where a fork was given up, and not where a branch was removed", async () => {
  const rig = new Rig();
  const { clock } = rig;
  const main = await rig.open();
  await clock.resolve(propose(main, put("a", "1")));
  await clock.resolve(main.close());
  const store = rig.bucket.at("db/branch/one/");
  const mark = goneBeforeMade(main.clusterId + 1n, "0".repeat(16), 1);
  await store.put(LATEST_MANIFEST_KEY, encodeLatestManifest(mark));
  const branch = await rig.open({ store, isBranch: true });
  assert.equal(branch.revision, 2);
  await clock.resolve(branch.close());
  const removed = gone({ ...mark, chain: { ...mark.chain, term: main.term } }, 1);
  await store.put(LATEST_MANIFEST_KEY, encodeLatestManifest(removed));
  await assert.rejects(rig.open({ store, isBranch: true }), { code: "T4_BRANCH_REMOVED" });
});

test("neither lock nor directory promise that entries are archived before they are", async () => {
  const rig = new Rig();
  const { clock } = rig;
  // What is acknowledged without an object store is on this disk alone.
  const disk = new SimulatedDisk();
  const alone = new Machine(clock, disk, rig.source, new SeededRandom(1));
  const node = await clock.resolve(openNode(NODE_CONFIG, alone.runtime));
  await clock.resolve(propose(node, put("a", "1")));
  await clock.resolve(node.close());
  alone.die();
  // With one, in which entries do not arrive, it cannot promise more yet.
  const left = disk.afterKill();
  const { machine, opening } = rig.start({ disk: left, store: withoutEntries(rig.source) });
  opening.catch(() => undefined);
  await clock.run(3_000);
  const lock = await rig.source.get(LEADER_LOCK_KEY);
  assert.ok(lock !== null);
  const { state, rule } = decodeLockRecord(lock.body, LEADER_LOCK_KEY);
  assert.deepEqual([state, rule], ["held", "local"]);
  assert.notEqual(readAcknowledgeRule("/data", left), "archive");
  machine.die();
  // It does once they arrive.
  const again = await rig.open({ disk: left.afterKill() });
  assert.equal(again.revision, 2);
  const found = await rig.source.get(LEADER_LOCK_KEY);
  assert.ok(found !== null);
  assert.equal(decodeLockRecord(found.body, LEADER_LOCK_KEY).rule, "archive");
  await clock.resolve(again.close());
});
