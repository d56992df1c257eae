// The server against two independent clients over real sockets: @grpc/grpc-js and node:http2.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { TransportServer } from "../../src/transport/server.js";
import { makeEchoService, type EchoService } from "./echo-service.js";

const raw = (bytes: Buffer): Buffer => bytes;

interface Outcome {
  readonly error: grpc.ServiceError | null;
  readonly value: Buffer | undefined;
}

async function call(
  client: grpc.Client,
  method: string,
  request: Buffer,
  options: grpc.CallOptions = {},
  metadata: grpc.Metadata = new grpc.Metadata(),
): Promise<Outcome> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      `/test.Echo/${method}`,
      raw,
      raw,
      request,
      metadata,
      options,
      (error, value) => {
        resolve({ error, value });
      },
    );
  });
}

describe("grpc-js as client", () => {
  let echo: EchoService;
  let server: TransportServer;
  let client: grpc.Client;
  let address: string;

  before(async () => {
    echo = makeEchoService();
    server = new TransportServer({
      clock: systemClock,
      services: echo.services,
      httpHandler: echo.httpHandler,
      host: "127.0.0.1",
      port: 0,
      onError: (error) => {
        echo.state.errors.push(error);
      },
    });
    const { port } = await server.listen();
    address = `127.0.0.1:${port}`;
    client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
    });
  });

  after(async () => {
    client.close();
    await server.close();
  });

  for (const size of [0, 1, 100, 16_000, 16_379, 16_384, 65_536, 1_000_000, 2_097_152]) {
    test(`a unary call carries ${size} bytes both ways`, async () => {
      const request = Buffer.alloc(size, 0x41);
      for (const method of ["Unary", "Later"]) {
        const { error, value } = await call(client, method, request);
        assert.equal(error, null);
        assert.ok(value?.equals(request) === true);
      }
    });
  }

  test("2,000 parallel calls are all answered with their own request", async () => {
    const calls = Array.from({ length: 2000 }, async (_, i) => {
      const method = i % 2 === 0 ? "Unary" : "Later";
      const deadline = new Date(Date.now() + 20_000 + i);
      const { error, value } = await call(client, method, Buffer.from(`call ${i}`), { deadline });
      assert.equal(error, null);
      assert.equal(value?.toString(), `call ${i}`);
    });
    await Promise.all(calls);
  });

  test("a message over the limit is refused in the words of grpc-go", async () => {
    const { error } = await call(client, "Unary", Buffer.alloc(3_000_010));
    assert.equal(error?.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.equal(error.details, "grpc: received message larger than max (3000010 vs. 2097152)");
  });
});
