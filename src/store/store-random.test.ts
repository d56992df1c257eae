import { test } from "node:test";
import { runRandomHistory } from "../../test/sim/store-history.js";

const SEEDS = 20;

for (const backend of ["memory", "disk"] as const) {
  test(`${backend}: random histories answer as the model does`, async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      try {
        await runRandomHistory(seed, { backend });
      } catch (error) {
        console.error(
          `failed with seed ${seed}: T4_TEST_FIRST_SEED=${seed} replays it in the soak`,
        );
        throw error;
      }
    }
  });
}
