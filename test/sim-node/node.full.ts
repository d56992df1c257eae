import { testSeeds } from "../sim/seeds/seed-tests.js";

testSeeds(
  "a node keeps its promises in a thousand runs",
  new URL("./simulation.js", import.meta.url),
  { first: 1_000, seeds: 1_000 },
);
