import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ERRORS_DOC, errorsDoc } from "../../scripts/generate-errors-doc.js";

test("docs/errors.md says what the table of error codes says", () => {
  assert.equal(
    readFileSync(ERRORS_DOC, "utf8"),
    errorsDoc(),
    "run: node build/scripts/generate-errors-doc.js",
  );
});
