import { testSeeds } from "../sim/seeds/seed-tests.js";

testSeeds(
  "a node keeps its promises through crashes, full disks and restarts",
  new URL("./simulation.js", import.meta.url),
  { first: 1, seeds: 20, threads: 1 },
);
