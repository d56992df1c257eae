// Our server against etcd 3.4.23, on fixed seeds.
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { startEtcd, startSubject } from "../support/process/server-process.js";
import { runSeeds } from "./run-seeds.js";

const SCRIPTS = 25;
const OPERATIONS_EACH = 200;

test(
  "5,000 random operations are answered as etcd answers them",
  { skip: skipWithout("etcd") },
  async (t) => {
    const seeds = Array.from({ length: SCRIPTS }, (_, at) => at + 1);
    const { operations, known } = await runSeeds(seeds, OPERATIONS_EACH, {
      startReference: startEtcd,
      startSubject,
    });
    t.diagnostic(`${operations} operations; known differences met: ${JSON.stringify([...known])}`);
  },
);
