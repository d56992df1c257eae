// The files themselves: the same bytes wherever and however they are made, and the bytes that are written down in
// test/golden/store/. Set T4_WRITE_GOLDEN=1 to write those anew after a deliberate change of a format.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Revision } from "../../core/words.js";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { STORE_DIRECTORY, StoreDriver } from "../../../test/sim/store-driver.js";
import { bytes } from "../../../test/suites/store-suite.js";
import { decodeManifest, fileName, isStoreFile } from "./manifest.js";

const GOLDEN = "test/golden/store";

function files(driver: StoreDriver): Map<string, Buffer> {
  const names = driver.disk.list(STORE_DIRECTORY);
  const ours = names.filter((name) => isStoreFile(name) || name === "MANIFEST");
  return new Map(
    ours.map((name) => [name, Buffer.from(driver.disk.contents(`${STORE_DIRECTORY}/${name}`))]),
  );
}

interface Manner {
  readonly seed: number;
  /** How often, in 1, a seal point that freezes nothing is put between. */
  readonly extraSeals: number;
  readonly restarts: number;
  readonly waits: number;
}

/** The same history, freezes at the same entries; all else as `manner` says. */
async function live(manner: Manner): Promise<StoreDriver> {
  const driver = new StoreDriver({ backend: "disk", seed: manner.seed });
  const random = new SeededRandom(manner.seed);
  for (let round = 0; round < 24; round += 1) {
    for (let i = 0; i < 12; i += 1) {
      const key = `key/${(round * 7 + i * 5) % 40}`;
      const value = i % 5 === 4 ? null : bytes(`${round}.${i}`.repeat(40));
      driver.write([{ key, value }]);
      driver.commit();
      if (random.chance(manner.extraSeals)) {
        driver.seal(0);
      }
    }
    if (round % 5 === 4) {
      driver.system({ kind: "compact", revision: (driver.tipRevision - 8) as Revision });
      driver.commit();
    }
    driver.system({ kind: "lease-grant", lease: 1n, ttlSeconds: 5 });
    driver.commit();
    driver.seal(9 << 20);
    if (random.chance(manner.waits)) {
      await driver.clock.run(random.fraction() * 5);
    }
    if (random.chance(manner.restarts)) {
      await driver.restart(random.chance(0.5) ? null : random.below(1_000));
    }
  }
  await driver.clock.run(1_000);
  assert.deepEqual(driver.failures, []);
  assert.equal(driver.store.persistedIndex, driver.committed);
  return driver;
}

test("files and manifests are equal whatever the segments, the worker's speed and the restarts", async () => {
  const expected = files(await live({ seed: 1, extraSeals: 0, restarts: 0, waits: 1 }));
  const manners: Manner[] = [
    { seed: 2, extraSeals: 0.3, restarts: 0, waits: 1 },
    { seed: 3, extraSeals: 0, restarts: 0, waits: 0 },
    { seed: 4, extraSeals: 0.3, restarts: 0.3, waits: 0.5 },
    { seed: 5, extraSeals: 0.1, restarts: 0.5, waits: 0.5 },
  ];
  for (const manner of manners) {
    const made = files(await live(manner));
    assert.deepEqual([...made.keys()], [...expected.keys()], JSON.stringify(manner));
    for (const [name, content] of expected) {
      assert.ok(content.equals(made.get(name)!), `${name} with ${JSON.stringify(manner)}`);
    }
  }
});

test("the manifest gives size and SHA-256 of every file", async () => {
  const driver = await live({ seed: 6, extraSeals: 0, restarts: 0, waits: 1 });
  const made = files(driver);
  const manifest = decodeManifest(made.get("MANIFEST")!, "MANIFEST");
  const records = [
    ...manifest.tables.map((record) => ({ record, name: fileName("table", record.number) })),
    ...manifest.runs.map((record) => ({ record, name: fileName("run", record.number) })),
    { record: manifest.system!, name: fileName("system", manifest.system!.number) },
  ];
  assert.equal(records.length + 1, made.size);
  for (const { record, name } of records) {
    const content = made.get(name)!;
    assert.equal(content.length, record.bytes);
    assert.equal(createHash("sha256").update(content).digest("hex"), record.sha256);
  }
});

test("the formats are those of the golden files", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  driver.write([
    { key: "a", value: bytes("first") },
    { key: "a/\u00ff", value: bytes("x".repeat(5_000)), lease: -2n },
  ]);
  driver.write([{ key: "a", value: bytes("second"), lease: 77n }]);
  driver.write([{ key: "b", value: bytes("") }]);
  driver.write([
    { key: "a", value: null },
    { key: "b", value: null },
  ]);
  for (let i = 0; i < 40; i += 1) {
    driver.write([{ key: `many/${i}`, value: bytes(String(i)) }]);
  }
  driver.system({ kind: "compact", revision: 3 as Revision });
  await driver.flush();
  await driver.clock.run(100);
  const made = files(driver);
  if (process.env["T4_WRITE_GOLDEN"] === "1") {
    mkdirSync(GOLDEN, { recursive: true });
    made.forEach((content, name) => {
      writeFileSync(`${GOLDEN}/${name}`, content);
    });
  }
  assert.deepEqual([...made.keys()].sort(), readdirSync(GOLDEN).sort());
  for (const [name, content] of made) {
    assert.ok(content.equals(readFileSync(`${GOLDEN}/${name}`)), name);
  }
});

test("one put a second for a day, with a checkpoint each quarter of an hour, leaves few files", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  const seconds = 24 * 60 * 60;
  for (let second = 0; second < seconds; second += 1) {
    driver.write([{ key: `key/${second % 5_000}`, value: bytes("value") }]);
    driver.commit();
    if (second % 10 === 9) {
      driver.seal(10 * 70);
    }
    if (second % 900 === 899) {
      await driver.clock.resolve(driver.store.flush());
    }
  }
  await driver.clock.run(1_000);
  const names = [...files(driver).keys()].filter((name) => /table|run/.test(name));
  assert.ok(names.length <= 100, `${names.length} files`);
});
