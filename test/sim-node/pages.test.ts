// A range read in parts from a node with files: what is written, compacted and defragmented meanwhile changes nothing of
// it, and its files are given back when it is closed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import type { Row } from "../../src/core/row.js";
import { pointRead } from "../../src/etcd/kv/requests.js";
import { propose, put } from "../node/plain-node.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { Machine } from "./machine.js";

const KEYS = 300;

test("a slow reader gets what there was when it began", async () => {
  const clock = new VirtualClock(1);
  const disk = new SimulatedDisk();
  const machine = new Machine(clock, disk, new SeededRandom(1));
  const node = await clock.resolve(machine.open());
  const key = (at: number): string => `k${String(at).padStart(4, "0")}`;
  const writeAll = async (value: string): Promise<void> => {
    for (let at = 0; at < KEYS; at += 1) {
      await clock.resolve(propose(node, put(key(at), value)));
    }
    await clock.resolve(node.flush());
  };
  await writeAll("before".repeat(20));
  const pages = node.pages({ ...pointRead("x"), range: ALL_KEYS }, "linearizable");
  assert.equal(pages.revision, KEYS + 1);
  const rows: Row[] = [...(await clock.resolve(pages.next(10, Infinity))).rows];
  await writeAll("after");
  await clock.resolve(propose(node, { kind: "compact", revision: node.revision }));
  await clock.resolve(node.maintenance.defragment());
  const filesHeld = disk.list("/data/store").length;
  for (;;) {
    const page = await clock.resolve(pages.next(7, Infinity));
    rows.push(...page.rows);
    if (page.end !== null) {
      assert.deepEqual(page.end, { count: KEYS, more: false });
      break;
    }
    assert.equal(page.rows.length, 7);
  }
  assert.deepEqual(
    rows.map((row) => `${row.key} ${Buffer.from(row.value).toString()}`),
    Array.from({ length: KEYS }, (_, at) => `${key(at)} ${"before".repeat(20)}`),
  );
  pages.close();
  pages.close();
  await clock.run(1_000);
  assert.ok(disk.list("/data/store").length < filesHeld, "nothing holds the old files any more");
  const open = node.pages({ ...pointRead("x"), range: ALL_KEYS }, "serializable");
  await clock.resolve(node.close());
  await assert.rejects(open.next(1, Infinity), { code: "T4_CLOSED" });
});
