// etcdctl loads our server for a minute and judges its speed. What it says of the time that requests took depends on the
// machine and on what runs beside: that is reported, not asserted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { startSubject } from "../support/process/server-process.js";
import { etcdctl } from "./etcdctl.js";

const skip = skipWithout("etcdctl");

test(
  "check perf runs to its end with the small load, without a failed request",
  {
    skip,
  },
  async (context) => {
    await using subject = await startSubject();
    const { stdout } = await etcdctl(subject.endpoint, ["check", "perf", "--load=s"]);
    // Its progress bar shares the lines.
    const verdicts = stdout.match(/(?:PASS|FAIL|Slowest|Stddev)[^\r\n]*/g) ?? [];
    context.diagnostic(verdicts.join("; "));
    assert.doesNotMatch(stdout, /error/i, stdout.slice(-1_000));
    // Of the rate, the slowest request, the deviation and all together.
    assert.equal(verdicts.length, 4, stdout.slice(-1_000));
  },
);
