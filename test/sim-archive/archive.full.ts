import { testPlanted, testSeeds } from "../sim/seeds/seed-tests.js";

const simulation = new URL("./simulation.js", import.meta.url);

testSeeds("the archive keeps its promises in a thousand runs", simulation, {
  first: 1_000,
  seeds: 1_000,
});

testPlanted(simulation, {
  "a put believes a 412 about its own first try": {
    file: "src/object/settle-put.js",
    find: 'mayBeWritten ||= outcome.kind === "unknown";',
    replace: "",
  },
  "the lock's renewal believes a 412 about its own first try": {
    file: "src/election/leader-lock.js",
    find: "return this.#judge(found) && this.#record.writeId === record.writeId;",
    replace: 'if (outcome.kind === "lost") { this.#lose(found?.record ?? null); } return false;',
  },
  "the floor is not looked at after the seal": {
    file: "src/archive/take-over.js",
    find: "return compareAddresses(position, manifest.floor) < 0;",
    replace: "return false;",
  },
  "the manifest is written with a plain put": {
    file: "src/archive/latest-manifest.js",
    find: "const settled = await settle(context, LATEST_MANIFEST_KEY, body, condition);",
    replace:
      'await context.store.put(LATEST_MANIFEST_KEY, body); const settled = { kind: "won", tag: "" };',
  },
  "the lock alone is trusted, without a seal": {
    file: "src/archive/take-over.js",
    find: "if (await putSeal(context, reader.position, seal))",
    replace: "if (true)",
  },
  "seals are collected": {
    file: "test/sim-archive/leader.js",
    find: "bytes > SLOT_OVERHEAD_BYTES",
    replace: "true",
  },
});
