// t4 gc beside a node that runs: the node is asked through its client port, and nobody else is taken for it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4 } from "../support/t4-command.js";
import { Acknowledged, ASYNC, directoryPlaces, eventually, fakePlaces } from "./archive-harness.js";

const CHECKPOINTS = ["--checkpoint-entries", "5"];
const WANTED = ["--keep", "1", "--restore-window", "1ms"];

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
    {
      using server = await startServer(places.data, [...places.flags, ...CHECKPOINTS]);
      using client = new GrpcClient(server.address);
      await new Acknowledged().fill(client, 0, 1_000);
      await eventually(() => server.stderr().includes("checkpoint made"));
      server.kill("SIGTERM");
      await server.ended;
    }
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
