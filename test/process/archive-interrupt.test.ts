// Commands that look into an object store which does not answer: the first Ctrl-C ends them.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { GrpcClient } from "../support/grpc-client.js";
import { internalError } from "../s3/fake/faults.js";
import { startServer, t4, t4Signalled } from "../support/process/t4-command.js";
import { Acknowledged, eventually, fakePlaces } from "./archive-harness.js";

test("a command outlives the time between two tries", async () => {
  await using places = await fakePlaces();
  {
    using server = await startServer(places.data, places.flags);
    server.kill("SIGTERM");
    await server.ended;
  }
  places.fake.faults.next("*", internalError, 2);
  const { code, stdout, stderr } = await t4(["status", ...places.flags]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /leader +none; the last was node/);
});

test("a restore that is interrupted leaves no database, and the same command makes it", async () => {
  await using places = await fakePlaces();
  const { fake, data, root, flags } = places;
  const written = new Acknowledged();
  {
    using server = await startServer(data, [...flags, "--checkpoint-entries", "5"]);
    using client = new GrpcClient(server.address);
    await written.fill(client, 0, 2_000);
    await eventually(() => server.stderr().includes("checkpoint made"));
    await written.fill(client, 2_000, 500);
    server.kill("SIGTERM");
    await server.ended;
  }
  const target = join(root, "restored");
  const revision = ["--revision", String(written.revision), "--data-dir", target];
  const command = ["restore", "to", ...revision, ...flags];
  // The manifest and the checkpoint are read, and some of its files or of the log behind it.
  for (const answered of [3, 5, 7]) {
    fake.faults.next("*", { kind: "delay", delayMs: 0 }, answered);
    fake.faults.always("*", { kind: "hang" });
    const before = fake.requests.length;
    const ended = await t4Signalled(command, "SIGINT", async () =>
      eventually(() => fake.requests.length > before + answered),
    );
    assert.equal(ended.code, 130, ended.stdout + ended.stderr);
    assert.ok(existsSync(join(target, "store")), "it had begun");
    assert.ok(!existsSync(join(target, "identity.json")));
    fake.faults.none();
  }
  const done = await t4(command);
  assert.equal(done.code, 0, done.stderr);
  using server = await startServer(target);
  using client = new GrpcClient(server.address);
  await written.verify(client);
});

describe("an object store that does not answer", { concurrency: true }, () => {
  // The first read is of the manifest; what comes behind it is not alike in any two.
  for (const [answered, ...command] of [
    [0, "status"],
    [1, "status"],
    [1, "restore", "list"],
    [1, "branch", "list"],
    [1, "verify"],
  ] as const) {
    test(`t4 ${command.join(" ")} is ended by SIGINT after ${answered} answers`, async () => {
      await using places = await fakePlaces();
      const { fake, data, flags } = places;
      {
        using server = await startServer(data, flags);
        server.kill("SIGTERM");
        await server.ended;
      }
      fake.faults.next("*", { kind: "delay", delayMs: 0 }, answered);
      fake.faults.always("*", { kind: "hang" });
      const before = fake.requests.length;
      const { code, stdout, stderr } = await t4Signalled(
        [...command, ...flags],
        "SIGINT",
        async () => eventually(() => fake.requests.length > before + answered),
      );
      assert.equal(code, 130, stdout + stderr);
      assert.match(stderr, /error: stopped by SIGINT\n$/);
      assert.equal(stdout, "");
    });
  }
});
