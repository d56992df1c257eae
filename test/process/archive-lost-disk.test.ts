// The disk of a node is lost, or its process is killed: what was acknowledged is there when it is started again.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { describe, test } from "node:test";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { startServer } from "../support/process/t4-command.js";
import {
  Acknowledged,
  ASYNC,
  directoryPlaces,
  eventually,
  fakePlaces,
  metric,
  readAll,
} from "./archive-harness.js";

const KEYS = 3_000;
/** By how much a node that may have lost something raises the revision. */
const RAISED_BY = 1_000_000_000;

describe("a lost disk", { concurrency: true }, () => {
  for (const [name, make] of [
    ["a directory", directoryPlaces],
    ["S3", fakePlaces],
  ] as const) {
    test(`with ${name}, a node that waits for the store loses nothing with its disk`, async () => {
      await using places = await make();
      const written = new Acknowledged();
      {
        using server = await startServer(places.data, places.flags);
        using client = new GrpcClient(server.address);
        await written.fill(client, 0, KEYS);
        server.kill("SIGKILL");
        await server.ended;
      }
      {
        using server = await startServer(places.data, places.flags);
        assert.doesNotMatch(server.stderr(), /waiting for its lock/);
        using client = new GrpcClient(server.address);
        await written.verify(client);
        await written.fill(client, KEYS, 500);
        server.kill("SIGKILL");
        await server.ended;
      }
      await rm(places.data, { recursive: true });
      using server = await startServer(places.data, places.flags);
      using client = new GrpcClient(server.address);
      await written.verify(client);
      await written.fill(client, 0, 100);
      await written.verify(client);
    });

    test(`with ${name}, a node that does not wait loses with its disk what was not uploaded, and says so`, async () => {
      await using places = await make();
      const flags = [...places.flags, ...ASYNC];
      const uploaded = new Acknowledged();
      const lost = new Acknowledged();
      {
        using server = await startServer(places.data, [...flags, "--segment-max-age-sec", "1"]);
        using client = new GrpcClient(server.address);
        await uploaded.fill(client, 0, KEYS);
        await eventually(
          async () => (await metric(server.address, "t4_archive_backlog_entries")) === 0,
        );
        server.kill("SIGKILL");
        await server.ended;
      }
      {
        // What the archive lacks is archived at the next start.
        using server = await startServer(places.data, [...flags, "--segment-max-age-sec", "3600"]);
        using client = new GrpcClient(server.address);
        await uploaded.verify(client);
        // Until then that could take what is written next with it.
        await eventually(
          async () => (await metric(server.address, "t4_archive_backlog_entries")) === 0,
        );
        await lost.fill(client, 100_000, 100);
        assert.ok((await metric(server.address, "t4_archive_backlog_entries")) > 0);
        server.kill("SIGKILL");
        await server.ended;
      }
      await rm(places.data, { recursive: true });
      using server = await startServer(places.data, flags);
      assert.match(server.stderr(), /may be lost/);
      using client = new GrpcClient(server.address);
      await uploaded.verify(client);
      const { rows, revision } = await readAll(client);
      assert.equal(rows.size, KEYS);
      assert.ok(revision >= uploaded.revision + RAISED_BY, `revision ${revision}`);
      using watch = client.open("/etcdserverpb.Watch/Watch");
      watch.send({
        create_request: { key: Buffer.from("key/"), start_revision: String(lost.revision) },
      });
      const canceled = (): Message | undefined =>
        watch.received.find(({ canceled: isCanceled }) => isCanceled === true);
      await watch.until("the cancellation", () => canceled() !== undefined);
      assert.ok(Number(canceled()?.["compact_revision"]) > lost.revision);
    });
  }

  test("what was not uploaded before a kill is uploaded after the restart, which does not wait", async () => {
    await using places = await fakePlaces();
    const flags = [...places.flags, ...ASYNC];
    const written = new Acknowledged();
    {
      using server = await startServer(places.data, flags);
      using client = new GrpcClient(server.address);
      await written.fill(client, 0, KEYS);
      server.kill("SIGKILL");
      await server.ended;
    }
    {
      using server = await startServer(places.data, flags);
      assert.doesNotMatch(server.stderr(), /waiting for its lock/);
      using client = new GrpcClient(server.address);
      await written.verify(client);
      server.kill("SIGTERM");
      assert.equal((await server.ended).code, 0, server.stderr());
    }
    await rm(places.data, { recursive: true });
    using server = await startServer(places.data, flags);
    using client = new GrpcClient(server.address);
    await written.verify(client);
    const { revision } = await readAll(client);
    assert.ok(revision < RAISED_BY, "nothing can have been lost");
  });
});
