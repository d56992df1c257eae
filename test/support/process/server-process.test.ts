// What other tests rely on when they start a server.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { startT4 } from "./server-process.js";

test("a server whose port was taken while it was down comes back at another one", async () => {
  await using server = await startT4();
  const { port } = server;
  await server.kill();
  const taker = createServer((socket) => socket.destroy());
  taker.listen(port, "127.0.0.1");
  await once(taker, "listening");
  try {
    await server.start();
    assert.notEqual(server.port, port);
    assert.ok(await server.isHealthy());
  } finally {
    taker.close();
  }
});
