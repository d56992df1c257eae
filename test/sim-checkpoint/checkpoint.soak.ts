import { testSeeds } from "../sim/seeds/seed-tests.js";

testSeeds(
  "restores give back what was acknowledged, in as many runs as asked for",
  new URL("./simulation.js", import.meta.url),
  { first: 1_000_000, seeds: 10_000 },
);
