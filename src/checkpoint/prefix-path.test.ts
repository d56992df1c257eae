import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { T4Error } from "../core/errors.js";
import { joinPaths, normalizePath, pathBetween } from "./prefix-path.js";

const segments = fc.array(fc.constantFrom("a", "b", "branch", "x.y"), { maxLength: 5 });

function url(parts: readonly string[]): string {
  return `s3://bucket/${parts.map((part) => `${part}/`).join("")}`;
}

test("the way from one prefix to another leads there, and the way back leads back", () => {
  fc.assert(
    fc.property(segments, segments, segments, (from, to, third) => {
      const path = pathBetween(url(from), url(to));
      assert.equal(new URL(path, url(from)).href, new URL(url(to)).href);
      assert.equal(joinPaths(path, pathBetween(url(to), url(third))).length >= 0, true);
      assert.equal(
        new URL(joinPaths(path, pathBetween(url(to), url(third))), url(from)).href,
        url(third),
      );
    }),
  );
});

test("paths have one form", () => {
  assert.equal(normalizePath("branch/a/../../"), "");
  assert.equal(normalizePath("../branch/./b"), "../branch/b/");
  assert.equal(normalizePath("a/../../b/"), "../b/");
  assert.equal(joinPaths("../../", "branch/b/"), "../../branch/b/");
});

test("stores of every kind have paths between their prefixes", () => {
  assert.equal(pathBetween("memory:/", "memory:/branch/a/"), "branch/a/");
  assert.equal(pathBetween("file:///data/store/a/", "file:///data/store/b/"), "../b/");
  assert.equal(pathBetween("s3://bucket/a/branch/b/", "s3://bucket/a/"), "../../");
  assert.throws(
    () => pathBetween("s3://bucket/a/", "s3://other/a/"),
    (error: unknown) => error instanceof T4Error && error.code === "T4_INVALID_ARGUMENT",
  );
});
