import { test } from "node:test";
import { storeCases } from "../../test/suites/store-suite.js";
import { StoreDriver } from "../../test/sim/store-driver.js";

for (const backend of ["memory", "disk"] as const) {
  for (const { name, run } of storeCases) {
    test(`${backend}: ${name}`, async () => {
      const driver = new StoreDriver({ backend });
      await run(driver);
      await driver.clock.resolve(driver.store.close());
    });
  }
}
