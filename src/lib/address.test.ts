import assert from "node:assert/strict";
import { test } from "node:test";
import { shownAddress } from "./address.js";

test("every host and port make the authority of a URL", () => {
  for (const [host, shown, hostname] of [
    ["", "0.0.0.0:3379", "0.0.0.0"],
    ["::", "[::]:3379", "[::]"],
    ["fe80::1", "[fe80::1]:3379", "[fe80::1]"],
    ["10.0.0.1", "10.0.0.1:3379", "10.0.0.1"],
    ["db.example", "db.example:3379", "db.example"],
  ] as const) {
    assert.equal(shownAddress(host, 3379), shown);
    assert.equal(new URL(`http://${shown}`).hostname, hostname);
  }
});
