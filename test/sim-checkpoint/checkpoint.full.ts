import { testPlanted, testSeeds } from "../sim/seeds/seed-tests.js";

const simulation = new URL("./simulation.js", import.meta.url);

testSeeds("restores give back what was acknowledged, in hundreds of runs", simulation, {
  first: 10_000,
  seeds: 100,
});

testPlanted(simulation, {
  "a collector that takes a pin that it cannot read for one that names nothing": {
    file: "src/checkpoint/branch/pin.js",
    find: "const read = await readPin(store, key);",
    replace: "const read = await readPin(store, key).catch(() => null);",
    // Of those from 1 on, 170 does.
    first: 150,
  },
  "a fork that trusts the manifest that it read before it put its pins": {
    file: "src/checkpoint/branch/fork.js",
    find: "if (problem !== null) {",
    replace: "if (false) {",
  },
  "a collector that leaves the slots of pins out of what it keeps": {
    file: "src/checkpoint/collection/roots.js",
    find: "pinned.push(...pin.slots);",
    replace: "",
  },
  "a collector that deletes what is condemned without another look at the pins": {
    file: "src/checkpoint/collection/plan-collection.js",
    find: "if (live.has(key)) {",
    replace: "if (false) {",
  },
});
