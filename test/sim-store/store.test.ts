import { testSeeds } from "../sim/seeds/seed-tests.js";

testSeeds(
  "nodes on one object store keep their promises through all that happens to them",
  new URL("./simulation.js", import.meta.url),
  { first: 1, seeds: 8, threads: 1, meets: () => ["opened", "acknowledged", "checkpoints"] },
);
