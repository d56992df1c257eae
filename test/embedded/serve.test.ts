// A program that embeds the database and serves it as well: both see the same, and the figures of both are scraped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "../../src/index.js";
import { createMetrics, serve } from "../../src/server/index.js";
import { GrpcClient } from "../support/grpc-client.js";

test("a database that is open here is served to etcd's clients", async () => {
  const metrics = createMetrics();
  await using db = await open({ memory: true, metrics });
  const server = await serve(db, { port: 0, metrics });
  try {
    await db.put("greeting", "hello");
    const { host, port } = server.address;
    using client = new GrpcClient(`${host}:${port}`);
    const { kvs } = await client.must("/etcdserverpb.KV/Range", { key: Buffer.from("greeting") });
    assert.equal(String((kvs as { value: Buffer }[])[0]?.value), "hello");
    await client.must("/etcdserverpb.KV/Put", {
      key: Buffer.from("answer"),
      value: Buffer.from("42"),
    });
    assert.equal((await db.get("answer"))?.value, "42");
    const scraped = await (await fetch(`http://${host}:${port}/metrics`)).text();
    assert.match(scraped, /^etcd_mvcc_put_total 2$/m);
    assert.match(scraped, /^etcd_server_has_leader 1$/m);
  } finally {
    await server.close();
  }
  assert.equal((await db.get("greeting"))?.value, "hello", "it is its owner's");
});
