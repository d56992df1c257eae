import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskError, type Disk, type DiskFile } from "../../src/runtime/disk/disk.js";
import { diskCases } from "../suites/disk-suite.js";
import { PowerLossError, SimulatedDisk } from "./simulated-disk.js";

const SEEDS = 200;

for (const { name, run } of diskCases) {
  test(`simulated disk: ${name}`, async () => {
    const disk = new SimulatedDisk();
    disk.makeDirectory("/data");
    await run(disk, "/data");
  });
}

function prepared(): { disk: SimulatedDisk; file: DiskFile } {
  const disk = new SimulatedDisk();
  disk.makeDirectory("/d");
  const file = disk.open("/d/a", { mode: "create" });
  disk.syncDirectory("/d");
  return { disk, file };
}

/** Every distinct content that a power loss may leave of /d/a, "-" for none. */
function outcomes(disk: SimulatedDisk): Set<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const left = disk.afterPowerLoss(seed);
    seen.add(left.exists("/d/a") ? summary(left.contents("/d/a")) : "-");
  }
  return seen;
}

/** One char a sector: its first byte. */
function summary(content: Uint8Array): string {
  let text = "";
  for (let at = 0; at < content.length; at += 512) {
    text += String.fromCharCode(content[at] === 0 ? 0x2e : (content[at] ?? 0));
  }
  return text;
}

function sectors(text: string): Uint8Array {
  const content = new Uint8Array(text.length * 512);
  for (let i = 0; i < text.length; i += 1) {
    content.fill(text.charCodeAt(i), i * 512, (i + 1) * 512);
  }
  return content;
}

test("what is synced survives every power loss", () => {
  const { disk, file } = prepared();
  file.write(sectors("abc"), 0);
  file.sync();
  assert.deepEqual(outcomes(disk), new Set(["abc"]));
});

test("a durable write survives without a sync, and does not save its neighbours", () => {
  const { disk, file } = prepared();
  file.write(sectors("..."), 0);
  file.sync();
  const durable = disk.open("/d/a", { mode: "write", durableWrites: true });
  file.write(sectors("x"), 0);
  durable.write(sectors("y"), 512);
  assert.deepEqual(outcomes(disk), new Set([".y.", "xy."]));
});

test("writes that were not synced are lost, kept, torn and reordered", () => {
  const { disk, file } = prepared();
  file.write(sectors("..."), 0);
  file.sync();
  file.write(sectors("ab"), 0);
  file.write(sectors("BC"), 512);
  const seen = outcomes(disk);
  for (const expected of ["...", "ab.", "aBC", "a..", ".b.", "..C", "aB.", "a.C"]) {
    assert.ok(seen.has(expected), `${expected} in ${[...seen].join(" ")}`);
  }
});

test("a name that was not synced may be lost, and a rename is done wholly or not at all", () => {
  const disk = new SimulatedDisk();
  disk.makeDirectory("/d");
  const file = disk.open("/d/a", { mode: "create" });
  file.write(sectors("a"), 0);
  file.sync();
  assert.deepEqual(outcomes(disk), new Set(["-", "a"]));
  disk.syncDirectory("/d");
  disk.rename("/d/a", "/d/b");
  const names = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed += 1) {
    names.add(disk.afterPowerLoss(seed).list("/d").join());
  }
  assert.deepEqual(names, new Set(["a", "b"]));
});

test("a cut that was not synced may be undone", () => {
  const { disk, file } = prepared();
  file.write(sectors("abc"), 0);
  file.sync();
  file.truncate(512);
  assert.deepEqual(outcomes(disk), new Set(["abc", "a", "a..", "ab.", "a.c"]));
  file.sync();
  assert.deepEqual(outcomes(disk), new Set(["a"]));
});

test("after a failed sync nothing of it is written, though it can be read", () => {
  const { disk, file } = prepared();
  file.write(sectors("a"), 0);
  disk.failWhen = ({ kind }) => (kind === "sync" ? "io" : null);
  assert.throws(() => {
    file.sync();
  }, DiskError);
  disk.failWhen = null;
  file.sync();
  assert.equal(summary(disk.contents("/d/a")), "a");
});

test("a full disk takes what fits and recovers when there is room", () => {
  const { disk, file } = prepared();
  disk.capacityBytes = 1024;
  file.write(sectors("ab"), 0);
  assert.throws(
    () => {
      file.write(sectors("cd"), 512);
    },
    { code: "no-space" },
  );
  file.write(sectors("xy"), 0);
  disk.capacityBytes = 4096;
  file.write(sectors("cd"), 1024);
  assert.equal(summary(disk.contents("/d/a")), "xycd");
});

test("a read-only disk refuses every change", () => {
  const { disk, file } = prepared();
  file.write(sectors("a"), 0);
  disk.readOnly = true;
  const changes: ((d: Disk) => unknown)[] = [
    () => {
      file.write(sectors("b"), 0);
    },
    (d) => d.open("/d/b", { mode: "create" }),
    (d) => {
      d.remove("/d/a");
    },
    (d) => {
      d.makeDirectory("/e");
    },
  ];
  for (const change of changes) {
    assert.throws(() => change(disk), { code: "permission" });
  }
  assert.equal(summary(disk.contents("/d/a")), "a");
});

test("the power is cut at the change asked for, and nothing works after it", () => {
  const { disk, file } = prepared();
  disk.cutPowerAt = disk.changes + 2;
  file.write(sectors("a"), 0);
  assert.throws(() => {
    file.sync();
  }, PowerLossError);
  assert.throws(() => disk.list("/d"), PowerLossError);
  assert.deepEqual(outcomes(disk), new Set(["", ".", "a"]));
});

test("the trace names every change in order", () => {
  const { disk, file } = prepared();
  file.write(sectors("a"), 512);
  file.truncate(10);
  file.sync();
  disk.rename("/d/a", "/d/b");
  disk.remove("/d/b");
  assert.deepEqual(disk.trace, [
    "make-directory /d",
    "create /d/a",
    "sync-directory /d",
    "write /d/a 512+512",
    "truncate /d/a 10",
    "sync /d/a",
    "rename /d/a -> /d/b",
    "remove /d/b",
  ]);
});
