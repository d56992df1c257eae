// The suite of object stores on stores that are nearly S3, with and without versioning.
import { test } from "node:test";
import { objectStoreCases } from "../../src/object/suite.js";
import { SURVIVED_QUIRKS } from "./fake/quirks.js";
import { BUCKET, openStore, startFake } from "./harness.js";

for (const [what, quirks] of SURVIVED_QUIRKS) {
  for (const isVersioned of [false, true]) {
    for (const { name, run } of objectStoreCases()) {
      test(`${what}${isVersioned ? ", versioned" : ""}: ${name}`, async (context) => {
        const fake = await startFake(context, { quirks });
        fake.createBucket(BUCKET).versioning = isVersioned ? "enabled" : "off";
        await run(async () => openStore(context, fake));
      });
    }
  }
}
