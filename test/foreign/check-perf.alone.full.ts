// etcdctl judges the speed of our server, with nothing beside it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/foreign-tool.js";
import { startSubject } from "../support/server-process.js";
import { etcdctl } from "./etcdctl.js";

const skip = skipWithout("etcdctl");

test("check perf passes with the small load", { skip }, async () => {
  await using subject = await startSubject();
  const { stdout, exitCode } = await etcdctl(subject.endpoint, ["check", "perf", "--load=s"]);
  const verdicts = stdout.split(/[\r\n]+/).filter((line) => /^(PASS|FAIL)/.test(line));
  assert.equal(exitCode, 0, stdout.slice(-1_000));
  assert.ok(verdicts.length >= 1, stdout.slice(-1_000));
  assert.deepEqual(
    verdicts.filter((line) => line.startsWith("FAIL")),
    [],
  );
});
