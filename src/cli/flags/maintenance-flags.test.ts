import assert from "node:assert/strict";
import { test } from "node:test";
import { autoCompactionOf, parseRetention, type MaintenanceFlags } from "./maintenance-flags.js";

test("a retention is a whole number, or a duration as Go writes it", () => {
  assert.deepEqual(parseRetention("0"), { kind: "number", value: 0 });
  assert.deepEqual(parseRetention("1000"), { kind: "number", value: 1000 });
  const durations = [
    ["30m", 1_800_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["90s", 90_000],
    ["1500ms", 1_500],
  ] as const;
  for (const [text, milliseconds] of durations) {
    assert.deepEqual(parseRetention(text), { kind: "duration", milliseconds });
  }
  for (const bad of ["", "-1", "1d", "h", "1 h", "1h 30m", "x", "1.5", "99999999999999999"]) {
    assert.throws(() => parseRetention(bad), /Expected a whole number/, bad);
  }
});

test("the mode says what the number means", () => {
  const of = (mode: "periodic" | "revision", text: string): unknown =>
    autoCompactionOf({
      autoCompactionMode: mode,
      autoCompactionRetention: parseRetention(text),
    } as MaintenanceFlags);
  assert.equal(of("periodic", "0"), null);
  assert.equal(of("periodic", "0s"), null);
  assert.equal(of("revision", "0"), null);
  assert.deepEqual(of("periodic", "2"), { mode: "periodic", periodMs: 7_200_000 });
  assert.deepEqual(of("periodic", "10m"), { mode: "periodic", periodMs: 600_000 });
  assert.deepEqual(of("revision", "10"), { mode: "revision", revisions: 10 });
  assert.throws(() => of("revision", "10m"), /a number of revisions/);
  assert.throws(() => of("periodic", "1ms"), /less than 1s/);
});
