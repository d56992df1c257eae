import { testSeeds } from "../sim/seeds/seed-tests.js";

testSeeds(
  "the archive keeps its promises for every seed",
  new URL("./simulation.js", import.meta.url),
  { first: 100_000, seeds: 10_000 },
);
