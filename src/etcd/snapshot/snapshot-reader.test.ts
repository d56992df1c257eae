import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { ByteFile } from "../../../test/support/byte-file.js";
import { BboltWriter } from "../../bbolt/bbolt-writer.js";
import { NO_AUTH } from "../../core/auth/auth-state.js";
import { T4Error } from "../../core/errors.js";
import { makeRow, makeTombstone, type Row } from "../../core/row.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { bytesOfHex } from "../../lib/hex.js";
import type { StateCopy } from "../../node/state-copy.js";
import { EtcdSnapshot, hashOf } from "./snapshot-reader.js";
import { writeSnapshot } from "./snapshot-writer.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function rowsOf(count: number): Row[] {
  const rows: Row[] = [];
  for (let revision = 2; revision < count + 2; revision += 1) {
    const at = revision as Revision;
    rows.push(
      revision % 7 === 0
        ? makeTombstone(`key/${revision % 5}`, at, 0)
        : makeRow(
            `key/${revision % 5}`,
            bytes(`value ${revision}`),
            at,
            0,
            at,
            1,
            BigInt(revision % 3),
          ),
    );
  }
  return rows;
}

function copyOf(rows: readonly Row[], more: Partial<StateCopy> = {}): StateCopy {
  let at = 0;
  return {
    index: 9 as LogIndex,
    term: 3 as Term,
    revision: (rows.at(-1)?.modRevision ?? 1) as Revision,
    compactRevision: -1 as Revision,
    leases: [
      { id: -2n, ttlSeconds: 60 },
      { id: 1n, ttlSeconds: 9_000_000_000 },
    ],
    auth: NO_AUTH,
    nextRow: () => {
      at += 1;
      return rows[at - 1] ?? null;
    },
    nextTurn: async () => Promise.resolve(),
    close: () => {},
    ...more,
  };
}

async function snapshot(rows: readonly Row[], more: Partial<StateCopy> = {}): Promise<ByteFile> {
  const file = new ByteFile();
  const size = await writeSnapshot(file, copyOf(rows, more));
  file.write(bytesOfHex(hashOf(file, size)), size);
  return file;
}

const open = (file: ByteFile, skipHashCheck = false): EtcdSnapshot =>
  new EtcdSnapshot(file, { path: "s.db", skipHashCheck });

function drain(snapshot: EtcdSnapshot): string[] {
  const rows: string[] = [];
  for (let row = snapshot.next(); row !== null; row = snapshot.next()) {
    rows.push(`${row.modRevision}.${row.subRevision} ${Buffer.from(row.wire).toString("hex")}`);
  }
  return rows;
}

test("a snapshot gives back rows, leases and revisions", async () => {
  const rows = rowsOf(400);
  const read = open(await snapshot(rows, { compactRevision: 30 as Revision }));
  assert.equal(read.compactRevision, 30);
  assert.deepEqual(read.leases, [
    { id: 1n, ttlSeconds: 9_000_000_000 },
    { id: -2n, ttlSeconds: 60 },
  ]);
  assert.deepEqual(read.auth, NO_AUTH);
  assert.deepEqual(
    drain(read),
    rows.map((row) => `${row.modRevision}.0 ${Buffer.from(row.wire).toString("hex")}`),
  );
  assert.equal(read.revision, 401);
});

test("a store whose last revisions were compacted away is at its compact revision", async () => {
  const empty = open(await snapshot([]));
  assert.deepEqual(drain(empty), []);
  assert.equal(empty.revision, 1);
  assert.equal(empty.compactRevision, -1);
  const compacted = open(await snapshot([], { compactRevision: 77 as Revision }));
  assert.equal(compacted.revision, 77);
});

test("a wrong hash, one that is missing and a file cut short are told apart, and can be skipped", async () => {
  const good = (await snapshot(rowsOf(300))).content;
  const wrong = good.slice();
  wrong[wrong.length - 1]! ^= 1;
  assert.throws(() => open(new ByteFile(wrong)), {
    code: "T4_CORRUPT",
    message: /SHA-256.*--skip-hash-check/,
  });
  assert.equal(drain(open(new ByteFile(wrong), true)).length, 300);
  const raw = good.slice(0, -32);
  assert.throws(() => open(new ByteFile(raw)), {
    code: "T4_INVALID_ARGUMENT",
    message: /no hash at its end.*--skip-hash-check/,
  });
  assert.equal(drain(open(new ByteFile(raw), true)).length, 300);
  const cut = good.slice(0, 4_096 * 3);
  assert.throws(() => open(new ByteFile(cut), true), { code: "T4_CORRUPT", message: /cut short/ });
});

test("what is no snapshot of etcd is told to be none, and what to do", async () => {
  const invalid = { code: "T4_INVALID_ARGUMENT", message: /s\.db is no snapshot of etcd/ };
  assert.throws(() => open(new ByteFile()), invalid);
  assert.throws(() => open(new ByteFile(bytes("{}"))), invalid);
  assert.throws(() => open(new ByteFile(new Uint8Array(1_000_000))), invalid);
  const other = new ByteFile();
  const writer = new BboltWriter(other);
  writer.beginBucket(bytes("sessions"));
  writer.endBucket();
  writer.finish();
  assert.throws(() => open(other, true), {
    code: "T4_INVALID_ARGUMENT",
    message: /not etcd's.*it has sessions/,
  });
  await Promise.resolve();
});

/** A snapshot with one entry in the bucket of rows. */
function withEntry(key: Uint8Array, value: Uint8Array): ByteFile {
  const file = new ByteFile();
  const writer = new BboltWriter(file);
  writer.beginBucket(bytes("key"));
  writer.put(key, value);
  writer.endBucket();
  writer.finish();
  return file;
}

test("rows that no etcd writes are damage, named by their revision", () => {
  const key = bytes("\0\0\0\0\0\0\0\x05_\0\0\0\0\0\0\0\0");
  const tombstone = bytes("\0\0\0\0\0\0\0\x05_\0\0\0\0\0\0\0\0t");
  const at = 5 as Revision;
  const good = makeRow("k", bytes("v"), at, 0, at, 1, 0n);
  assert.equal(drain(open(withEntry(key, good.wire), true)).length, 1);
  const cases: readonly (readonly [Uint8Array, Uint8Array, RegExp])[] = [
    [bytes("short"), good.wire, /is no revision/],
    [bytes("\0\0\0\0\0\0\0\x05_\0\0\0\0\0\0\0\0x"), good.wire, /is no revision/],
    [bytes("\0\0\0\0\0\0\0\0_\0\0\0\0\0\0\0\0"), good.wire, /is no revision/],
    [key, bytes(""), /revision 5 holds no key/],
    [key, bytes("\xff\xff"), /revision 5 holds no key/],
    [key, makeTombstone("k", at, 0).wire, /version 0/],
    [key, makeRow("k", bytes("v"), 6 as Revision, 0, at, 1, 0n).wire, /says revision 6/],
    [key, makeRow("k", bytes("v"), at, 0, 6 as Revision, 1, 0n).wire, /created 6/],
    [tombstone, bytes(""), /has no key/],
    [tombstone, bytes("\x0a\x05k"), /has no key/],
  ];
  for (const [entry, value, message] of cases) {
    assert.throws(() => drain(open(withEntry(entry, value), true)), {
      code: "T4_CORRUPT",
      message,
    });
  }
});

test("whatever bytes are changed, a reader ends with rows in order or with what is wrong", async () => {
  const good = (await snapshot(rowsOf(250))).content;
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const random = new SeededRandom(seed);
    const damaged = good.slice();
    for (let change = 0; change <= random.below(3); change += 1) {
      const page = random.below(good.length / 4_096) * 4_096;
      damaged[page + random.below(random.chance(0.5) ? 80 : 4_096)] = random.below(256);
    }
    try {
      const read = open(new ByteFile(damaged), true);
      let before = 0;
      for (let row = read.next(); row !== null; row = read.next()) {
        assert.ok(row.modRevision > before, `seed ${seed}`);
        before = row.modRevision;
      }
    } catch (error) {
      assert.ok(error instanceof T4Error, `seed ${seed}: ${String(error)}`);
    }
  }
});
