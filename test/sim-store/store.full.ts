import { testPlanted, testSeeds } from "../sim/seeds/seed-tests.js";
import { ways } from "./coverage.js";

const simulation = new URL("./simulation.js", import.meta.url);

testSeeds("nodes on one object store keep their promises in hundreds of runs", simulation, {
  first: 1_000,
  seeds: 200,
  meets: ways,
});

testPlanted(simulation, {
  "a write is acknowledged before its slot is won": {
    file: "src/node/archive/archive-rule.js",
    find: "if (!this.#confirmsByArchive) {\n            this.#commitDurable();",
    replace: "if (true) {\n            this.#commitDurable();",
  },
  "a restart trusts a lock that is old": {
    file: "src/election/leader-lock.js",
    find: "return this.validForMs > 0;",
    replace: "return true;",
  },
  "seals are collected": {
    file: "src/checkpoint/collection/plan-collection.js",
    find: "bytes !== SLOT_OVERHEAD_BYTES",
    replace: "bytes !== 0",
  },
  "the lock's renewal believes a 412 about its own first try": {
    file: "src/election/leader-lock.js",
    find: "return this.#judge(found) && this.#record.writeId === record.writeId;",
    replace: 'if (outcome.kind === "lost") { this.#lose(found?.record ?? null); } return false;',
  },
  "a start takes over the lock without waiting or a seal": {
    file: "src/archive/take-over.js",
    find: "if (await putSeal(context, reader.position, seal))",
    replace: "if (true)",
  },
});
