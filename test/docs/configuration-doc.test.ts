import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CONFIGURATION_DOC, configurationDoc } from "../../scripts/generate-configuration-doc.js";

test("docs/configuration.md says what the table of flags says", () => {
  assert.equal(
    readFileSync(CONFIGURATION_DOC, "utf8"),
    configurationDoc(),
    "run: node build/scripts/generate-configuration-doc.js",
  );
});
