// What the process tests of a node with an object store share: a store in a directory or on the fake S3, writers that remember
// what was acknowledged, and the account of it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { BUCKET, startFake } from "../s3/harness.js";
import type { FakeS3, FakeS3Options } from "../s3/fake-s3.js";
import type { GrpcClient } from "../support/grpc-client.js";
import { type Message } from "../support/grpc-client.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { sleep } from "../support/wait.js";

export const ASYNC: readonly string[] = ["--wal-sync-upload", "false"];

const PUT = "/etcdserverpb.KV/Put";
const RANGE = "/etcdserverpb.KV/Range";
const KEYS_PER_TXN = 100;

export interface Places extends AsyncDisposable {
  readonly root: string;
  readonly data: string;
  /** That name the store. */
  readonly flags: readonly string[];
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
    [Symbol.asyncDispose]: async () => {
      await Promise.all(ends.map(async (end) => end()));
      await removeTempDirectory(root);
    },
  };
}

export function s3Flags(fake: FakeS3, prefix = "db"): readonly string[] {
  const { accessKeyId, secretAccessKey, region } = fake.rules;
  return [
    ...["--object-store", `s3://${BUCKET}/${prefix}`],
    ...["--s3-endpoint", fake.url],
    ...["--s3-region", region],
    ...["--s3-access-key-id", accessKeyId],
    ...["--s3-secret-access-key", secretAccessKey],
  ];
}

export const key = (at: number): Buffer => Buffer.from(`key/${String(at).padStart(8, "0")}`);

/** One writer's keys: what was acknowledged last of each, and what may have been written since. */
export class Acknowledged {
  readonly values: Map<string, string> = new Map();
  /** Puts that failed: they may be there all the same. */
  readonly maybe: Map<string, Set<string>> = new Map();
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
    this.#see(outcome.response);
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
        this.#see(await client.must("/etcdserverpb.KV/Txn", { success }));
        for (const put of puts) {
          this.values.set(put.key.toString(), put.value.toString());
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, run));
  }

  #see(response: Message): void {
    const { revision } = response["header"] as { revision: string };
    this.revision = Math.max(this.revision, Number(revision));
  }

  /** Every acknowledged write is there, and nothing that was never asked for. */
  async verify(client: GrpcClient): Promise<void> {
    const { rows, revision } = await readAll(client);
    assert.ok(revision >= this.revision, `revision ${revision} after ${this.revision}`);
    for (const [name, value] of this.values) {
      const found = rows.get(name);
      const isThere =
        found === value || (found !== undefined && this.maybe.get(name)?.has(found) === true);
      assert.ok(isThere, `${name}: ${found ?? "nothing"} instead of ${value}`);
    }
    for (const [name, value] of rows) {
      const isAsked = this.values.get(name) === value || this.maybe.get(name)?.has(value) === true;
      assert.ok(isAsked, `${name}: ${value} was never written`);
    }
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

/** The value of a metric without labels that the server shows. */
export async function metric(address: string, name: string): Promise<number> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  assert.ok(value !== undefined, `no metric ${name}`);
  return Number(value);
}

export async function residentBytes(pid: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

/** Returns when `holds` does. A test that waits in vain is ended by its runner. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await sleep(20);
  }
}
