import assert from "node:assert/strict";
import { test } from "node:test";
import { Scenario } from "../../../test/sim-checkpoint/scenario.js";
import type { ObjectStore } from "../../object/object-store.js";
import { silentLogger } from "../../runtime/logger.js";
import { unfork } from "../branch/unfork.js";
import { verify, type VerifyProgress, type VerifyReport } from "./verify.js";

async function withBranch(seed: number): Promise<{ source: Scenario; branch: Scenario }> {
  const source = new Scenario(seed);
  await source.lead();
  await source.checkpoints(3);
  await source.write(3);
  const branch = source.branch(await source.fork("a", { kind: "newest" }));
  await branch.lead();
  await branch.write(2);
  return { source, branch };
}

async function look(
  scenario: Scenario,
  store: ObjectStore = scenario.store,
): Promise<VerifyReport> {
  return scenario.run(verify({ store, signal: new AbortController().signal }));
}

test("what is whole has no findings, and all of it was read", async () => {
  const { source, branch } = await withBranch(1);
  let last: VerifyProgress | null = null;
  const report = await source.run(
    verify({
      store: source.store,
      signal: new AbortController().signal,
      progress: (progress) => {
        last = progress;
      },
    }),
  );
  assert.deepEqual(report.findings, []);
  assert.deepEqual(report.progress, last);
  const { files, filesTotal, bytes, bytesTotal, slots } = report.progress;
  assert.deepEqual([files, bytes], [filesTotal, bytesTotal]);
  assert.equal(filesTotal, (await source.keys("data/")).length);
  assert.ok(slots >= (await source.keys("wal/")).length);
  assert.deepEqual((await look(branch)).findings, []);
});

test("every object that is damaged or missing is found and named", async () => {
  const { source } = await withBranch(2);
  const keys = (await source.keys()).filter((key) => /^(data|wal|checkpoint|branches)\//.test(key));
  for (const key of keys) {
    const { body } = (await source.store.get(key))!;
    const isPin = key.startsWith("branches/");
    const cut = body.subarray(0, body.length - 3);
    // A pin has no hash: it is JSON or not.
    for (const damaged of isPin ? [cut] : [null, cut, flipped(body)]) {
      await (damaged === null ? source.store.delete([key]) : source.store.put(key, damaged));
      const { findings } = await look(source);
      const isLastSlot = key === keys.filter((each) => each.startsWith("wal/")).at(-1);
      // A log that ends earlier looks like one that does.
      if (damaged !== null || !isLastSlot) {
        assert.ok(findings.length > 0, `${key} ${damaged === null ? "missing" : "damaged"}`);
        assert.ok(
          findings.some(({ object, problem }) => (object + problem).includes(key)),
          `${key}: ${JSON.stringify(findings)}`,
        );
        assert.ok(findings.every(({ remedy }) => remedy.length > 20));
      }
      await source.store.put(key, body);
    }
  }
  assert.deepEqual((await look(source)).findings, []);
});

function flipped(body: Uint8Array): Uint8Array {
  const copy = new Uint8Array(body);
  copy[copy.length >> 1]! ^= 0x40;
  return copy;
}

test("damage of a base is found from the branch", async () => {
  const { source, branch } = await withBranch(3);
  const [checkpoint] = (await source.keys("checkpoint/")).slice(-1);
  await source.store.delete([checkpoint!]);
  const { findings } = await look(branch);
  assert.ok(findings.some(({ object }) => object === source.store.url + checkpoint!));
});

test("a fork that was not finished is told", async () => {
  const { source, branch } = await withBranch(4);
  await branch.store.delete(["manifest/latest"]);
  const { findings } = await look(source);
  assert.ok(findings.some(({ problem }) => problem.includes("not finished")));
  const { context } = source.world;
  const findRunner = async (): Promise<null> => Promise.resolve(null);
  await source.run(unfork({ context, branchId: "a", findRunner, logger: silentLogger }));
  assert.deepEqual((await look(source)).findings, []);
});
