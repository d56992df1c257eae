import { testSeeds } from "../sim/seeds/seed-tests.js";
import { ways } from "./coverage.js";

testSeeds(
  "nodes on one object store keep their promises for every seed",
  new URL("./simulation.js", import.meta.url),
  { first: 100_000, seeds: 10_000, meets: ways },
);
