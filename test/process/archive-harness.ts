// What the process tests of a node with an object store share: a store in a directory or on the fake S3, writers that remember
// what was acknowledged, and the account of it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectStore } from "../../src/object/object-store.js";
import { openObjectStore } from "../../src/object/open-object-store.js";
import { openS3ObjectStore } from "../../src/object/s3/s3-object-store.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { systemRandom } from "../../src/runtime/system-random.js";
import { BUCKET, startFake } from "../s3/harness.js";
import type { FakeS3, FakeS3Options } from "../s3/fake-s3.js";
import type { GrpcClient } from "../support/grpc-client.js";
import { type Message } from "../support/grpc-client.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { startVersitygw } from "../support/process/versitygw.js";
import { sleep } from "../support/process/wait.js";

export const ASYNC: readonly string[] = ["--wal-sync-upload", "false"];

const world = { clock: systemClock, random: systemRandom };

const PUT = "/etcdserverpb.KV/Put";
const RANGE = "/etcdserverpb.KV/Range";
const KEYS_PER_TXN = 100;

export interface Places extends AsyncDisposable {
  readonly root: string;
  readonly data: string;
  /** That name the store: "--object-store" and its URL first. */
  readonly flags: readonly string[];
  /** The same store in this process, or one beside it. */
  open(suffix: string): Promise<ObjectStore>;
}

export interface FakePlaces extends Places {
  readonly fake: FakeS3;
}

interface Context {
  after(run: () => Promise<void>): void;
}

/** A data directory that is not there yet, and a store in a directory. */
export async function directoryPlaces(): Promise<Places> {
  const root = await makeTempDirectory("archive");
  return {
    root,
    data: join(root, "data"),
    flags: ["--object-store", `file://${join(root, "store")}`],
    open: async (suffix) => openObjectStore(`file://${join(root, "store")}${suffix}`, world),
    [Symbol.asyncDispose]: async () => removeTempDirectory(root),
  };
}

/** A data directory that is not there yet, and a bucket of a fake S3. */
export async function fakePlaces(options: FakeS3Options = {}): Promise<FakePlaces> {
  const root = await makeTempDirectory("archive");
  const ends: (() => Promise<void>)[] = [];
  const context: Context = { after: (run) => ends.push(run) };
  const fake = await startFake(context, options);
  return {
    root,
    fake,
    data: join(root, "data"),
    flags: s3Flags(fake),
    open: async (suffix) => openPrefix(fake.url, fake.rules, suffix),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(ends.map(async (end) => end()));
      await removeTempDirectory(root);
    },
  };
}

/** A data directory that is not there yet, and a bucket of an S3 server that nobody here wrote. */
export async function versitygwPlaces(): Promise<Places> {
  const root = await makeTempDirectory("archive");
  const server = await startVersitygw([BUCKET]);
  return {
    root,
    data: join(root, "data"),
    flags: accessFlags(server.endpoint, server, "db"),
    open: async (suffix) => openPrefix(server.endpoint, server, suffix),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await removeTempDirectory(root);
    },
  };
}

export function s3Flags(fake: FakeS3, prefix = "db"): readonly string[] {
  return accessFlags(fake.url, fake.rules, prefix);
}

interface Access {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function openPrefix(endpoint: string, access: Access, suffix: string): Promise<ObjectStore> {
  const { region, accessKeyId, secretAccessKey } = access;
  return openS3ObjectStore({
    ...{ bucket: BUCKET, prefix: `db${suffix}`, endpoint },
    ...{ region, accessKeyId, secretAccessKey },
  });
}

function accessFlags(endpoint: string, access: Access, prefix: string): readonly string[] {
  return [
    ...["--object-store", `s3://${BUCKET}/${prefix}`],
    ...["--s3-endpoint", endpoint],
    ...["--s3-region", access.region],
    ...["--s3-access-key-id", access.accessKeyId],
    ...["--s3-secret-access-key", access.secretAccessKey],
  ];
}

export const key = (at: number): Buffer => Buffer.from(`key/${String(at).padStart(8, "0")}`);

/** One writer's keys: what was acknowledged last of each, and what may have been written since. */
export class Acknowledged {
  readonly values: Map<string, string> = new Map();
  /** Puts that failed: they may be there all the same. */
  readonly maybe: Map<string, Set<string>> = new Map();
  /** Of the last write of each key that was acknowledged. */
  readonly revisions: Map<string, number> = new Map();
  revision = 0;
  failures: { readonly code: number; readonly message: string }[] = [];

  async put(client: GrpcClient, name: string, value: string): Promise<boolean> {
    const outcome = await client.call(PUT, { key: Buffer.from(name), value: Buffer.from(value) });
    if (!outcome.ok) {
      this.failures.push(outcome);
      this.maybe.set(name, (this.maybe.get(name) ?? new Set()).add(value));
      return false;
    }
    this.maybe.delete(name);
    this.values.set(name, value);
    this.revisions.set(name, this.#see(outcome.response));
    return true;
  }

  /** `count` keys from `first` on, in transactions, by several callers at once. */
  async fill(client: GrpcClient, first: number, count: number, valueBytes = 32): Promise<void> {
    let at = first;
    const end = first + count;
    const run = async (): Promise<void> => {
      while (at < end) {
        const from = at;
        at += KEYS_PER_TXN;
        const puts = Array.from({ length: Math.min(KEYS_PER_TXN, end - from) }, (_, i) => ({
          key: key(from + i),
          value: Buffer.from(`value ${from + i} `.padEnd(valueBytes, "x")),
        }));
        const success = puts.map((put) => ({ request_put: put }));
        const revision = this.#see(await client.must("/etcdserverpb.KV/Txn", { success }));
        for (const put of puts) {
          this.values.set(put.key.toString(), put.value.toString());
          this.revisions.set(put.key.toString(), revision);
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, run));
  }

  #see(response: Message): number {
    const revision = Number((response["header"] as { revision: string }).revision);
    this.revision = Math.max(this.revision, revision);
    return revision;
  }

  /**
   * Every acknowledged write is there, and nothing that was never asked for. With `throughRevision`, what was acknowledged
   * with a later one, each to a key of its own, must be gone. Resolves to how many those are.
   */
  async verify(client: GrpcClient, throughRevision: number = Infinity): Promise<number> {
    const { rows, revision } = await readAll(client);
    const isCut = throughRevision !== Infinity;
    assert.ok(isCut || revision >= this.revision, `revision ${revision} after ${this.revision}`);
    let gone = 0;
    for (const [name, value] of this.values) {
      const found = rows.get(name);
      if ((this.revisions.get(name) ?? 0) > throughRevision) {
        gone += 1;
        assert.equal(found, undefined, `${name} was written after revision ${throughRevision}`);
        continue;
      }
      const isThere =
        found === value || (found !== undefined && this.maybe.get(name)?.has(found) === true);
      assert.ok(isThere, `${name}: ${found ?? "nothing"} instead of ${value}`);
    }
    for (const [name, value] of rows) {
      const isAsked = this.values.get(name) === value || this.maybe.get(name)?.has(value) === true;
      assert.ok(isAsked, `${name}: ${value} was never written`);
    }
    return gone;
  }
}

/** All keys, in parts that a message takes. */
export async function readAll(
  client: GrpcClient,
): Promise<{ readonly rows: Map<string, string>; readonly revision: number }> {
  const rows = new Map<string, string>();
  let revision = 0;
  for (let from = Buffer.from([0]); ;) {
    const answer = await client.must(RANGE, {
      key: from,
      range_end: Buffer.from([0]),
      limit: "20000",
      revision: String(revision),
    });
    revision ||= Number((answer["header"] as { revision: string }).revision);
    const kvs = answer["kvs"] as { key: Buffer; value: Buffer }[];
    for (const kv of kvs) {
      rows.set(kv.key.toString(), kv.value.toString());
    }
    const last = kvs.at(-1);
    if (last === undefined || answer["more"] !== true) {
      return { rows, revision };
    }
    from = Buffer.concat([last.key, Buffer.from([0])]);
  }
}

/** The value of a metric that the server shows, named with its labels if it has any. */
export async function metric(address: string, name: string): Promise<number> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  assert.ok(value !== undefined, `no metric ${name}`);
  return Number(value);
}

/** What a process has in memory (VmRSS), or the most that it ever had (VmHWM). */
export async function residentBytes(
  pid: number,
  field: "VmRSS" | "VmHWM" = "VmRSS",
): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) * 1024;
}

/** Returns when `holds` does. A test that waits in vain is ended by its runner. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await sleep(20);
  }
}
