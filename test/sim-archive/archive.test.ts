import { testSeeds } from "../sim/seeds/seed-tests.js";

const MET = ["leaders", "acknowledged", "archived", "fenced", "lockLost", "checkpoints"];

testSeeds(
  "leaders that stall, freeze, crash and take over lose nothing that was acknowledged",
  new URL("./simulation.js", import.meta.url),
  { first: 1, seeds: 20, threads: 1, meets: (seeds) => (seeds < 20 ? [] : MET) },
);
