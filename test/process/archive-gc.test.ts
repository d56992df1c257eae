// t4 gc beside a node that runs: the node is asked through its client port, and nobody else is taken for it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodeLockRecord, encodeLockRecord } from "../../src/election/lock-record.js";
import { freePort } from "../support/process/free-port.js";
import { GrpcClient } from "../support/grpc-client.js";
import { beginServer, startServer, t4, type CommandResult } from "../support/process/t4-command.js";
import { tlsFixturePath } from "../support/tls-fixtures.js";
import {
  Acknowledged,
  ASYNC,
  directoryPlaces,
  eventually,
  fakePlaces,
  type Places,
} from "./archive-harness.js";

const CHECKPOINTS = ["--checkpoint-entries", "5"];
const WANTED = ["--keep", "1", "--restore-window", "1ms"];

/** Leaves a database with a checkpoint that nobody runs. */
async function makeCheckpoint({ data, flags }: Places): Promise<void> {
  using server = await startServer(data, [...flags, ...CHECKPOINTS]);
  using client = new GrpcClient(server.address);
  await new Acknowledged().fill(client, 0, 1_000);
  await eventually(() => server.stderr().includes("checkpoint made"));
  server.kill("SIGTERM");
  await server.ended;
}

describe("gc beside a server", { concurrency: true }, () => {
  for (const [name, make] of [
    ["a directory", directoryPlaces],
    ["a fake S3", fakePlaces],
  ] as const) {
    test(`the server that leads collects, and goes on (${name})`, async () => {
      await using places = await make();
      const written = new Acknowledged();
      using server = await startServer(places.data, [...places.flags, ...CHECKPOINTS]);
      using client = new GrpcClient(server.address);
      for (let round = 1; round <= 2; round += 1) {
        await written.fill(client, 0, 1_000);
        await eventually(() => server.stderr().split("checkpoint made").length > round);
      }
      const run = await t4([
        "gc",
        ...places.flags,
        ...WANTED,
        "--endpoint",
        server.address,
        "--json",
      ]);
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.stderr, /leads, and collected/);
      const told = JSON.parse(run.stdout) as { kind: string; keptCheckpoints: string[] };
      assert.equal(told.kind, "collected");
      assert.equal(told.keptCheckpoints.length, 1);
      await written.fill(client, 0, 1_000);
      await written.verify(client);
      const verified = await t4(["verify", ...places.flags]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    });
  }

  test("a server of another database refuses, and so does one without an object store", async () => {
    await using places = await directoryPlaces();
    await using others = await directoryPlaces();
    await makeCheckpoint(places);
    for (const flags of [others.flags, []]) {
      using other = await startServer(join(others.root, `data-${flags.length}`), flags);
      const run = await t4(["gc", ...places.flags, ...WANTED, "--endpoint", other.address]);
      assert.equal(run.code, 1, run.stdout);
      assert.match(run.stderr, /this server has cluster/);
    }
    const nobody = await t4(["gc", ...places.flags, "--endpoint", "127.0.0.1:1"]);
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /127\.0\.0\.1:1 cannot be reached/);
  });

  test("a server with auth, TLS and client certificates is asked by who may, and lets nobody else", async () => {
    await using places = await directoryPlaces();
    await makeCheckpoint(places);
    const port = String(await freePort());
    const env = { ...process.env, T4_ROOT_PASSWORD: "secret" };
    using server = await startServer(
      places.data,
      [
        ...places.flags,
        ...["--client-tls-cert", tlsFixturePath("server.pem")],
        ...["--client-tls-key", tlsFixturePath("server-key.pem")],
        ...["--client-tls-ca", tlsFixturePath("ca.pem"), "--auth-enabled"],
        // The last one counts: where the lock says that it is.
        ...["--listen", `127.0.0.1:${port}`],
      ],
      { env },
    );
    const secured = [
      ...["--cacert", tlsFixturePath("ca.pem")],
      ...["--cert", tlsFixturePath("client.pem"), "--key", tlsFixturePath("client-key.pem")],
    ];
    const named = ["--endpoint", server.address];
    const ask = async (...flags: string[]): Promise<CommandResult> =>
      t4(["gc", ...places.flags, ...WANTED, ...flags]);
    const status = await t4(["status", ...places.flags]);
    assert.match(status.stdout, new RegExp(`at https://127\\.0\\.0\\.1:${port},`));
    const plain = await ask(...named);
    assert.equal(plain.code, 1, plain.stdout);
    assert.match(plain.stderr, /cannot be reached.*--cacert/);
    const alice = await ask(...named, ...secured);
    assert.equal(alice.code, 1, alice.stdout);
    assert.match(alice.stderr, /refused: etcdserver: user name not found.*--user/);
    for (const flags of [named, []]) {
      const root = await ask(...flags, ...secured, "--user", "root:secret");
      assert.equal(root.code, 0, root.stderr);
      assert.match(root.stderr, /leads, and collected/);
    }
  });

  test("a lock that names somebody else's server, or no place at all, is waited for", async () => {
    await using others = await directoryPlaces();
    using other = await startServer(others.data, others.flags);
    const addresses: [string, RegExp][] = [
      [other.address, /refused: this server has cluster/],
      [":::3379", /":::3379" is no place/],
    ];
    const collect = async (address: string, message: RegExp): Promise<void> => {
      await using places = await directoryPlaces();
      await makeCheckpoint(places);
      const store = await places.open("");
      const lock = await store.get("leader-lock");
      assert.ok(lock !== null);
      const record = decodeLockRecord(lock.body, "leader-lock");
      const left = encodeLockRecord({ ...record, address, state: "held" });
      await store.put("leader-lock", left);
      await store.close();
      const run = await t4(["gc", ...places.flags, ...WANTED]);
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.stderr, message);
      assert.match(run.stderr, /waiting up to 10 s/);
    };
    await Promise.all(addresses.map(async (each) => collect(...each)));
  });

  test("a server that listens at every address is found by its lock", async () => {
    await using places = await directoryPlaces();
    await makeCheckpoint(places);
    for (const host of ["", "[::]"]) {
      const listen = `${host}:${String(await freePort())}`;
      using server = beginServer(places.data, [...places.flags, "--listen", listen]);
      await eventually(() => server.stdout().includes("t4 is ready"));
      const run = await t4(["gc", ...places.flags, ...WANTED]);
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.stderr, /leads, and collected/);
      server.kill("SIGTERM");
      await server.ended;
    }
  });

  test("a place that takes connections and says nothing is given up", async () => {
    await using places = await directoryPlaces();
    await makeCheckpoint(places);
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const run = await t4(["gc", ...places.flags, "--endpoint", `127.0.0.1:${String(port)}`]);
    silent.close();
    assert.equal(run.code, 1, run.stdout);
    assert.match(run.stderr, /cannot be reached: .*no HTTP\/2 connection within 5 s/);
  });

  test("an endpoint that is none is told in words", async () => {
    await using places = await directoryPlaces();
    await makeCheckpoint(places);
    for (const endpoint of [":::3379", "nowhere", "http://"]) {
      const run = await t4(["gc", ...places.flags, "--endpoint", endpoint]);
      assert.equal(run.code, 2, run.stdout);
      assert.match(run.stderr, /is no endpoint: give host:port/);
      assert.doesNotMatch(run.stderr, /\n {4}at /, "no stack");
    }
  });

  test("a server that was killed is not waited for where its disk may have more", async () => {
    await using places = await directoryPlaces();
    {
      using server = await startServer(places.data, [...places.flags, ...ASYNC, ...CHECKPOINTS]);
      using client = new GrpcClient(server.address);
      await new Acknowledged().fill(client, 0, 1_000);
      await eventually(() => server.stderr().includes("checkpoint made"));
      server.kill("SIGKILL");
      await server.ended;
    }
    const run = await t4(["gc", ...places.flags]);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /start it again first/);
  });
});
