// Two processes on one prefix: the second one leaves the first alone while that is alive.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { Acknowledged, directoryPlaces } from "./archive-harness.js";

test("the second watches the lock, sees it renewed, and names who holds it", async () => {
  await using places = await directoryPlaces();
  using first = await startServer(places.data, [...places.flags, "--node-id", "alice"]);
  const other = join(places.root, "other");
  const second = await t4(["run", "--data-dir", other, "--listen", "127.0.0.1:0", ...places.flags]);
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /T4_LOCKED/);
  assert.match(second.stderr, /node alice at/);
  using client = new GrpcClient(first.address);
  const written = new Acknowledged();
  await written.fill(client, 0, 100);
  await written.verify(client);
});
