// Bytes that rot: whatever byte of whatever file changes, an answer is either what it was or T4_CORRUPT that names the
// file, never something else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL_KEYS } from "../../core/range/key-range.js";
import { T4Error } from "../../core/errors.js";
import type { Revision } from "../../core/words.js";
import { latin1, writeLatin1 } from "../../lib/bytes.js";
import { crc32 } from "../../lib/hashes/crc32.js";
import type { SimulatedDisk } from "../../../test/sim/simulated-disk.js";
import { STORE_DIRECTORY, StoreDriver } from "../../../test/sim/store-driver.js";
import { bytes, drain, drainEvents } from "../../../test/suites/store-suite.js";
import { writeU32 } from "../file/fixed.js";
import { isStoreFile } from "../upkeep/manifest.js";
import { openDiskStore } from "./open-disk-store.js";
import type { DiskStore } from "./disk-store.js";

const LISTENER = {
  encodeSystemState: () => null,
  persisted: () => {},
  admissionChanged: () => {},
  failed: () => {},
};
const KEYS = Array.from({ length: 40 }, (_, i) => `key/${String(i)}`);

async function prepare(): Promise<StoreDriver> {
  const driver = new StoreDriver({ backend: "disk" });
  for (let round = 0; round < 6; round += 1) {
    driver.write(
      KEYS.slice(round).map((key) => ({ key, value: bytes(key.repeat(20)), lease: 9n })),
    );
    driver.write([{ key: KEYS[round]!, value: null }]);
    await driver.flush();
  }
  await driver.clock.run(100);
  await driver.clock.resolve(driver.store.close());
  return driver;
}

/** Everything that can be read, as text. */
function readAll(store: DiskStore): string {
  const at = store.committedRevision;
  const past = (at - 4) as Revision;
  return JSON.stringify([
    new TextDecoder().decode(store.systemState ?? new Uint8Array(0)),
    drain(store.scan(ALL_KEYS, at, false)),
    drain(store.scan(ALL_KEYS, past, true)),
    KEYS.map((key) => store.get(key, past)?.modRevision ?? 0),
    KEYS.map((key) => latin1Of(store.peek(key, at)?.wire)),
    drainEvents(store.events(ALL_KEYS, 1 as Revision, at)),
    store.history(KEYS[5]!, 1 as Revision, at).map((row) => row.modRevision),
  ]);
}

function latin1Of(bytesRead: Uint8Array | undefined): string {
  return bytesRead === undefined ? "" : latin1(bytesRead, 0, bytesRead.length);
}

function open(driver: StoreDriver): DiskStore {
  return openDiskStore(driver.options, LISTENER);
}

function storeFiles(disk: SimulatedDisk): string[] {
  const names = disk.list(STORE_DIRECTORY);
  return names.filter((name) => isStoreFile(name) || name === "MANIFEST");
}

test("any changed byte is an error that names its file, or changes no answer", async () => {
  const driver = await prepare();
  const expected = readAll(open(driver));
  const kinds = new Set<string>();
  for (const name of storeFiles(driver.disk)) {
    kinds.add(name.split(".").at(-1)!);
    const path = `${STORE_DIRECTORY}/${name}`;
    const length = driver.disk.contents(path).length;
    // All bytes of small files and of every file's end, some of the rest.
    const stride = length > 3_000 ? 37 : 1;
    for (let at = 0; at < length; at += length - at < 600 ? 1 : stride) {
      const mask = 1 << (at % 8);
      driver.disk.corrupt(path, at, mask);
      let answer: string | T4Error;
      try {
        answer = readAll(open(driver));
      } catch (error) {
        assert.ok(error instanceof T4Error, `byte ${at} of ${name}: ${String(error)}`);
        answer = error;
      }
      driver.disk.corrupt(path, at, mask);
      if (answer instanceof T4Error) {
        assert.equal(answer.code, "T4_CORRUPT", `byte ${at} of ${name}`);
        assert.ok(answer.message.includes(name), answer.message);
      } else {
        assert.equal(answer, expected, `byte ${at} of ${name}`);
      }
    }
  }
  assert.deepEqual([...kinds].sort(), ["MANIFEST", "run", "system", "table"]);
  assert.equal(readAll(open(driver)), expected);
});

test("a file that is cut, missing or exchanged is an error", async () => {
  const driver = await prepare();
  const { disk } = driver;
  const names = storeFiles(disk);
  for (const name of names) {
    const path = `${STORE_DIRECTORY}/${name}`;
    const content = disk.contents(path);
    for (const length of [0, 10, content.length - 1]) {
      const file = disk.open(path, { mode: "write" });
      file.truncate(length);
      assert.throws(() => open(driver), { code: "T4_CORRUPT" }, `${name} cut to ${length}`);
      file.write(content, 0);
    }
    disk.rename(path, `${path}.away`);
    assert.throws(() => open(driver), { code: "T4_CORRUPT" }, `${name} missing`);
    disk.rename(`${path}.away`, path);
  }
  for (const kind of ["table", "run"]) {
    const [first, second] = names.filter((name) => name.endsWith(kind));
    const path = `${STORE_DIRECTORY}/${first!}`;
    disk.rename(path, `${path}.away`);
    const copy = disk.open(path, { mode: "create" });
    copy.write(disk.contents(`${STORE_DIRECTORY}/${second!}`), 0);
    assert.throws(() => open(driver), { code: "T4_CORRUPT" }, `${kind} exchanged`);
    disk.remove(path);
    disk.rename(`${path}.away`, path);
  }
  readAll(open(driver));
});

test("files of a newer format are refused as such", async () => {
  const driver = await prepare();
  const { disk } = driver;
  for (const name of storeFiles(disk)) {
    const path = `${STORE_DIRECTORY}/${name}`;
    const original = disk.contents(path);
    const newer = original.slice();
    if (name === "MANIFEST") {
      const body = newer.subarray(newer.indexOf(0x0a) + 1);
      const sum = crc32(body, crc32(bytes("t4-manifest 9 \n")))
        .toString(16)
        .padStart(8, "0");
      writeLatin1(newer, 0, `t4-manifest 9 ${sum}`);
    } else if (name.endsWith("system")) {
      writeU32(newer, 4, 9);
      writeU32(newer, 8, crc32(newer.subarray(12), crc32(newer.subarray(0, 8))));
    } else {
      writeU32(newer, newer.length - 12, 9);
      const footer = newer.subarray(newer.length - 72);
      writeU32(footer, 64, crc32(footer.subarray(0, 64)));
    }
    const file = disk.open(path, { mode: "write" });
    file.write(newer, 0);
    assert.throws(() => open(driver), { code: "T4_FORMAT_TOO_NEW" }, name);
    file.write(original, 0);
  }
});
