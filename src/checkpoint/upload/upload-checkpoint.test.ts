import assert from "node:assert/strict";
import { test } from "node:test";
import { FencedError } from "../../../test/sim-checkpoint/database.js";
import { Scenario } from "../../../test/sim-checkpoint/scenario.js";
import { T4Error } from "../../core/errors.js";
import type { Term } from "../../core/words.js";
import type { ObjectStore } from "../../object/object-store.js";
import { decodeLatestManifest, encodeLatestManifest } from "../../archive/latest-manifest.js";
import { decodeCheckpoint } from "../checkpoint.js";

/** Counts what is sent to a store. */
function counting(inner: ObjectStore): { store: ObjectStore; puts: string[] } {
  const puts: string[] = [];
  const store: ObjectStore = {
    url: inner.url,
    at: (path) => inner.at(path),
    get: async (...call) => inner.get(...call),
    getRange: async (...call) => inner.getRange(...call),
    head: async (...call) => inner.head(...call),
    put: async (key, ...call) => {
      puts.push(key);
      return inner.put(key, ...call);
    },
    putIf: async (...call) => inner.putIf(...call),
    delete: async (...call) => inner.delete(...call),
    list: (...call) => inner.list(...call),
    close: async () => inner.close(),
  };
  return { store, puts };
}

async function started(seed: number): Promise<{ scenario: Scenario; puts: string[] }> {
  const plain = new Scenario(seed);
  const { store, puts } = counting(plain.store);
  const scenario = new Scenario(seed, { store, truth: plain.truth, clock: plain.clock });
  await scenario.lead();
  return { scenario, puts };
}

async function editManifest(
  scenario: Scenario,
  edit: (manifest: ReturnType<typeof decodeLatestManifest>) => object,
): Promise<void> {
  const key = "manifest/latest";
  const manifest = decodeLatestManifest((await scenario.store.get(key))!.body, key);
  await scenario.store.put(key, encodeLatestManifest({ ...manifest, ...edit(manifest) }));
}

test("nothing is uploaded twice, not by the next leader either", async () => {
  const { scenario, puts } = await started(1);
  await scenario.checkpoints(4);
  await scenario.lead();
  await scenario.checkpoints(4);
  assert.ok(puts.length > 8);
  assert.equal(new Set(puts).size, puts.length);
});

test("what an interrupted upload has sent is found", async () => {
  const { scenario, puts } = await started(2);
  await scenario.checkpoints(1);
  const { checkpoints } = await scenario.manifest();
  const { files } = decodeCheckpoint((await scenario.store.get(checkpoints[0]!.key))!.body, "it");
  // As if it had been interrupted right before the swap.
  await editManifest(scenario, () => ({ checkpoints: [] }));
  puts.length = 0;
  const result = await scenario.run(scenario.database.checkpoint());
  assert.equal(result?.kind, "uploaded");
  assert.deepEqual(
    puts.filter((key) => files.some((file) => file.key === key)),
    [],
  );
});

test("the same checkpoint is not made again", async () => {
  const { scenario } = await started(3);
  await scenario.checkpoints(1);
  const result = await scenario.run(scenario.database.checkpoint());
  assert.equal(result?.kind, "present");
  assert.equal((await scenario.manifest()).checkpoints.length, 1);
});

test("a condemned key is never named again", async () => {
  const { scenario } = await started(4);
  await scenario.checkpoints(1);
  const { checkpoints } = await scenario.manifest();
  const { key } = checkpoints[0]!;
  const { files } = decodeCheckpoint((await scenario.store.get(key))!.body, key);
  const condemned = [key, ...files.map((file) => file.key)].map((each) => ({
    key: each,
    sinceMs: 1,
  }));
  await editManifest(scenario, () => ({ checkpoints: [], condemned }));
  const result = await scenario.run(scenario.database.checkpoint());
  assert.ok(result?.kind === "uploaded");
  assert.equal(result.record.key, key.replace(".json", "-1.json"));
  const again = decodeCheckpoint((await scenario.store.get(result.record.key))!.body, key);
  assert.deepEqual(
    again.files.map((file) => file.key),
    files.map((file) => `${file.key}-1`),
  );
  await scenario.restored({ kind: "checkpoint", key: result.record.key });
});

test("who was deposed makes no checkpoint, and learns of it", async () => {
  const { scenario } = await started(5);
  await scenario.checkpoints(1);
  await scenario.write();
  await editManifest(scenario, ({ term }) => ({ term: (term + 1) as Term }));
  await assert.rejects(scenario.run(scenario.database.checkpoint()), FencedError);
  assert.equal((await scenario.manifest()).checkpoints.length, 1);
});

test("a local file that is damaged is not uploaded", async () => {
  const { scenario } = await started(6);
  await scenario.write();
  scenario.database.damageFiles = true;
  await assert.rejects(
    scenario.run(scenario.database.checkpoint()),
    (error: unknown) => error instanceof T4Error && error.code === "T4_CORRUPT",
  );
  assert.deepEqual((await scenario.manifest()).checkpoints, []);
});
