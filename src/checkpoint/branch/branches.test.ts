import assert from "node:assert/strict";
import { test } from "node:test";
import { Scenario } from "../../../test/sim-checkpoint/scenario.js";
import { T4Error, type T4ErrorCode } from "../../core/errors.js";
import type { Revision } from "../../core/words.js";
import { silentLogger } from "../../runtime/logger.js";
import type { ObjectStore } from "../../object/object-store.js";
import { fork, type Branch } from "./fork.js";
import { listBranches } from "./list-branches.js";
import { branchKey } from "./pin.js";
import { unfork } from "./unfork.js";

async function withCheckpoints(seed: number, count = 3): Promise<Scenario> {
  const scenario = new Scenario(seed);
  await scenario.lead();
  await scenario.checkpoints(count);
  await scenario.write(2);
  return scenario;
}

async function remove(
  scenario: Scenario,
  branchId: string,
  runner: string | null = null,
): Promise<void> {
  const { context } = scenario.world;
  const findRunner = async (): Promise<string | null> => Promise.resolve(runner);
  await scenario.run(unfork({ context, branchId, findRunner, logger: silentLogger }));
}

function hasCode(code: T4ErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof T4Error, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

test("a branch begins at any revision, and what it does its source does not see", async () => {
  const source = await withCheckpoints(1);
  const { points } = source.truth;
  for (const [at, point] of points.entries()) {
    if (at % 7 === 3) {
      const target = { kind: "revision", revision: point.revision as Revision } as const;
      const branch = source.branch(await source.fork(`b${at}`, target));
      await branch.lead();
      await branch.checkpoints(1);
      await branch.write();
      await branch.restored({ kind: "newest" });
      await branch.restored(target);
    }
  }
  await source.restored({ kind: "newest" });
});

test("a branch restores after anything that its source does", async () => {
  const source = await withCheckpoints(2);
  const early = source.truth.points[12]!;
  const target = { kind: "revision", revision: early.revision as Revision } as const;
  const atRevision = source.branch(await source.fork("revision", target));
  const [, second] = (await source.manifest()).checkpoints;
  const atCheckpoint = source.branch(
    await source.fork("checkpoint", { kind: "checkpoint", key: second!.key }),
  );
  await source.checkpoints(6);
  await source.collectAll({ keep: 1 });
  for (const branch of [atRevision, atCheckpoint]) {
    await branch.restored({ kind: "newest" });
    await branch.lead();
    await branch.checkpoints(2);
    await source.collectAll({ keep: 1 });
    await branch.collectAll({ keep: 1 });
    await branch.restored({ kind: "newest" });
  }
});

test("branches of branches, ten deep, restore when everybody has collected", async () => {
  const first = await withCheckpoints(3);
  const line = [first];
  for (let depth = 1; depth <= 10; depth += 1) {
    const parent = line.at(-1)!;
    const branch = parent.branch(await parent.fork("deeper", { kind: "newest" }));
    await branch.lead();
    await (depth % 3 === 0 ? branch.write(1) : branch.checkpoints(1));
    line.push(branch);
  }
  for (const each of line) {
    await each.write(1);
    await each.checkpoints(2);
    await each.collectAll({ keep: 1 });
  }
  for (const each of line) {
    await each.restored({ kind: "newest" });
  }
  assert.match(line.at(-1)!.store.url, /^memory:\/db\/(branch\/deeper\/){10}$/);
});

test("a branch's name is taken once, and free again when it was removed", async () => {
  const source = await withCheckpoints(4);
  await source.fork("a", { kind: "newest" });
  await assert.rejects(source.fork("a", { kind: "newest" }), hasCode("T4_BRANCH_EXISTS"));
  assert.equal((await source.keys("branches/")).length, 2);
  await remove(source, "a");
  assert.deepEqual(await source.keys("branches/"), []);
  await assert.rejects(remove(source, "a"), hasCode("T4_BRANCH_NOT_FOUND"));
  const again = source.branch(await source.fork("a", { kind: "newest" }));
  await again.lead();
  await again.restored({ kind: "newest" });
});

test("a branch goes with all its objects, and only a mark is left", async () => {
  const source = await withCheckpoints(5);
  const branch = source.branch(await source.fork("a", { kind: "newest" }));
  await branch.lead();
  await branch.checkpoints(2);
  await branch.store.put("notes.txt", new Uint8Array(1));
  await remove(source, "a");
  assert.deepEqual(await branch.keys(), ["manifest/latest", "notes.txt"]);
  await assert.rejects(branch.lead(), hasCode("T4_BRANCH_REMOVED"));
  await source.restored({ kind: "newest" });
});

test("a branch that has branches, or on which a node runs, is not removed", async () => {
  const source = await withCheckpoints(6);
  const branch = source.branch(await source.fork("a", { kind: "newest" }));
  await branch.lead();
  await branch.checkpoints(1);
  const child = branch.branch(await branch.fork("b", { kind: "newest" }));
  await assert.rejects(remove(source, "a"), hasCode("T4_BRANCH_IN_USE"));
  await remove(branch, "b");
  await assert.rejects(child.lead(), hasCode("T4_BRANCH_REMOVED"));
  await assert.rejects(remove(source, "a", "the node n1"), hasCode("T4_BRANCH_IN_USE"));
  await branch.lead();
  await remove(source, "a");
});

test("a fork into a place that holds something is refused", async () => {
  const source = await withCheckpoints(7);
  await source.fork("a", { kind: "newest" });
  await source.store.delete([branchKey("a")]);
  await assert.rejects(source.fork("a", { kind: "newest" }), hasCode("T4_BRANCH_EXISTS"));
  await assert.rejects(source.fork("../b", { kind: "newest" }), hasCode("T4_INVALID_ARGUMENT"));
});

test("a fork below what is kept is refused, and leaves nothing", async () => {
  const source = await withCheckpoints(8, 6);
  await source.collectAll({ keep: 1 });
  const target = { kind: "revision", revision: 2 as Revision } as const;
  await assert.rejects(source.fork("a", target), hasCode("T4_NOT_RETAINED"));
  assert.deepEqual(await source.keys("branches/"), []);
});

test("a fork whose source is replaced by a branch of the same name meanwhile is given up", async () => {
  const root = await withCheckpoints(11);
  const first = root.branch(await root.fork("a", { kind: "newest" }));
  await first.lead();
  await first.write(3);
  const { context } = root.world;
  const store = first.store;
  let isReplaced = false;
  const replace = async (): Promise<void> => {
    isReplaced = true;
    const findRunner = async (): Promise<null> => Promise.resolve(null);
    await unfork({ context, branchId: "a", findRunner, logger: silentLogger });
    await fork({ context, branchId: "a", target: { kind: "newest" }, logger: silentLogger });
  };
  // The pins come after what they hold was looked up.
  const slow: ObjectStore = {
    url: store.url,
    at: (path) => (path === "" ? slow : store.at(path)),
    get: async (...args) => store.get(...args),
    getRange: async (...args) => store.getRange(...args),
    head: async (...args) => store.head(...args),
    put: async (...args) => store.put(...args),
    putIf: async (...args) => {
      if (!isReplaced) {
        await replace();
      }
      return store.putIf(...args);
    },
    delete: async (...args) => store.delete(...args),
    list: (...args) => store.list(...args),
    close: async () => store.close(),
  };
  const late = fork({
    context: { ...context, store: slow },
    branchId: "b",
    target: { kind: "newest" },
    logger: silentLogger,
  });
  await assert.rejects(root.run(late), hasCode("T4_NOT_RETAINED"));
  assert.deepEqual(await first.keys("branches/"), []);
});

test("a fork that was interrupted is listed, and can be removed", async () => {
  const source = await withCheckpoints(9);
  const made: Branch = await source.fork("a", { kind: "newest" });
  await source.store.at(made.path).delete(["manifest/latest"]);
  const [listed] = await listBranches(source.store);
  assert.equal(listed?.state, "unfinished");
  await remove(source, "a");
  assert.deepEqual(await listBranches(source.store), []);
  assert.deepEqual(await source.keys("branches/"), []);
});

test("a fork that was interrupted is removed by collection when the grace is over", async () => {
  const source = await withCheckpoints(10);
  const made: Branch = await source.fork("a", { kind: "newest" });
  await source.store.at(made.path).delete(["manifest/latest"]);
  await source.collect();
  assert.equal((await source.keys("branches/")).length, 2);
  await source.collectAll();
  assert.deepEqual(await source.keys("branches/"), []);
  const again = source.branch(await source.fork("a", { kind: "newest" }));
  await again.lead();
});

test("branches are listed with where they begin", async () => {
  const source = await withCheckpoints(11);
  const b = await source.fork("b", { kind: "newest" });
  const [oldest] = (await source.manifest()).checkpoints;
  const a = await source.fork("a", { kind: "checkpoint", key: oldest!.key });
  assert.deepEqual(
    (await listBranches(source.store)).map(({ branchId, index, url, state }) => ({
      branchId,
      index,
      url,
      state,
    })),
    [a, b].map(({ branchId, index, url }) => ({ branchId, index, url, state: "ready" })),
  );
  assert.equal(a.index, oldest!.index);
});
