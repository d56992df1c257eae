import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { assertGolden } from "../../test/golden/golden.js";
import { SeededRandom } from "../../test/sim/seeded-random.js";
import { ByteFile } from "../../test/support/byte-file.js";
import { BboltFile } from "./bbolt-file.js";
import { BboltWriter } from "./bbolt-writer.js";
import type { Bucket } from "./bbolt-cursor.js";
import { BboltError } from "./format.js";

/** A bucket's content: values and buckets by their names. */
interface Tree {
  readonly [name: string]: string | Tree;
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function writeTree(writer: BboltWriter, tree: Tree): void {
  for (const name of Object.keys(tree).sort()) {
    const content = tree[name]!;
    if (typeof content === "string") {
      writer.put(latin1(name), latin1(content));
    } else {
      writer.beginBucket(latin1(name));
      writeTree(writer, content);
      writer.endBucket();
    }
  }
}

function write(tree: Tree, pageBytes?: number): ByteFile {
  const file = new ByteFile();
  const writer = new BboltWriter(file, pageBytes);
  writeTree(writer, tree);
  assert.equal(writer.finish(), file.size());
  return file;
}

function readTree(file: BboltFile, bucket: Bucket): Tree {
  const tree: Record<string, string | Tree> = {};
  const cursor = file.entries(bucket);
  while (cursor.next()) {
    const name = text(cursor.key);
    tree[name] = cursor.isBucket ? readTree(file, cursor.bucket()) : text(cursor.value);
  }
  return tree;
}

function read(source: ByteFile): Tree {
  const file = new BboltFile(source);
  return readTree(file, file.root);
}

const bytesOf = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => text(bytes));
const nameOf = bytesOf(1, 40).filter((name) => name !== "__proto__" && !/^\d+$/.test(name));

const { tree: treeOf } = fc.letrec<{ tree: Tree; bucket: Tree }>((tie) => ({
  tree: fc.dictionary(nameOf, tie("bucket"), { maxKeys: 8 }),
  bucket: fc.dictionary(
    nameOf,
    fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        { weight: 8, arbitrary: bytesOf(0, 60) },
        { weight: 1, arbitrary: bytesOf(0, 9_000) },
      ),
      tie("bucket"),
    ),
    { maxKeys: 60 },
  ),
}));

const plain = (tree: Tree): unknown => JSON.parse(JSON.stringify(tree));

test("what is written is read back, whatever the buckets and the page size", () => {
  fc.assert(
    fc.property(treeOf, fc.constantFrom(1_024, 4_096, 16_384), (tree, pageBytes) => {
      assert.deepEqual(plain(read(write(tree, pageBytes))), plain(tree));
    }),
    { numRuns: 60 },
  );
});

/** Keys whose order is that of their numbers. */
function manyEntries(count: number, valueBytes: number): Tree {
  const entries: Record<string, string> = {};
  for (let i = 0; i < count; i += 1) {
    entries[`key-${String(i).padStart(6, "0")}`] = String(i).padStart(valueBytes, "v");
  }
  return entries;
}

test("a tree of three levels, a page of several, and an empty file are read back", () => {
  const tree = { empty: {}, large: { blob: "x".repeat(100_000) }, many: manyEntries(20_000, 20) };
  const file = write(tree, 1_024);
  assert.deepEqual(plain(read(file)), tree);
  const bbolt = new BboltFile(file);
  assert.deepEqual(bbolt.bucketNames(bbolt.root), ["empty", "large", "many"]);
  assert.equal(bbolt.bucket(bbolt.root, "absent"), null);
  assert.deepEqual(plain(read(write({}))), {});
});

test("the bytes of a file are those they have been", () => {
  const tree = {
    cluster: {},
    key: manyEntries(300, 30),
    meta: { term: "\0\x01", nested: { a: "b" } },
  };
  assertGolden("bbolt/three-buckets.db", write(tree, 1_024).content);
});

test("entries out of order are a bug of the caller", () => {
  const writer = new BboltWriter(new ByteFile());
  writer.beginBucket(latin1("b"));
  writer.put(latin1("k"), latin1(""));
  assert.throws(() => {
    writer.put(latin1("k"), latin1(""));
  }, /ascend/);
});

const wrong = (kind: "foreign" | "damaged", message: RegExp) => (error: unknown) =>
  error instanceof BboltError && error.kind === kind && message.test(error.message);

test("what is no bbolt file, or of another version, is said to be so", () => {
  const good = write({ b: { k: "v" } }).content;
  assert.throws(() => read(new ByteFile()), wrong("foreign", /no bbolt file/));
  assert.throws(
    () => read(new ByteFile(latin1("SQLite format 3\0"))),
    wrong("foreign", /ends early/),
  );
  assert.throws(() => read(new ByteFile(new Uint8Array(100_000))), wrong("foreign", /magic/));
  const change = (at: number, value: number): ByteFile => {
    const bytes = good.slice();
    bytes[16 + at] = value;
    bytes[4_096 + 16 + at] = value;
    return new ByteFile(bytes);
  };
  assert.throws(() => read(change(0, 1)), wrong("foreign", /magic/));
  assert.throws(() => read(change(4, 3)), wrong("foreign", /version 3/));
  assert.throws(() => read(change(50, 99)), wrong("foreign", /checksum/));
});

test("one damaged meta page is done without", () => {
  for (const page of [0, 1]) {
    const bytes = write({ b: { k: "v" } }).content;
    bytes.fill(0xff, page * 4_096, page * 4_096 + 80);
    assert.deepEqual(plain(read(new ByteFile(bytes))), { b: { k: "v" } });
  }
});

test("a file that is cut short is said to be so, wherever it is cut", () => {
  const bytes = write({ b: manyEntries(500, 20) }, 1_024).content;
  for (let length = 0; length < bytes.length; length += 512) {
    assert.throws(() => read(new ByteFile(bytes.slice(0, length))), BboltError);
  }
});

test("pages that lead to each other in a circle end the walk", () => {
  const bytes = write({ b: manyEntries(500, 20) }, 1_024).content;
  const view = new DataView(bytes.buffer);
  const branches = pagesOfKind(bytes, 0x01);
  assert.ok(branches.length > 0);
  for (const branch of branches) {
    const circle = bytes.slice();
    new DataView(circle.buffer).setBigUint64(branch * 1_024 + 24, BigInt(branch), true);
    assert.throws(() => read(new ByteFile(circle)), wrong("damaged", /circle/));
    // A page named twice.
    const twice = bytes.slice();
    const first = view.getBigUint64(branch * 1_024 + 24, true);
    new DataView(twice.buffer).setBigUint64(branch * 1_024 + 40, first, true);
    assert.throws(() => read(new ByteFile(twice)), wrong("damaged", /before/));
  }
});

function pagesOfKind(bytes: Uint8Array, kind: number): number[] {
  const view = new DataView(bytes.buffer);
  const pages: number[] = [];
  for (let at = 0; at < bytes.length; at += 1_024) {
    if (view.getUint16(at + 8, true) === kind) {
      pages.push(at / 1_024);
    }
  }
  return pages;
}

test("whatever bytes are changed, a reader ends with entries in order or a BboltError", () => {
  const good = write({ a: { x: "1", y: { z: "2" } }, b: manyEntries(400, 20) }, 1_024).content;
  for (let seed = 1; seed <= 3_000; seed += 1) {
    const random = new SeededRandom(seed);
    const bytes = good.slice();
    const changes = 1 + random.below(4);
    for (let change = 0; change < changes; change += 1) {
      // Half of them where pages begin: that is where the structure is.
      const page = random.below(bytes.length / 1_024) * 1_024;
      const at = page + random.below(random.below(2) === 0 ? 64 : 1_024);
      bytes[at] = random.below(256);
    }
    try {
      read(new ByteFile(bytes));
    } catch (error) {
      assert.ok(error instanceof BboltError, `seed ${seed}: ${String(error)}`);
    }
  }
});
