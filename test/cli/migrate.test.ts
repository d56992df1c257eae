// `t4 import` and `t4 export` as a person or a script meets them. The snapshots in test/fixtures/ were saved from etcd 3.4.23
// and 3.6.5 (the latter restored from a file that `t4 export` wrote): 60 puts of k0 to k22, a lease, deletes, compacted at 20.
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { repositoryPath } from "../support/paths.js";
import { startServer, t4, type CommandResult } from "../support/process/t4-command.js";
import { must } from "../support/process/t4-results.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

const ETCD_3_4 = repositoryPath("test/fixtures/etcd-3.4.snapshot.db");
const ETCD_3_6 = repositoryPath("test/fixtures/etcd-3.6.snapshot.db");

let root = "";
let places = 0;

before(async () => {
  root = await makeTempDirectory("cli-migrate");
});

after(async () => {
  await removeTempDirectory(root);
});

function fresh(name: string): string {
  places += 1;
  return join(root, `${name}-${places}`);
}

async function fails(message: RegExp, ...args: string[]): Promise<CommandResult> {
  const result = await t4(args);
  assert.ok(result.code === 1 || result.code === 2, `t4 ${args.join(" ")}: ${result.stdout}`);
  assert.match(result.stderr, message);
  assert.doesNotMatch(result.stderr, /\n {4}at /, "no stack");
  return result;
}

const json = (result: CommandResult): Message => JSON.parse(result.stdout) as Message;

test("snapshots of etcd 3.4 and 3.6 are imported, and exported as they were", async () => {
  for (const [from, revision, keys] of [
    [ETCD_3_4, 66, 24],
    [ETCD_3_6, 67, 25],
  ] as const) {
    const data = fresh("data");
    const told = json(await must("import", "--from", from, "--data-dir", data, "--json"));
    assert.equal(told["revision"], revision);
    assert.equal(told["compactRevision"], 20);
    assert.equal(told["keys"], keys);
    assert.equal(told["leases"], 1);
    const history = await must("inspect", "history", "k3", "--data-dir", data, "--json");
    assert.deepEqual(
      history.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Message)
        .map(({ modRevision, version, deleted }) => [modRevision, version ?? deleted]),
      [
        [27, 2],
        [50, 3],
        [63, true],
        [64, 1],
      ],
    );
    const [once, again] = [fresh("once.db"), fresh("again.db")];
    await must("export", once, "--data-dir", data);
    const copy = fresh("data");
    await must("import", "--from", once, "--data-dir", copy);
    await must("export", again, "--data-dir", copy);
    assert.deepEqual(readFileSync(again), readFileSync(once));
  }
});

test("what is imported is served, goes on, and is archived by its first start with an object store", async () => {
  const data = fresh("data");
  const objects = `file://${fresh("objects")}`;
  await must("import", "--from", ETCD_3_4, "--data-dir", data);
  const flags = ["--object-store", objects];
  {
    using server = await startServer(data, flags);
    using client = new GrpcClient(server.address);
    const put = await client.must("/etcdserverpb.KV/Put", {
      key: Buffer.from("later"),
      value: Buffer.from("x"),
    });
    assert.equal((put["header"] as Message)["revision"], "67");
    server.kill("SIGTERM");
    await server.ended;
  }
  rmSync(data, { recursive: true });
  using server = await startServer(data, flags);
  using client = new GrpcClient(server.address);
  const old = await client.must("/etcdserverpb.KV/Range", { key: Buffer.from("k1"), revision: 30 });
  const [kv] = old["kvs"] as Message[];
  assert.equal(String(kv!["value"]), "value 24");
  const { leases } = await client.must("/etcdserverpb.Lease/LeaseLeases", {});
  assert.equal((leases as unknown[]).length, 1);
  server.kill("SIGTERM");
  await server.ended;
});

test("what cannot be imported is refused with what to do, and nothing is made", async () => {
  const data = fresh("data");
  const good = readFileSync(ETCD_3_4);
  const write = (content: Uint8Array): string => {
    const path = fresh("bad.db");
    writeFileSync(path, content);
    return path;
  };
  const directory = fresh("directory");
  mkdirSync(directory);
  const flipped = Buffer.from(good);
  flipped[10_000]! ^= 1;
  const cases: readonly (readonly [string, RegExp])[] = [
    [fresh("absent.db"), /absent.*cannot be read/],
    [directory, /cannot be read/],
    [write(Buffer.alloc(0)), /no snapshot of etcd.*etcdctl snapshot save/],
    [write(Buffer.from("hello")), /no snapshot of etcd/],
    [write(good.subarray(0, 20_001)), /no hash at its end.*--skip-hash-check/],
    [write(good.subarray(0, good.length - 32)), /no hash at its end/],
    [write(flipped), /SHA-256.*--skip-hash-check/],
  ];
  for (const [from, message] of cases) {
    await fails(message, "import", "--from", from, "--data-dir", data);
  }
  await fails(/say what to import/, "import", "--data-dir", data);
  await fails(/go with --endpoints/, "import", "--from", ETCD_3_4, "--prefix", "a");
  assert.equal(existsSync(data), false);
  const cut = write(good.subarray(0, 12_288));
  await fails(/cut short/, "import", "--from", cut, "--skip-hash-check", "--data-dir", data);
  await must("import", "--from", ETCD_3_4, "--data-dir", data);
  await fails(/holds a database already/, "import", "--from", ETCD_3_4, "--data-dir", data);
  const home = fresh("home");
  mkdirSync(home);
  writeFileSync(join(home, "thesis.tex"), "");
  await fails(/thesis\.tex/, "import", "--from", ETCD_3_4, "--data-dir", home);
  assert.deepEqual(readdirSync(home), ["thesis.tex"]);
});

test("an export that cannot be written leaves what was there", async () => {
  const data = fresh("data");
  await fails(/no data directory|identity/, "export", fresh("x.db"), "--data-dir", data);
  await must("import", "--from", ETCD_3_4, "--data-dir", data);
  await fails(/cannot be written/, "export", join(fresh("absent"), "x.db"), "--data-dir", data);
  const kept = fresh("kept.db");
  copyFileSync(ETCD_3_4, kept);
  await fails(/sent no snapshot/, "export", kept, "--endpoint", "127.0.0.1:1");
  assert.deepEqual(readFileSync(kept), readFileSync(ETCD_3_4));
  assert.equal(existsSync(`${kept}.part`), false);
});

test("a running server is copied into a directory and into another server, and saved", async () => {
  const from = fresh("data");
  await must("import", "--from", ETCD_3_4, "--data-dir", from);
  using source = await startServer(from);
  const copy = fresh("copy");
  const endpoints = ["--endpoints", `127.0.0.1:1,${source.address}`];
  const told = json(await must("import", ...endpoints, "--data-dir", copy, "--json"));
  assert.deepEqual([told["keys"], told["leases"], told["sourceRevision"]], [24, 1, 66]);
  const listed = async (data: string): Promise<unknown[]> => {
    const { stdout } = await must("inspect", "list", "--data-dir", data, "--json");
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Message);
    return rows.map(({ key, value, lease }) => [key, value, lease]);
  };
  assert.deepEqual(await listed(copy), await listed(from));
  using target = await startServer(copy);
  const state = ["--state", fresh("state.json")];
  const part = json(
    await must(
      "import",
      ...endpoints,
      "--prefix",
      "k1",
      "--to",
      target.address,
      ...state,
      "--json",
    ),
  );
  assert.equal(part["keys"], 11);
  assert.equal(existsSync(state[1]!), false);
  const saved = fresh("saved.db");
  await must("export", saved, "--endpoint", source.address);
  const again = json(await must("import", "--from", saved, "--data-dir", fresh("data"), "--json"));
  assert.deepEqual([again["revision"], again["compactRevision"], again["leases"]], [66, 20, 1]);
  await fails(/user name:password|name:password/, "import", ...endpoints, "--user", "x");
  await fails(/is no endpoint/, "import", "--endpoints", "nowhere", "--data-dir", fresh("data"));
});

test("a copy goes on where it was interrupted, and its directory is no database until then", async () => {
  const from = fresh("data");
  await must("import", "--from", ETCD_3_4, "--data-dir", from);
  using source = await startServer(from);
  using client = new GrpcClient(source.address);
  const { header } = await client.must("/etcdserverpb.KV/Range", { key: Buffer.from("k") });
  const cluster = BigInt((header as Message)["cluster_id"] as string)
    .toString(16)
    .padStart(16, "0");
  const copy = fresh("copy");
  mkdirSync(copy);
  const state = {
    ...{ format: 1, cluster, prefix: "", to: "", revision: 66, total: 24 },
    ...{ after: Buffer.from("k20").toString("hex"), copied: 15 },
  };
  const keep = (more: object): void => {
    writeFileSync(join(copy, "import.json"), JSON.stringify({ ...state, ...more }));
  };
  keep({});
  await fails(/not all are there: run the same t4 import again/, "run", "--data-dir", copy);
  await fails(/not all are there/, "import", "--from", ETCD_3_4, "--data-dir", copy);
  const endpoints = ["--endpoints", source.address, "--data-dir", copy];
  keep({ cluster: "1".repeat(16) });
  await fails(/is of another copy/, "import", ...endpoints);
  writeFileSync(join(copy, "import.json"), "{}");
  await fails(/does not say how far/, "import", ...endpoints);
  keep({ revision: 5 });
  await fails(/has compacted revision 5.*snapshot/, "import", ...endpoints);
  keep({});
  const { stderr, stdout } = await must("import", ...endpoints);
  assert.match(stderr, /going on after 15 of 24 keys, as of revision 66/);
  assert.match(stdout, /copied 24 keys/);
  const { stdout: keys } = await must("inspect", "list", "--keys-only", "--data-dir", copy);
  assert.equal(keys.trim().split("\n").length, 9);
  await fails(/holds a database already/, "import", ...endpoints);
});
