import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ETCD_FLAGS_DOC, etcdFlagsDoc } from "../../scripts/generate-etcd-flags-doc.js";

test("docs/etcd-flags.md is what the table of etcd's flags says", () => {
  assert.equal(readFileSync(ETCD_FLAGS_DOC, "utf8"), etcdFlagsDoc());
});
