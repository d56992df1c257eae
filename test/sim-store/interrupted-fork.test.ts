// A branch whose first start was interrupted: when collection has cleared away what it left, it begins anew in the same place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeLatestManifest, LATEST_MANIFEST_KEY } from "../../src/archive/latest-manifest.js";
import { gone, goneBeforeMade } from "../../src/checkpoint/branch/removed.js";
import "../../src/node/archive/open-archived.js";
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

const clock = new VirtualClock(1);
const bucket = memoryObjectStore();
const source = bucket.at("db/");

async function open(store: ObjectStore, isBranch: boolean): Promise<Node> {
  const random = new SeededRandom(1);
  const machine = new Machine(clock, new SimulatedDisk(), bucket, random);
  const branch = isBranch ? { source, id: "one" } : null;
  const asked = { store, branch, syncUpload: true, target: { kind: "newest" } } as const;
  const archive = archiveConfig(random, drawRetention(random), asked);
  return clock.resolve(openNode({ ...NODE_CONFIG, archive }, machine.runtime));
}

test("a branch begins where a fork was given up, and not where a branch was removed", async () => {
  const main = await open(source, false);
  await clock.resolve(propose(main, put("a", "1")));
  await clock.resolve(main.close());
  const branch = bucket.at("db/branch/one/");
  const mark = goneBeforeMade(main.clusterId + 1n, "0".repeat(16), 1);
  await branch.put(LATEST_MANIFEST_KEY, encodeLatestManifest(mark));
  const node = await open(branch, true);
  assert.equal(node.revision, 2);
  await clock.resolve(node.close());
  const made = gone({ ...mark, chain: { ...mark.chain, term: main.term } }, 1);
  await branch.put(LATEST_MANIFEST_KEY, encodeLatestManifest(made));
  await assert.rejects(open(branch, true), { code: "T4_BRANCH_REMOVED" });
});
