import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  decodeRangeResponse,
  emptyRangeRequest,
  sizeRangeRequest,
  writeRangeRequest,
} from "../../etcd/gen/rpc.js";
import { EtcdClient } from "./etcd-client.js";

test("a message that is not encoded as gRPC says is shown as it came", async () => {
  const messages = ["100% of it refused", "caf%C3%A9%20closed"];
  const server = createServer();
  server.on("stream", (stream) => {
    const message = messages.shift() ?? "";
    const status = { "grpc-status": "7", "grpc-message": message };
    stream.respond({ ":status": 200, ...status }, { endStream: true });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = new EtcdClient({ endpoints: [`127.0.0.1:${port}`] });
  const range = { size: sizeRangeRequest, write: writeRangeRequest };
  const call = async (): Promise<unknown> =>
    client.call("/etcdserverpb.KV/Range", range, emptyRangeRequest(), decodeRangeResponse);
  await assert.rejects(call(), { status: 7, message: "100% of it refused" });
  await assert.rejects(call(), { status: 7, message: "café closed" });
  client[Symbol.dispose]();
  server.close();
});
