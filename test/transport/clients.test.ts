// The server against two independent clients over real sockets: @grpc/grpc-js and node:http2.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { systemClock } from "../../src/runtime/system-clock.js";
import {
  ListenError,
  TransportServer,
  type TransportServerOptions,
} from "../../src/transport/server.js";
import { closed } from "../support/process/wait.js";
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

function makeServer(
  echo: EchoService,
  options: Partial<Pick<TransportServerOptions, "host" | "port" | "tls">>,
): TransportServer {
  return new TransportServer({
    clock: systemClock,
    services: echo.services,
    httpHandler: echo.httpHandler,
    host: "127.0.0.1",
    port: 0,
    onError: (error) => {
      echo.state.errors.push(error);
    },
    ...options,
  });
}

describe("grpc-js as client", () => {
  let echo: EchoService;
  let server: TransportServer;
  let client: grpc.Client;
  let address: string;

  before(async () => {
    echo = makeEchoService();
    server = makeServer(echo, {});
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

  test("errors carry their code and any text", async () => {
    for (const [code, text] of [
      [5, "etcdserver: requested lease not found"],
      [13, "100 % schön, 漢字, 🙂\n\tend"],
      [14, ""],
    ] as const) {
      const { error } = await call(client, "Fail", Buffer.from(JSON.stringify([code, text])));
      assert.equal(error?.code, code);
      assert.equal(error.details, text);
    }
  });

  test("unknown methods and services are refused in the words of grpc-go", async () => {
    const { error } = await call(client, "Nope", Buffer.alloc(0));
    assert.equal(error?.code, grpc.status.UNIMPLEMENTED);
    assert.equal(error.details, "unknown method Nope for service test.Echo");
  });

  test("a message over the limit is refused in the words of grpc-go", async () => {
    const { error } = await call(client, "Unary", Buffer.alloc(3_000_010));
    assert.equal(error?.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.equal(error.details, "grpc: received message larger than max (3000010 vs. 2097152)");
  });

  test("metadata arrives, binary as base64", async () => {
    const metadata = new grpc.Metadata();
    metadata.set("token", "abc.123");
    metadata.set("trace-bin", Buffer.from([0, 255, 7]));
    const of = async (name: string): Promise<unknown> => {
      const { value } = await call(client, "Metadata", Buffer.from(name), {}, metadata);
      return (JSON.parse(value?.toString() ?? "{}") as { value: unknown }).value;
    };
    assert.equal(await of("token"), "abc.123");
    assert.equal(await of("trace-bin"), Buffer.from([0, 255, 7]).toString("base64"));
    assert.equal(await of("nope"), null);
  });

  test("a deadline that passes fails the call and reaches the handler", async () => {
    const before = echo.state.cancelled;
    const { error } = await call(client, "Never", Buffer.alloc(1), {
      deadline: new Date(Date.now() + 50),
    });
    assert.equal(error?.code, grpc.status.DEADLINE_EXCEEDED);
    while (echo.state.cancelled === before) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(echo.state.waiting, 0);
  });

  test("a call cancelled by the client reaches the handler", async () => {
    const before = echo.state.cancelled;
    const running = client.makeUnaryRequest(
      "/test.Echo/Never",
      raw,
      raw,
      Buffer.alloc(1),
      () => undefined,
    );
    while (echo.state.waiting === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    running.cancel();
    while (echo.state.cancelled === before) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(echo.state.waiting, 0);
  });

  test("requests compressed with gzip are read", async () => {
    const zipped = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    });
    const request = Buffer.alloc(500_000, "gzip me ");
    const { error, value } = await call(zipped, "Unary", request);
    zipped.close();
    assert.equal(error, null);
    assert.ok(value?.equals(request) === true);
  });

  test("an encoding that is not supported is refused, with what is", async () => {
    const zipped = new grpc.Client(address, grpc.credentials.createInsecure(), {
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.deflate,
    });
    const { error } = await call(zipped, "Unary", Buffer.alloc(10_000));
    zipped.close();
    assert.equal(error?.code, grpc.status.UNIMPLEMENTED);
    assert.equal(error.details, 'grpc: Decompressor is not installed for grpc-encoding "deflate"');
    assert.deepEqual(error.metadata.get("grpc-accept-encoding"), ["identity,gzip"]);
  });

  test("a server stream of 20 MB arrives whole, and its queue stays small", async () => {
    const stream = client.makeServerStreamRequest(
      "/test.Echo/Repeat",
      raw,
      raw,
      Buffer.from("[20000,1000]"),
    );
    let messages = 0;
    await new Promise<void>((resolve, reject) => {
      stream.on("data", (reply: Buffer) => {
        assert.equal(reply.length, 1000);
        messages += 1;
        if (messages % 1000 === 0) {
          // A reader that stops now and then: back-pressure reaches the sender.
          stream.pause();
          setImmediate(() => stream.resume());
        }
      });
      stream.on("error", reject);
      stream.on("end", resolve);
    });
    assert.equal(messages, 20_000);
    assert.ok(echo.state.bufferedBytesMax < 256 * 1024 + 2000);
  });

  test("a bidirectional stream echoes in order and ends", async () => {
    const stream = client.makeBidiStreamRequest("/test.Echo/Chat", raw, raw);
    const replies: string[] = [];
    const ended = new Promise<grpc.StatusObject>((resolve, reject) => {
      stream.on("data", (reply: Buffer) => {
        replies.push(reply.toString());
      });
      stream.on("error", reject);
      stream.on("status", resolve);
    });
    const sent = Array.from({ length: 500 }, (_, i) => `message ${i} ${"x".repeat(i * 10)}`);
    for (const one of sent) {
      stream.write(Buffer.from(one));
    }
    stream.end();
    assert.equal((await ended).code, grpc.status.OK);
    assert.deepEqual(replies, sent);
  });

  test("a stream refused at once fails with its status", async () => {
    const stream = client.makeBidiStreamRequest("/test.Echo/Refuse", raw, raw);
    const error = await new Promise<grpc.ServiceError>((resolve) => {
      stream.on("error", (failure) => {
        resolve(failure as grpc.ServiceError);
      });
      stream.on("data", () => undefined);
    });
    assert.equal(error.code, grpc.status.PERMISSION_DENIED);
    assert.equal(error.details, "not for you");
  });
});

describe("node:http2 as client", () => {
  let server: TransportServer;
  let session: http2.ClientHttp2Session;

  before(async () => {
    const echo = makeEchoService();
    server = makeServer(echo, {});
    const { port } = await server.listen();
    session = http2.connect(`http://127.0.0.1:${port}`, {
      settings: { initialWindowSize: 100_000, headerTableSize: 0 },
    });
  });

  after(async () => {
    session.destroy();
    await server.close();
  });

  async function post(
    path: string,
    body: Buffer,
  ): Promise<{ body: Buffer; trailers: http2.IncomingHttpHeaders }> {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("trailers", (headers: http2.IncomingHttpHeaders) => {
      trailers = headers;
    });
    stream.end(body);
    await once(stream, "close");
    return { body: Buffer.concat(chunks), trailers };
  }

  test("100 large answers in parallel over small windows", async () => {
    const sizes = Array.from({ length: 100 }, (_, i) => i * 7001);
    await Promise.all(
      sizes.map(async (size) => {
        const request = Buffer.from(String(size));
        const head = Buffer.alloc(5);
        head.writeUInt32BE(request.length, 1);
        const { body, trailers } = await post("/test.Echo/Big", Buffer.concat([head, request]));
        assert.equal(body.length, size + 5);
        assert.equal(body.readUInt32BE(1), size);
        assert.equal(trailers["grpc-status"], "0");
      }),
    );
  });

  test("settings may change while streams run", async () => {
    const calls = Array.from({ length: 20 }, async () => {
      const request = Buffer.from("300000");
      const head = Buffer.alloc(5);
      head.writeUInt32BE(request.length, 1);
      return post("/test.Echo/Big", Buffer.concat([head, request]));
    });
    for (const size of [1, 1000, 70_000, 65_535]) {
      await new Promise((resolve) => {
        session.settings({ initialWindowSize: size, headerTableSize: size % 5000 }, resolve);
      });
    }
    for (const { body, trailers } of await Promise.all(calls)) {
      assert.equal(body.length, 300_005);
      assert.equal(trailers["grpc-status"], "0");
    }
  });
});

describe("TLS", () => {
  const root = new URL("../../../test/fixtures/tls/", import.meta.url);
  const pem = (name: string): Buffer => readFileSync(new URL(name, root));

  test("gRPC by ALPN, HTTP/1.1 and HTTP/2 on one port", async () => {
    const server = makeServer(makeEchoService(), {
      tls: { cert: pem("server.pem"), key: pem("server-key.pem"), clientCertificates: "none" },
    });
    const { port } = await server.listen();
    const client = new grpc.Client(`localhost:${port}`, grpc.credentials.createSsl(pem("ca.pem")));
    const request = Buffer.alloc(300_000, "tls");
    const { error, value } = await call(client, "Later", request);
    assert.equal(error, null);
    assert.ok(value?.equals(request) === true);
    client.close();

    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        host: "localhost",
        port,
        path: "/version",
        ca: pem("ca.pem"),
        agent: false,
      };
      https.get(options, resolve).on("error", reject);
    });
    assert.equal(answer.statusCode, 200);
    answer.resume();
    await once(answer, "end");

    const session = http2.connect(`https://localhost:${port}`, { ca: pem("ca.pem") });
    const stream = session.request({ ":path": "/version" });
    stream.resume();
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    assert.equal(headers[":status"], 200);
    session.destroy();
    await server.close();
    assert.equal(server.counters.connectionsOpen, 0);
  });

  test("client certificates are checked, and their common name is known", async () => {
    const server = makeServer(makeEchoService(), {
      tls: {
        cert: pem("server.pem"),
        key: pem("server-key.pem"),
        ca: pem("ca.pem"),
        clientCertificates: "verify",
      },
    });
    const { port } = await server.listen();
    const alice = new grpc.Client(
      `localhost:${port}`,
      grpc.credentials.createSsl(pem("ca.pem"), pem("client-key.pem"), pem("client.pem")),
    );
    const { value } = await call(alice, "Metadata", Buffer.from("x"));
    const seen = JSON.parse(value?.toString() ?? "{}") as { commonName: unknown; peer: string };
    assert.equal(seen.commonName, "alice");
    assert.match(seen.peer, /:\d+$/);
    alice.close();
    const nobody = new grpc.Client(`localhost:${port}`, grpc.credentials.createSsl(pem("ca.pem")));
    const { error } = await call(nobody, "Unary", Buffer.from("x"), {
      deadline: new Date(Date.now() + 5000),
    });
    assert.equal(error?.code, grpc.status.UNAVAILABLE);
    nobody.close();
    await server.close();
  });

  test("a plaintext client on a TLS port is counted and closed", async () => {
    const server = makeServer(makeEchoService(), {
      tls: { cert: pem("server.pem"), key: pem("server-key.pem"), clientCertificates: "none" },
    });
    const { port } = await server.listen();
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    socket.resume();
    await closed(socket);
    assert.equal(server.counters.handshakesFailed, 1);
    await server.close();
  });
});

describe("the server's life", () => {
  test("a port in use and a certificate that is none are told apart", async () => {
    const first = makeServer(makeEchoService(), {});
    const { port } = await first.listen();
    assert.deepEqual(first.address, { host: "127.0.0.1", port });
    const second = makeServer(makeEchoService(), { port });
    await assert.rejects(second.listen(), (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.code, "address-in-use");
      assert.match(error.message, new RegExp(`cannot listen on 127.0.0.1:${port}`));
      return true;
    });
    const broken = makeServer(makeEchoService(), {
      tls: { cert: Buffer.from("x"), key: Buffer.from("y"), clientCertificates: "none" },
    });
    await assert.rejects(broken.listen(), { name: "ListenError", code: "bad-certificate" });
    const elsewhere = makeServer(makeEchoService(), { host: "192.0.2.1" });
    await assert.rejects(elsewhere.listen(), { code: "address-not-available" });
    await first.close();
  });

  test("drain lets running calls finish, refuses new ones and resolves", async () => {
    const echo = makeEchoService();
    const server = makeServer(echo, {});
    const { port } = await server.listen();
    const address = `127.0.0.1:${port}`;
    const client = new grpc.Client(address, grpc.credentials.createInsecure());
    const chat = client.makeBidiStreamRequest("/test.Echo/Chat", raw, raw);
    const replies: string[] = [];
    const status = new Promise<grpc.StatusObject>((resolve) => {
      chat.on("status", resolve);
    });
    chat.on("data", (reply: Buffer) => replies.push(reply.toString()));
    chat.on("error", () => undefined);
    chat.write(Buffer.from("one"));
    await once(chat, "data");
    const drained = server.drain(20_000);
    chat.write(Buffer.from("two"));
    await once(chat, "data");
    chat.end();
    assert.equal((await status).code, grpc.status.OK);
    assert.deepEqual(replies, ["one", "two"]);
    await drained;
    const { error } = await call(client, "Unary", Buffer.from("x"));
    assert.equal(error?.code, grpc.status.UNAVAILABLE);
    client.close();
    assert.equal(server.counters.connectionsOpen, 0);
  });

  test("drain cuts what does not end in time", async () => {
    const echo = makeEchoService();
    const server = makeServer(echo, {});
    const { port } = await server.listen();
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const chat = client.makeBidiStreamRequest("/test.Echo/Chat", raw, raw);
    const failed = once(chat, "error");
    chat.on("data", () => undefined);
    chat.write(Buffer.from("one"));
    await once(chat, "data");
    await server.drain(10);
    await failed;
    assert.equal(echo.state.cancelled, 1);
    client.close();
  });
});
