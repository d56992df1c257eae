import { testSeeds } from "../sim/seeds/seed-tests.js";

const MET = ["checkpoint", "deleted", "fork", "restore", "unfork", "lead"];

testSeeds(
  "restores give back what was acknowledged, whatever is collected, forked and removed meanwhile",
  new URL("./simulation.js", import.meta.url),
  { first: 1, seeds: 8, threads: 1, meets: (seeds) => (seeds < 8 ? [] : MET) },
);
