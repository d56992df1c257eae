// The gateway over real sockets, with services of its own: how calls are made, answered, streamed and cancelled.
import assert from "node:assert/strict";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { suite, test, type TestContext } from "node:test";
import { FakeNode } from "../../../test/support/fake-node.js";
import { GATEWAY_MESSAGE_BYTES_MAX } from "../../core/limits.js";
import { NODE } from "../../node/has-node.js";
import { systemClock } from "../../runtime/system-clock.js";
import type { MethodCounters, TransportCounters } from "../../transport/counters.js";
import { TransportServer } from "../../transport/server.js";
import type { Method, ServiceMap, StreamCall, UnaryCall } from "../../transport/service.js";
import { createMetrics, serve, type ServeOptions } from "../index.js";
import { LazyGateway } from "./lazy-gateway.js";
import { gatewayRoutes } from "./routes.js";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  method = "POST",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function start(
  context: TestContext,
  options: ServeOptions = {},
): Promise<{ url: string; node: FakeNode }> {
  const node = new FakeNode(systemClock);
  const server = await serve({ [NODE]: node }, { port: 0, ...options });
  context.after(async () => {
    await server.close(100);
  });
  return { url: `http://127.0.0.1:${server.address.port}`, node };
}

/** A server with methods of a test's own behind the gateway's routes. */
async function startMethods(
  context: TestContext,
  methods: Readonly<Record<string, Method>>,
): Promise<{ url: string; counters: TransportCounters; errors: unknown[] }> {
  const services: ServiceMap = new Map(Object.entries(methods));
  const errors: unknown[] = [];
  const gateway = new LazyGateway({
    services,
    counters: () => server.counters,
    clock: systemClock,
    messageBytesMax: 100_000,
    jsonBytesMax: 200_000,
  });
  const server: TransportServer = new TransportServer({
    clock: systemClock,
    services,
    host: "127.0.0.1",
    port: 0,
    httpHandler: async (request) => gateway.handle(request),
    httpStreams: (head, asksWebSocket) => gateway.stream(head, asksWebSocket, {}),
    onError: (error) => {
      errors.push(error);
    },
  });
  const { port } = await server.listen();
  context.after(async () => {
    await server.close();
  });
  return { url: `http://127.0.0.1:${port}`, counters: server.counters, errors };
}

suite("calls", () => {
  test("a put, a read and a transaction, in JSON", async (context) => {
    const { url } = await start(context);
    const put = await post(`${url}/v3/kv/put`, `{"key":"${base64("k")}","value":"${base64("v")}"}`);
    assert.equal(put.status, 200);
    assert.equal(put.headers["content-type"], "application/json");
    assert.equal(put.headers["grpc-metadata-content-type"], "application/grpc");
    const { header } = JSON.parse(put.text) as { header: Record<string, string> };
    assert.equal(header["revision"], "2");
    assert.match(header["cluster_id"] ?? "", /^\d+$/);
    const range = await post(`${url}/v3beta/kv/range`, `{"key":"${base64("k")}"}`);
    const { kvs, count } = JSON.parse(range.text) as { kvs: unknown[]; count: string };
    assert.deepEqual(kvs, [
      {
        key: base64("k"),
        create_revision: "2",
        mod_revision: "2",
        version: "1",
        value: base64("v"),
      },
    ]);
    assert.equal(count, "1");
    const compare = { target: "MOD", modRevision: 2, key: base64("k") };
    const txn = { compare: [compare], success: [{ request_delete_range: { key: base64("k") } }] };
    const done = JSON.parse((await post(`${url}/v3/kv/txn`, JSON.stringify(txn))).text) as object;
    assert.deepEqual(
      { ...done, header: null },
      {
        header: null,
        succeeded: true,
        responses: [{ response_delete_range: { header: { revision: "3" }, deleted: "1" } }],
      },
    );
  });

  test("failures have etcd's text three times over, and the HTTP status of their code", async (context) => {
    const { url } = await start(context);
    const cases: readonly (readonly [string, string, number, number, string])[] = [
      ["/v3/kv/put", "{}", 400, 3, "etcdserver: key is not provided"],
      ["/v3/kv/put", "", 400, 3, "etcdserver: key is not provided"],
      ["/v3/lease/revoke", '{"ID":"5"}', 404, 5, "etcdserver: requested lease not found"],
      [
        "/v3/kv/range",
        `{"key":"${base64("k")}","revision":"9"}`,
        400,
        11,
        "etcdserver: mvcc: required revision is a future revision",
      ],
      ["/v3/kv/nope", "{}", 404, 5, "Not Found"],
      ["/v3/kv/put", '{"key":', 400, 3, "unexpected end of JSON input"],
      ["/v3/kv/put", '{"key":"%"}', 400, 3, "proto: invalid value for bytes field key"],
      ["/v3/kv/put", "[]", 400, 3, "proto: a etcdserverpb.PutRequest must be a JSON object"],
    ];
    for (const [path, body, status, code, message] of cases) {
      const answer = await post(url + path, body);
      assert.equal(answer.status, status, path);
      assert.deepEqual(JSON.parse(answer.text), { error: message, code, message });
    }
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      const answer = await post(`${url}/v3/kv/range`, "", {}, method);
      assert.equal(answer.status, 501);
      assert.match(answer.text, /"code":12,"message":"Method Not Allowed"/);
    }
    assert.equal((await post(`${url}/v3`, "")).status, 404);
  });

  test("what follows the first value of a body is ignored, as etcd does", async (context) => {
    const { url } = await start(context);
    const answer = await post(`${url}/v3/kv/range`, `{"key":"${base64("k")}"} and more`);
    assert.equal(answer.status, 200);
  });

  test("the largest value passes; above it etcd's error, then gRPC's, then HTTP's", async (context) => {
    const { url } = await start(context);
    const put = async (bytes: number): Promise<Answer> =>
      post(
        `${url}/v3/kv/put`,
        `{"key":"${base64("k")}","value":"${Buffer.alloc(bytes).toString("base64")}"}`,
      );
    assert.equal((await put(1_572_800)).status, 200);
    assert.match((await put(1_600_000)).text, /etcdserver: request is too large/);
    const frame = await put(2_100_000);
    assert.equal(frame.status, 429);
    assert.match(frame.text, /grpc: received message larger than max \(2100\d\d\d vs\. 2097152\)/);
    assert.equal((await put(2_400_000)).status, 413);
  });

  test("transactions nested as deep as they may be are answered, deeper ones refused", async (context) => {
    const { url } = await start(context);
    const nested = (levels: number): string =>
      `{"success":[{"request_txn":`.repeat(levels) + "{}" + "}]}".repeat(levels);
    const deepest = await post(`${url}/v3/kv/txn`, nested(128));
    assert.equal(deepest.status, 200);
    assert.equal(deepest.text.split('"response_txn":').length, 129);
    const deeper = await post(`${url}/v3/kv/txn`, nested(129));
    assert.match(
      deeper.text,
      /"code":3,"message":"etcdserver: too many operations in txn request"/,
    );
  });

  test("an answer that is too large for JSON is refused", async (context) => {
    const { url, counters, errors } = await startMethods(context, {
      "/etcdserverpb.KV/Range": {
        kind: "unary",
        handle: (call) => {
          const at = call.reply(GATEWAY_MESSAGE_BYTES_MAX + 1);
          call.output.fill(0, at);
        },
      },
    });
    const answer = await post(`${url}/v3/kv/range`, "{}");
    assert.equal(answer.status, 429);
    assert.match(answer.text, /"code":8,.*trying to send message larger than max \(67108865 vs/);
    const counted = counters.methods.get("/etcdserverpb.KV/Range");
    assert.deepEqual([counted?.handled[0], counted?.handled[8]], [0, 1]);
    assert.deepEqual(errors, []);
  });

  test("every route reaches its method with its token, and nothing of a certificate", async (context) => {
    const seen: string[] = [];
    const methods: Record<string, Method> = {};
    for (const { path, clientStreams, serverStreams } of gatewayRoutes.values()) {
      const look = (call: UnaryCall | StreamCall): void => {
        seen.push(`${path} ${call.metadata("token")} ${call.peerCommonName}`);
      };
      methods[path] =
        clientStreams || serverStreams
          ? {
              kind: "stream",
              open: (call) => {
                look(call);
                call.end();
                return {
                  message: () => undefined,
                  halfClosed: () => undefined,
                  cancelled: () => undefined,
                };
              },
            }
          : {
              kind: "unary",
              handle: (call) => {
                look(call);
                call.reply(0);
              },
            };
    }
    const { url } = await startMethods(context, methods);
    for (const [route, { path }] of gatewayRoutes) {
      for (const prefix of ["/v3/", "/v3beta/"]) {
        const target = url + route.replace("/v3/", prefix);
        const answer = await post(target, "{}", { authorization: "Bearer abc.1" });
        assert.equal(answer.status, 200, route);
        assert.equal(seen.pop(), `${path} abc.1 undefined`);
      }
    }
    const range = `${url}/v3/kv/range`;
    await post(range, "{}", { authorization: "plain.2" });
    assert.equal(seen.pop(), "/etcdserverpb.KV/Range plain.2 undefined");
    await post(range, "{}", { authorization: "plain.2", "grpc-metadata-token": "own.3" });
    assert.equal(seen.pop(), "/etcdserverpb.KV/Range own.3 undefined");
    await post(range, "{}");
    assert.equal(seen.pop(), "/etcdserverpb.KV/Range undefined undefined");
  });

  test("statuses, metadata, time-outs, counters; and a client that leaves cancels its call", async (context) => {
    const state = { cancelled: 0 };
    const { url, counters } = await startMethods(context, {
      "/v3lockpb.Lock/Lock": {
        kind: "unary",
        handle: (call) => {
          if (call.metadata("hasleader") === "true") {
            call.fail(16, "etcdserver: invalid auth token");
            return;
          }
          call.onCancel(() => {
            state.cancelled += 1;
          });
        },
      },
    });
    const lock = `${url}/v3/lock/lock`;
    const denied = await post(lock, "{}", { "grpc-metadata-hasleader": "true" });
    assert.equal(denied.status, 401);
    assert.equal(denied.headers["www-authenticate"], "etcdserver: invalid auth token");
    const late = await post(lock, "{}", { "grpc-timeout": "50m" });
    assert.equal(late.status, 504);
    assert.match(late.text, /"code":4,"message":"context deadline exceeded"/);
    assert.equal(state.cancelled, 1);
    assert.equal((await post(lock, "{}", { "grpc-timeout": "soon" })).status, 400);
    const gone = httpRequest(lock, { method: "POST", agent: false });
    gone.on("error", () => undefined);
    gone.end("{}");
    const { handled } = counters.methods.get("/v3lockpb.Lock/Lock") as MethodCounters;
    while (counters.methods.get("/v3lockpb.Lock/Lock")?.started !== 3) {
      await systemClock.sleep(5);
    }
    gone.destroy();
    const cancelled = (): number => state.cancelled;
    while (cancelled() < 2) {
      await systemClock.sleep(5);
    }
    assert.deepEqual([handled[16], handled[4], handled[1]], [1, 1, 1]);
    assert.equal((await post(`${url}/v3/lock/unlock`, "{}")).status, 501);
  });

  test("a service that throws is answered with 500 and reported", async (context) => {
    const { url, errors } = await startMethods(context, {
      "/etcdserverpb.KV/Put": {
        kind: "unary",
        handle: () => {
          throw new Error("a bug");
        },
      },
    });
    assert.equal((await post(`${url}/v3/kv/put`, "{}")).status, 500);
    assert.equal(errors.length, 1);
  });
});

/** Reads a response line by line; `chunks` are the pieces as Node's parser gives them. */
async function openStream(
  url: string,
  first: string,
): Promise<{
  send: (text: string) => void;
  end: () => void;
  line: () => Promise<string>;
  response: IncomingMessage;
  destroy: () => void;
}> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: "POST", agent: false });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: string[] = [];
      let wake: (() => void) | null = null;
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        chunks.push(chunk);
        wake?.();
      });
      response.on("close", () => wake?.());
      response.on("error", () => undefined);
      resolve({
        send: (text) => request.write(text),
        end: () => request.end(),
        destroy: () => request.destroy(),
        response,
        line: async () => {
          while (chunks.length === 0 && !response.closed) {
            await new Promise<void>((done) => {
              wake = done;
            });
          }
          return chunks.shift() ?? "";
        },
      });
    });
    request.write(first);
  });
}

suite("streams", () => {
  test("a watch over an open body: created, events as chunks of their own, another watch, cancel", async (context) => {
    const { url } = await start(context);
    const key = base64("w");
    const stream = await openStream(`${url}/v3/watch`, `{"create_request":{"key":"${key}"}}`);
    assert.equal(stream.response.statusCode, 200);
    const created = JSON.parse(await stream.line()) as { result: Record<string, unknown> };
    assert.equal(created.result["created"], true);
    assert.ok(!("watch_id" in created.result));
    for (const value of ["1", "2"]) {
      await post(`${url}/v3/kv/put`, `{"key":"${key}","value":"${base64(value)}"}`);
      const line = await stream.line();
      assert.match(line, /\n$/);
      const { result } = JSON.parse(line) as { result: { events: { kv: { value: string } }[] } };
      assert.equal(result.events[0]?.kv.value, base64(value));
    }
    stream.send(`\n{"create_request":{"key":"${base64("x")}"}}{"cancel_`);
    assert.match(await stream.line(), /"watch_id":"1","created":true/);
    stream.send('request":{"watch_id":"1"}}');
    assert.match(await stream.line(), /"watch_id":"1","canceled":true/);
    stream.send('{"create_request":{"key":"%"}}');
    const error = JSON.parse(await stream.line()) as { error: Record<string, unknown> };
    assert.deepEqual(error.error, {
      grpc_code: 3,
      http_code: 400,
      message: "proto: invalid value for bytes field key",
      http_status: "Bad Request",
      code: 3,
    });
    assert.equal(await stream.line(), "");
  });

  test("a keepalive of one lease ends with its body, and the connection is used again", async (context) => {
    const { url } = await start(context);
    await post(`${url}/v3/lease/grant`, '{"TTL":60,"ID":"7"}');
    const kept = await post(`${url}/v3/lease/keepalive`, '{"ID":"7"}', {
      connection: "keep-alive",
    });
    assert.equal(kept.status, 200);
    assert.equal(kept.headers["transfer-encoding"], "chunked");
    assert.match(kept.text, /^\{"result":\{"header":\{.*\},"ID":"7","TTL":"60"\}\}\n$/);
    const missing = await post(`${url}/v3/lease/keepalive`, '{"ID":"8"}');
    assert.match(missing.text, /"ID":"8"\}\}\n$/);
    const none = await post(`${url}/v3/lease/keepalive`, "");
    assert.deepEqual([none.status, none.text], [200, ""]);
  });

  test("a first message that is none is refused before the call begins", async (context) => {
    const { url } = await start(context);
    for (const [body, message] of [
      ["nonsense", "a message must be a JSON object"],
      ['{"create_request":', "unexpected EOF"],
      ['{"create_request":5}', "proto: invalid value for message create_request"],
    ] as const) {
      const answer = await post(`${url}/v3/watch`, body);
      assert.equal(answer.status, 400);
      assert.deepEqual(JSON.parse(answer.text), { error: message, code: 3, message });
    }
    assert.equal((await post(`${url}/v3/watch`, "{}", {}, "GET")).status, 501);
  });

  test("a server that stops ends a watch with a line that says so", async (context) => {
    const node = new FakeNode(systemClock);
    const server = await serve({ [NODE]: node }, { port: 0 });
    context.after(async () => server.close(0));
    const stream = await openStream(
      `http://127.0.0.1:${server.address.port}/v3/watch`,
      `{"create_request":{"key":"${base64("w")}"}}`,
    );
    await stream.line();
    const closed = server.close(2000);
    assert.match(await stream.line(), /"grpc_code":14.*"etcdserver: server stopped"/);
    stream.destroy();
    await closed;
  });

  test("a client that leaves ends its watch", async (context) => {
    const metrics = createMetrics();
    const { url } = await start(context, { metrics });
    const stream = await openStream(
      `${url}/v3/watch`,
      `{"create_request":{"key":"${base64("w")}"}}`,
    );
    await stream.line();
    const streams = async (): Promise<string> =>
      /etcd_debugging_mvcc_watch_stream_total (\d+)/.exec(await metrics.text())?.[1] ?? "";
    assert.equal(await streams(), "1");
    stream.destroy();
    while ((await streams()) !== "0") {
      await systemClock.sleep(5);
    }
  });

  test("server streams take one message, an empty body too; failures before the first line have its status", async (context) => {
    const { url, counters } = await startMethods(context, {
      "/etcdserverpb.Maintenance/Snapshot": {
        kind: "stream",
        open: (call) => ({
          message: () => {
            call.send(Uint8Array.of(0x10, 5, 0x1a, 1, 0x78));
          },
          halfClosed: () => {
            call.end();
          },
          cancelled: () => undefined,
        }),
      },
      "/v3electionpb.Election/Observe": {
        kind: "stream",
        open: (call) => {
          call.fail(7, "etcdserver: permission denied");
          return {
            message: () => undefined,
            halfClosed: () => undefined,
            cancelled: () => undefined,
          };
        },
      },
    });
    for (const body of ["", "{}", '{}{"more":1}']) {
      const { text } = await post(`${url}/v3/maintenance/snapshot`, body);
      assert.equal(text, '{"result":{"remaining_bytes":"5","blob":"eA=="}}\n');
    }
    const denied = await post(`${url}/v3/election/observe`, "{}");
    assert.equal(denied.status, 403);
    assert.match(denied.text, /^\{"error":\{"grpc_code":7,"http_code":403,.*\}\}\n$/);
    assert.equal(counters.methods.get("/v3electionpb.Election/Observe")?.handled[7], 1);
    assert.equal(counters.methods.get("/etcdserverpb.Maintenance/Snapshot")?.handled[0], 3);
  });

  test("a message that is too large for JSON ends its stream, which is not complete", async (context) => {
    const state = { cancelled: 0 };
    const { url, errors } = await startMethods(context, {
      "/etcdserverpb.Maintenance/Snapshot": {
        kind: "stream",
        open: (call) => ({
          message: () => {
            call.send(Uint8Array.of(0x10, 5));
            call.send(new Uint8Array(GATEWAY_MESSAGE_BYTES_MAX), Uint8Array.of(0x10));
            assert.ok(call.cancelled && state.cancelled === 0, "told when it has returned");
            call.send(Uint8Array.of(0x10, 6));
            call.end();
          },
          halfClosed: () => undefined,
          cancelled: () => {
            state.cancelled += 1;
          },
        }),
      },
    });
    const { text } = await post(`${url}/v3/maintenance/snapshot`, "{}");
    const [first, last, ...more] = text.trimEnd().split("\n");
    assert.equal(first, '{"result":{"remaining_bytes":"5"}}');
    assert.match(last ?? "", /^\{"error":\{"grpc_code":8,.*message larger than max/);
    assert.deepEqual([more, state.cancelled, errors], [[], 1, []]);
  });

  test("the same over HTTP/2", async (context) => {
    const { url } = await start(context);
    const session = connectHttp2(url);
    context.after(() => {
      session.destroy();
    });
    const stream = session.request({ ":method": "POST", ":path": "/v3/watch" });
    stream.setEncoding("utf8");
    const lines: string[] = [];
    stream.on("data", (chunk: string) => lines.push(chunk));
    stream.write(`{"create_request":{"key":"${base64("w")}"}}`);
    while (lines.length < 1) {
      await systemClock.sleep(5);
    }
    const put = session.request({ ":method": "POST", ":path": "/v3/kv/put" });
    put.end(`{"key":"${base64("w")}"}`);
    while (lines.length < 2) {
      await systemClock.sleep(5);
    }
    assert.match(lines[1] ?? "", /"events":\[\{"kv":\{"key":"dw=="/);
  });

  test("a websocket carries the same messages, and its token", async (context) => {
    const tokens: (string | undefined)[] = [];
    const { url } = await startMethods(context, {
      "/etcdserverpb.Lease/LeaseKeepAlive": {
        kind: "stream",
        open: (call) => {
          tokens.push(call.metadata("token"));
          return {
            message: (request, from) => {
              call.send(Uint8Array.of(0x10, request[from + 1] ?? 0));
            },
            halfClosed: () => undefined,
            cancelled: () => undefined,
          };
        },
      },
      "/etcdserverpb.KV/Put": {
        kind: "unary",
        handle: (call) => {
          tokens.push(call.metadata("token"));
          call.fail(3, "no");
        },
      },
    });
    // Node 20 has a client only behind a flag: this is a handshake and two frames by hand.
    const converse = async (path: string, message: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const request = httpRequest(url + path, {
          headers: {
            connection: "Upgrade",
            upgrade: "websocket",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-version": "13",
            "sec-websocket-protocol": "Bearer, secret.1",
          },
        });
        request.on("error", reject);
        request.on("upgrade", (response, socket, head) => {
          assert.equal(response.headers["sec-websocket-protocol"], "Bearer");
          const mask = Buffer.of(1, 2, 3, 4);
          const masked = Buffer.from(message).map((byte, i) => byte ^ mask[i & 3]!);
          socket.write(Buffer.concat([Buffer.of(0x81, 0x80 | message.length), mask, masked]));
          let received = head;
          socket.on("data", (chunk: Buffer) => {
            received = Buffer.concat([received, chunk]);
            if (received.length >= 2 && received.length >= 2 + (received[1] ?? 0)) {
              socket.destroy();
              resolve(received.subarray(2, 2 + (received[1] ?? 0)).toString());
            }
          });
        });
        request.end();
      });
    assert.equal(await converse("/v3/lease/keepalive", '{"ID":"9"}'), '{"result":{"ID":"9"}}');
    assert.match(await converse("/v3beta/kv/put", "{}"), /"code":3,"message":"no"/);
    assert.deepEqual(tokens, ["secret.1", "secret.1"]);
  });
});
