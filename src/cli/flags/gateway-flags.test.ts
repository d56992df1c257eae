// The forms of --cors and --host-whitelist.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHosts, parseOrigins } from "./gateway-flags.js";

test("origins are a star, or schemes with hosts", () => {
  assert.deepEqual(parseOrigins("*"), ["*"]);
  assert.deepEqual(parseOrigins("https://a.example, http://b:8080"), [
    "https://a.example",
    "http://b:8080",
  ]);
  assert.deepEqual(parseOrigins(""), []);
  for (const bad of ["a.example", "https://a.example/", "https://a.example/path", "null"]) {
    assert.throws(() => parseOrigins(bad), /is none/, bad);
  }
});

test("hosts are a star, or names without a port's slash or blank", () => {
  assert.deepEqual(parseHosts("*"), ["*"]);
  assert.deepEqual(parseHosts("t4.example,127.0.0.1"), ["t4.example", "127.0.0.1"]);
  for (const bad of ["http://a", "a b"]) {
    assert.throws(() => parseHosts(bad), /is none/, bad);
  }
});
