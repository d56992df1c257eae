import assert from "node:assert/strict";
import { test } from "node:test";
import { unknownVariables } from "./environment.js";
import {
  duration,
  environmentName,
  parseGoDuration,
  parseList,
  parseListenAddress,
  parseSwitch,
  parseTime,
  parseUrls,
  shownDuration,
  wholeNumber,
} from "./flag-parsers.js";
import { runOptions } from "./flags.js";

test("listen addresses are host:port, :port or a bracketed v6 address", () => {
  assert.deepEqual(parseListenAddress("0.0.0.0:3379"), { host: "0.0.0.0", port: 3379 });
  assert.deepEqual(parseListenAddress(":80"), { host: "", port: 80 });
  assert.deepEqual(parseListenAddress("[::1]:0"), { host: "::1", port: 0 });
  for (const bad of ["", "3379", "host", "host:", "host:65536", "::1:80", "a:b:1", "host:-1"]) {
    assert.throws(() => parseListenAddress(bad), /host:port/, bad);
  }
});

test("advertised URLs are plain http or https URLs", () => {
  assert.deepEqual(parseUrls("http://a:1, https://b:2"), ["http://a:1", "https://b:2"]);
  for (const bad of ["a:1", "ftp://a:1", "http://a:1/path", "http://a:1?x=1", "http//a"]) {
    assert.throws(() => parseUrls(bad), /Expected URLs/, bad);
  }
});

test("whole numbers outside their range are refused", () => {
  const parse = wholeNumber(1, 10);
  assert.equal(parse("10"), 10);
  for (const bad of ["0", "11", "1.5", "-1", "x", "", "1e1"]) {
    assert.throws(() => parse(bad), /from 1 to 10/, bad);
  }
});

test("every flag of run has its variable", () => {
  for (const option of runOptions()) {
    assert.equal(option.envVar, environmentName(option.long ?? ""));
  }
  assert.equal(environmentName("--segment-max-size-mb"), "T4_SEGMENT_MAX_SIZE_MB");
});

test("an unknown T4_ variable is named with the nearest known one", () => {
  const known = runOptions().map((option) => option.envVar ?? "");
  assert.deepEqual(unknownVariables({ T4_DATADIR: "x", T4_LISTEN: "y", PATH: "z" }, known), [
    "The environment variable T4_DATADIR means nothing here. Did you mean T4_DATA_DIR?",
  ]);
  assert.deepEqual(unknownVariables({ T4_SOMETHING_ELSE_ENTIRELY: "x" }, known), [
    "The environment variable T4_SOMETHING_ELSE_ENTIRELY means nothing here.",
  ]);
});

test("durations are a number and a unit, and are shown in the largest unit that divides them", () => {
  const parse = duration(60_000);
  assert.equal(parse("24h"), 86_400_000);
  assert.equal(parse("1.5m"), 90_000);
  assert.equal(parse("7d"), 604_800_000);
  for (const bad of ["59s", "1", "", "h", "-1h", "1w", "1h30m"]) {
    assert.throws(() => parse(bad), /at least 1m/, bad);
  }
  assert.deepEqual([86_400_000, 90_000, 1].map(shownDuration), ["1d", "90s", "1ms"]);
});

test("Go's durations are read as Go reads them", () => {
  for (const [text, ms] of [
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1_500],
    [".5s", 500],
    ["100ms", 100],
    ["2us", 0.002],
    ["2µs", 0.002],
    ["2μs", 0.002],
    ["1000000ns", 1],
    ["0", 0],
    ["-0s", 0],
    ["+1m", 60_000],
    ["-1s", -1_000],
  ] as const) {
    assert.equal(parseGoDuration(text), ms, text);
  }
  for (const bad of ["", "5", "s", ".s", "1d", "1h 30m", " 1s", "1s ", "--1s", "1e3s", "00"]) {
    assert.equal(parseGoDuration(bad), null, bad);
  }
});

test("lists are what stands between commas", () => {
  assert.deepEqual(parseList(" a, b,,c ,"), ["a", "b", "c"]);
  assert.deepEqual(parseList(""), []);
});

test("switches are true or false, and times have a zone", () => {
  assert.deepEqual(["true", "1", "ON", "false", "0", "no"].map(parseSwitch), [
    ...[true, true, true],
    ...[false, false, false],
  ]);
  assert.throws(() => parseSwitch("maybe"), /true or false/);
  assert.equal(parseTime("2026-05-04T14:30:00+02:00"), Date.UTC(2026, 4, 4, 12, 30));
  for (const bad of ["2026-05-04", "2026-05-04T12:30:00", "yesterday", "2026-13-01T00:00Z"]) {
    assert.throws(() => parseTime(bad), /with its zone/, bad);
  }
});
