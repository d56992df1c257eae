import { suite, test } from "node:test";
import { memoryObjectStore } from "./memory-object-store.js";
import { objectStoreCases } from "./suite.js";

suite("the object store in memory", () => {
  for (const { name, run } of objectStoreCases()) {
    test(name, async () => run(async () => Promise.resolve(memoryObjectStore())));
    test(`with versions: ${name}`, async () =>
      run(async () => Promise.resolve(memoryObjectStore({ keepVersions: true }))));
  }
});
