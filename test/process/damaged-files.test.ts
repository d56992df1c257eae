// Data directories that are damaged, incomplete or newer than the program: `t4 run` and `t4 inspect` refuse them, say
// which file and where, and leave them as they are.
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { open, T4Error } from "../../src/index.js";
import { openReadOnly } from "../../src/node/read-only.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { systemRuntime } from "../../src/runtime/system-runtime.js";

const RUNTIME: Runtime = systemRuntime();

/** One of each kind is also tried with the real commands. */
const PRINTED = new Set(["a byte in the middle of the log", "half a run", "a newer manifest"]);

/** What is done to a copy of a sound directory, and what must be said of it. */
interface Damage {
  readonly what: string;
  readonly says: RegExp;
  readonly code?: "T4_FORMAT_TOO_NEW" | "T4_DATA_DIR_UNUSABLE";
  apply(directory: string): void;
}

/** Tables, runs, a system snapshot and, in the log, groups that only the log has. */
async function makeSound(directory: string): Promise<void> {
  const db = await open({ dataDir: directory });
  for (const round of ["first", "second"]) {
    await Promise.all(
      Array.from({ length: 300 }, async (_, at) => db.put(`${round}/${at}`, "v".repeat(200))),
    );
    await db.leases.grant(600);
    await db.flush();
  }
  for (let at = 0; at < 20; at += 1) {
    await db.put(`late/${at}`, "v".repeat(700));
  }
  await db.close();
}

/** The oldest file with an ending. */
function file(directory: string, ending: string): string {
  for (const place of ["wal", "store", "."]) {
    const found = readdirSync(join(directory, place))
      .sort()
      .find((name) => name.endsWith(ending));
    if (found !== undefined) {
      return join(directory, place, found);
    }
  }
  throw new Error(`no file ends in ${ending}`);
}

function change(path: string, edit: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, edit(readFileSync(path)));
}

function flip(ending: string, place: (bytes: Buffer) => number): (directory: string) => void {
  return (directory) => {
    change(file(directory, ending), (bytes) => {
      const at = place(bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 0x55;
      return bytes;
    });
  };
}

function without(...path: string[]): (directory: string) => void {
  return (directory) => {
    rmSync(join(directory, ...path), { recursive: true });
  };
}

function newer(ending: string, edit: (bytes: Buffer) => Buffer): Omit<Damage, "what"> {
  return {
    says: new RegExp(`${ending} has format (version )?77`),
    code: "T4_FORMAT_TOO_NEW",
    apply: (directory) => {
      change(file(directory, ending), edit);
    },
  };
}

function newerBlockFile(bytes: Buffer): Buffer {
  const footer = bytes.subarray(bytes.length - 72);
  footer.writeUInt32LE(77, 60);
  footer.writeUInt32LE(crc32(footer.subarray(0, 64)), 64);
  return bytes;
}

const DAMAGES: readonly Damage[] = [
  {
    what: "a byte in the middle of the log",
    says: /\.wal is damaged at byte \d+: .* a good one follows at byte \d+/,
    apply: flip(".wal", (bytes) => Math.floor(bytes.length / 2)),
  },
  {
    what: "a byte of the log's last group",
    says: /\.wal is damaged at byte \d+: the last group is bad/,
    apply: flip(".wal", (bytes) => bytes.length - 20),
  },
  {
    what: "the header of a segment",
    says: /\.wal is damaged at byte 0/,
    apply: flip(".wal", () => 20),
  },
  {
    what: "a log without segments",
    says: /wal has no segments.* is missing/s,
    apply: (directory) => {
      rmSync(file(directory, ".wal"));
    },
  },
  { what: "no log at all", says: /wal.* missing/s, apply: without("wal") },
  {
    what: "the footer of a table",
    says: /\.table at offset \d+: the footer/,
    apply: flip(".table", (bytes) => bytes.length - 30),
  },
  {
    what: "the metadata of a table",
    says: /\.table at offset \d+: the metadata/,
    apply: flip(".table", (bytes) => bytes.length - 80),
  },
  {
    what: "the footer of a run",
    says: /\.run at offset \d+: the footer/,
    apply: flip(".run", (bytes) => bytes.length - 30),
  },
  {
    what: "half a run",
    says: /\.run at offset \d+/,
    apply: (directory) => {
      change(file(directory, ".run"), (bytes) => bytes.subarray(0, bytes.length >> 1));
    },
  },
  {
    what: "the manifest",
    says: /MANIFEST at offset 0/,
    apply: flip("MANIFEST", (bytes) => bytes.length >> 1),
  },
  { what: "no manifest", says: /MANIFEST.* missing/, apply: without("store", "MANIFEST") },
  { what: "no store at all", says: /store is (empty|missing)/, apply: without("store") },
  {
    what: "a missing table",
    says: /\.table is missing/,
    apply: (directory) => {
      rmSync(file(directory, ".table"));
    },
  },
  {
    what: "the system snapshot",
    says: /\.system at offset 0/,
    apply: flip(".system", (bytes) => bytes.length - 1),
  },
  {
    what: "the identity",
    says: /identity\.json does not hold what was written/,
    apply: flip("identity.json", () => 0),
  },
  {
    what: "no identity",
    says: /store|identity\.json/,
    code: "T4_DATA_DIR_UNUSABLE",
    apply: without("identity.json"),
  },
  {
    what: "a newer segment",
    ...newer(".wal", (bytes) => {
      bytes.writeUInt32LE(77, 8);
      return bytes;
    }),
  },
  { what: "a newer table", ...newer(".table", newerBlockFile) },
  { what: "a newer run", ...newer(".run", newerBlockFile) },
  {
    what: "a newer manifest",
    ...newer("MANIFEST", (bytes) => {
      const body = bytes.subarray(bytes.indexOf("\n") + 1);
      const sum = crc32(Buffer.concat([Buffer.from("t4-manifest 77 \n"), body]));
      const head = `t4-manifest 77 ${sum.toString(16).padStart(8, "0")}\n`;
      return Buffer.concat([Buffer.from(head), body]);
    }),
  },
  {
    what: "a newer system snapshot",
    ...newer(".system", (bytes) => {
      bytes.writeUInt32LE(77, 4);
      bytes.writeUInt32LE(crc32(bytes.subarray(12), crc32(bytes.subarray(0, 8))), 8);
      return bytes;
    }),
  },
  {
    what: "a newer identity",
    ...newer("identity.json", (bytes) =>
      Buffer.from(bytes.toString().replace(/"formatVersion": *\d+/, '"formatVersion": 77')),
    ),
  },
];

/** Every file with its content; the lock and empty directories are no data. */
function contents(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(directory, { recursive: true }) as string[]) {
    const path = join(directory, name);
    if (statSync(path).isFile() && name !== "lock") {
      files.set(name, readFileSync(path, "latin1"));
    }
  }
  return files;
}

/** In this process, as the embedded API and inspection see it. */
async function checkThrown(damage: Damage, directory: string): Promise<void> {
  for (const look of [
    async () => (await openReadOnly(directory, RUNTIME)).close(),
    async () => (await open({ dataDir: directory })).close(),
  ]) {
    await assert.rejects(look, (error) => {
      assert.ok(error instanceof T4Error, damage.what);
      assert.equal(error.code, damage.code ?? "T4_CORRUPT", damage.what);
      assert.match(error.message, damage.says, damage.what);
      return true;
    });
  }
}

/** As who runs a server sees it. */
async function checkPrinted(damage: Damage, directory: string): Promise<void> {
  for (const command of [
    ["inspect", "list", "--data-dir", directory],
    ["run", "--listen", "127.0.0.1:0", "--data-dir", directory],
  ]) {
    const { code: exitCode, stdout, stderr } = await t4(command);
    const shown = `${damage.what}: t4 ${command[0] ?? ""}: ${stderr}`;
    assert.equal(exitCode, 1, shown);
    assert.match(stderr, damage.says, shown);
    assert.ok(stderr.includes(`${damage.code ?? "T4_CORRUPT"}: `), shown);
    assert.doesNotMatch(stderr, /\n\s+at /, `a stack is for bugs: ${shown}`);
    assert.equal(stdout, "", shown);
  }
}

async function withDirectory(use: (path: string) => Promise<void>): Promise<void> {
  const path = await makeTempDirectory("damaged");
  try {
    await use(path);
  } finally {
    await removeTempDirectory(path);
  }
}

test("what is damaged, missing or newer is refused, named and left as it is", async () => {
  await withDirectory(async (path) => {
    const sound = join(path, "sound");
    await makeSound(sound);
    for (const [at, damage] of DAMAGES.entries()) {
      const directory = join(path, String(at));
      cpSync(sound, directory, { recursive: true });
      damage.apply(directory);
      const before = contents(directory);
      await checkThrown(damage, directory);
      if (PRINTED.has(damage.what)) {
        await checkPrinted(damage, directory);
      }
      assert.deepEqual(contents(directory), before, damage.what);
    }
  });
});

test("a torn tail of the log is cut with a warning, and nothing else is lost", async () => {
  await withDirectory(async (path) => {
    const directory = join(path, "data");
    await makeSound(directory);
    // As a power loss leaves a group that was never acknowledged: some of its sectors, the others zero.
    change(file(directory, ".wal"), (bytes) =>
      Buffer.concat([bytes, bytes.subarray(64, 200), Buffer.alloc(8_192)]),
    );
    const listed = await t4(["inspect", "count", "--data-dir", directory]);
    assert.deepEqual([listed.code, listed.stdout], [0, "620\n"], listed.stderr);
    using server = await startServer(directory);
    using client = new GrpcClient(server.address);
    const answer = await client.must("/etcdserverpb.KV/Range", {
      key: Buffer.from([0]),
      range_end: Buffer.from([0]),
      count_only: true,
    });
    assert.equal(answer["count"], "620");
    server.kill("SIGTERM");
    const { code, stderr } = await server.ended;
    assert.equal(code, 0);
    assert.match(stderr, /unfinished group at the end of the log is cut off/);
  });
});

test("damage met while serving refuses what needs it, names the place once, and stops a merge", async () => {
  await withDirectory(async (path) => {
    const directory = join(path, "data");
    await makeSound(directory);
    const place = 5_000;
    flip(".table", () => place)(directory);
    using server = await startServer(directory);
    using client = new GrpcClient(server.address);
    const whole = { key: Buffer.from("first/"), range_end: Buffer.from("first0") };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const read = await client.call("/etcdserverpb.KV/Range", whole);
      assert.deepEqual(read, { ok: false, code: 15, message: "etcdserver: corrupt cluster" });
    }
    await client.must("/etcdserverpb.KV/Put", { key: Buffer.from("new"), value: Buffer.from("x") });
    await client.must("/etcdserverpb.KV/Range", { key: Buffer.from("second/7") });
    const named = server.stderr().match(/0000000001\.table at offset \d+/g) ?? [];
    assert.equal(named.length, 1, server.stderr());
    // All of it is rewritten once most of it is dead, and that cannot be done.
    await client.must("/etcdserverpb.KV/DeleteRange", whole);
    const { header } = await client.must("/etcdserverpb.KV/Put", { key: Buffer.from("last") });
    await client.call("/etcdserverpb.KV/Compact", {
      revision: (header as { revision: string }).revision,
      physical: true,
    });
    const { code, stderr } = await server.ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error: .*0000000001\.table at offset \d+/);
  });
});
