// The whole port over real sockets: grpc-js calls its services, fetch its plain HTTP endpoints.
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
import { suite, test, type TestContext } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { FakeNode } from "../../test/support/fake-node.js";
import { tlsFixture } from "../../test/support/tls-fixtures.js";
import { T4Error } from "../core/errors.js";
import { methodDescriptors } from "../etcd/gen/descriptors.js";
import * as rpc from "../etcd/gen/rpc.js";
import { NODE } from "../node/has-node.js";
import { silentLogger } from "../runtime/logger.js";
import { nodeThreads } from "../runtime/node-threads.js";
import { systemClock } from "../runtime/system-clock.js";
import { systemRandom } from "../runtime/system-random.js";
import type { Address, TlsOptions } from "../transport/server.js";
import { createMetrics, ListenError, serve, type Server, type ServeOptions } from "./index.js";
import { methodLabels } from "./server-metrics.js";
import { startServer } from "./server.js";

const identity = (bytes: Buffer): Buffer => bytes;

interface Started {
  readonly node: FakeNode;
  readonly server: Server;
  readonly url: string;
  readonly client: grpc.Client;
}

async function start(context: TestContext, options: ServeOptions = {}): Promise<Started> {
  const node = new FakeNode(systemClock);
  const server = await serve({ [NODE]: node }, { port: 0, ...options });
  const address = `127.0.0.1:${server.address.port}`;
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  context.after(async () => {
    client.close();
    await server.close(100);
  });
  return { node, server, url: `http://${address}`, client };
}

async function call(client: grpc.Client, path: string, request: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      identity,
      identity,
      Buffer.from(request),
      (error: grpc.ServiceError | null, response?: Buffer) => {
        if (error !== null || response === undefined) {
          reject(error ?? new Error("no response"));
        } else {
          resolve(response);
        }
      },
    );
  });
}

async function failure(client: grpc.Client, path: string, request: Uint8Array): Promise<string> {
  try {
    await call(client, path, request);
    return "";
  } catch (error) {
    const { code, details } = error as grpc.ServiceError;
    return `${code} ${details}`;
  }
}

const encodePut = (key: string, value: Uint8Array): Uint8Array => {
  const message = { ...rpc.emptyPutRequest(), key, value };
  const bytes = new Uint8Array(rpc.sizePutRequest(message));
  rpc.writePutRequest(bytes, 0, message);
  return bytes;
};

suite("gRPC", () => {
  test("a value that was put is read, and watched", async (context) => {
    const { client } = await start(context);
    const watch = client.makeBidiStreamRequest("/etcdserverpb.Watch/Watch", identity, identity);
    const answers: rpc.WatchResponse[] = [];
    const watched = new Promise<void>((resolve) => {
      watch.on("data", (bytes: Buffer) => {
        answers.push(rpc.decodeWatchResponse(bytes, 0, bytes.length));
        if (answers.length === 2) {
          resolve();
        }
      });
    });
    watch.on("error", () => {
      // Ended by the test.
    });
    const created = new Promise<void>((resolve) => {
      watch.once("data", () => {
        resolve();
      });
    });
    watch.write(Buffer.of(0x0a, 3, 0x0a, 1, 0x6b));
    await created;
    const value = new Uint8Array(100_000).fill(7);
    await call(client, "/etcdserverpb.KV/Put", encodePut("k", value));
    const bytes = await call(client, "/etcdserverpb.KV/Range", Uint8Array.of(0x0a, 1, 0x6b));
    const { kvs } = rpc.decodeRangeResponse(bytes, 0, bytes.length);
    assert.deepEqual(kvs[0]?.value, value);
    await watched;
    assert.deepEqual(answers[1]?.events[0]?.kv?.value, value);
    watch.cancel();
  });

  test("what is not served is UNIMPLEMENTED as grpc-go says it", async (context) => {
    const { client } = await start(context);
    assert.equal(
      await failure(client, "/etcdserverpb.KV/Nope", new Uint8Array(0)),
      "12 unknown method Nope for service etcdserverpb.KV",
    );
    assert.equal(
      await failure(client, "/etcdserverpb.Nope/Nope", new Uint8Array(0)),
      "12 unknown service etcdserverpb.Nope",
    );
  });

  test("a write between the two size limits is too large for etcd, above them for gRPC", async (context) => {
    const { client } = await start(context);
    assert.equal(
      await failure(client, "/etcdserverpb.KV/Put", encodePut("k", new Uint8Array(1_600_000))),
      "3 etcdserver: request is too large",
    );
    assert.match(
      await failure(client, "/etcdserverpb.KV/Put", encodePut("k", new Uint8Array(3_000_000))),
      /^8 grpc: received message larger than max \(30000\d\d vs\. 2097152\)$/,
    );
  });

  test("closing ends watches with UNAVAILABLE, and the port can be had again", async (context) => {
    const { client, server } = await start(context);
    const watch = client.makeBidiStreamRequest("/etcdserverpb.Watch/Watch", identity, identity);
    const ended = new Promise<grpc.ServiceError>((resolve) => {
      watch.on("error", (error: Error) => {
        resolve(error as grpc.ServiceError);
      });
    });
    const created = new Promise<void>((resolve) => {
      watch.once("data", () => {
        resolve();
      });
    });
    watch.write(Buffer.of(0x0a, 3, 0x0a, 1, 0x6b));
    await created;
    const closed = server.close(2000);
    const error = await ended;
    assert.deepEqual([error.code, error.details], [14, "etcdserver: server stopped"]);
    client.close();
    await closed;
    const again = await serve(new FakeNode(systemClock), { port: server.address.port });
    await again.close();
  });

  test("a taken port is refused by a ListenError", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const { port } = other.address() as { port: number };
    await assert.rejects(serve(new FakeNode(systemClock), { port }), ListenError);
    await assert.rejects(
      serve(new FakeNode(systemClock), { port: 0, metricsListen: { host: "127.0.0.1", port } }),
      ListenError,
    );
    other.close();
  });

  test("members are told of the address listened at, or of the one advertised", async (context) => {
    const plain = await start(context);
    assert.deepEqual(plain.server.clientUrls, [plain.url]);
    const advertised = await start(context, { advertiseClientUrls: ["https://db.example:2379"] });
    const bytes = await call(
      advertised.client,
      "/etcdserverpb.Cluster/MemberList",
      new Uint8Array(0),
    );
    const { members } = rpc.decodeMemberListResponse(bytes, 0, bytes.length);
    assert.deepEqual(members[0]?.clientURLs, ["https://db.example:2379"]);
  });
});

async function get(url: string, method = "GET"): Promise<{ status: number; body: string }> {
  const response = await fetch(url, { method });
  return { status: response.status, body: await response.text() };
}

suite("plain HTTP", () => {
  test("the version has etcd's fields and at least 64 bytes", async (context) => {
    const { url } = await start(context);
    const { status, body } = await get(`${url}/version`);
    assert.equal(status, 200);
    assert.ok(body.length >= 64);
    assert.deepEqual(JSON.parse(body), {
      etcdserver: "3.6.5",
      etcdcluster: "3.6.0",
      storage: "3.6.0",
    });
  });

  test("health is true, or false with etcd's reason", async (context) => {
    const { url, node } = await start(context);
    assert.deepEqual(await get(`${url}/health`), {
      status: 200,
      body: '{"health":"true","reason":""}',
    });
    node.hasSpace = false;
    assert.deepEqual(await get(`${url}/health`), {
      status: 503,
      body: '{"health":"false","reason":"ALARM NOSPACE"}\n',
    });
    assert.equal((await get(`${url}/health?exclude=NOSPACE&exclude=CORRUPT`)).status, 200);
    node.hasSpace = true;
    const corrupt = { kind: "alarm", member: 1n, alarm: 2, byQuota: false } as const;
    node.propose({ ...corrupt, isRaised: true }, () => {});
    assert.deepEqual(await get(`${url}/health`), {
      status: 503,
      body: '{"health":"false","reason":"ALARM CORRUPT"}\n',
    });
    assert.equal((await get(`${url}/health?exclude=CORRUPT`)).status, 200);
    assert.deepEqual(await get(`${url}/readyz/data_corruption`), {
      status: 503,
      body: "[-]data_corruption failed: alarm activated: CORRUPT\n\n",
    });
    node.propose({ ...corrupt, isRaised: false }, () => {});
    node.isLeader = false;
    assert.deepEqual(await get(`${url}/health`), {
      status: 503,
      body: '{"health":"false","reason":"RAFT NO LEADER"}\n',
    });
    assert.equal((await get(`${url}/health?serializable=true`)).status, 200);
    node.isLeader = true;
    node.failWith = new T4Error("T4_TIMEOUT", "late");
    assert.deepEqual(await get(`${url}/health`), {
      status: 503,
      body: '{"health":"false","reason":"RANGE ERROR:etcdserver: request timed out"}\n',
    });
  });

  test("probes say ok, more if asked, and which check failed", async (context) => {
    const { url, node } = await start(context);
    for (const path of ["/livez", "/readyz", "/healthz", "/readyz/linearizable_read"]) {
      assert.deepEqual(await get(url + path), { status: 200, body: "ok\n" });
    }
    assert.deepEqual(await get(`${url}/readyz?verbose&exclude=non_learner&exclude=nope`), {
      status: 200,
      body: "[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\nok\n",
    });
    assert.deepEqual(await get(`${url}/livez/serializable_read?verbose`), {
      status: 200,
      body: "[+]serializable_read ok\nok\n",
    });
    node.failWith = new T4Error("T4_CLOSED", "closed");
    assert.deepEqual(await get(`${url}/livez`), {
      status: 503,
      body: "[-]serializable_read failed: etcdserver: server stopped\n\n",
    });
    assert.equal((await get(`${url}/readyz/non_learner`)).status, 200);
  });

  test("other methods and paths are refused as etcd does", async (context) => {
    const { url } = await start(context);
    for (const path of ["/version", "/health", "/livez", "/readyz/data_corruption", "/metrics"]) {
      assert.deepEqual(await get(url + path, "POST"), {
        status: 405,
        body: "Method Not Allowed\n",
      });
    }
    assert.deepEqual(await get(`${url}/livez/nope`), { status: 404, body: "404 page not found\n" });
    assert.equal((await get(url)).status, 404);
  });

  test("metrics have the names that dashboards know, also on a port of their own", async (context) => {
    const metrics = createMetrics();
    const { url, client, server } = await start(context, {
      metrics,
      metricsListen: { host: "127.0.0.1", port: 0 },
    });
    await call(client, "/etcdserverpb.KV/Put", encodePut("k", new Uint8Array(3)));
    await failure(client, "/etcdserverpb.KV/Put", new Uint8Array(0));
    metrics.histogram("t4_test_seconds", "A test.", [0.1, 1]).observe(0.5);
    const labels = 'grpc_service="etcdserverpb.KV",grpc_method="Put",grpc_type="unary"';
    const watch = 'grpc_service="etcdserverpb.Watch",grpc_method="Watch",grpc_type="bidi_stream"';
    const stream = (service: string, method: string): string =>
      `grpc_service="${service}",grpc_method="${method}",grpc_type="server_stream"`;
    const second = `http://127.0.0.1:${server.metricsAddress!.port}`;
    for (const base of [url, second]) {
      const { body } = await get(`${base}/metrics`);
      const lines = new Set(body.split("\n"));
      for (const line of [
        `grpc_server_started_total{${labels}} 2`,
        `grpc_server_handled_total{${labels},grpc_code="OK"} 1`,
        `grpc_server_handled_total{${labels},grpc_code="InvalidArgument"} 1`,
        `grpc_server_started_total{${watch}} 0`,
        `grpc_server_started_total{${stream("etcdserverpb.KV", "RangeStream")}} 0`,
        `grpc_server_started_total{${stream("etcdserverpb.Maintenance", "Snapshot")}} 0`,
        `grpc_server_started_total{${stream("v3electionpb.Election", "Observe")}} 0`,
        `grpc_server_started_total{${stream("grpc.health.v1.Health", "Watch")}} 0`,
        "etcd_network_client_grpc_received_bytes_total 8",
        'etcd_server_version{server_version="3.6.5"} 1',
        'etcd_cluster_version{cluster_version="3.6"} 1',
        "# TYPE process_resident_memory_bytes gauge",
        "# TYPE process_start_time_seconds gauge",
        "# TYPE grpc_server_started_total counter",
        't4_test_seconds_bucket{le="1"} 1',
      ]) {
        assert.ok(lines.has(line), `${line} in\n${body}`);
      }
    }
    assert.equal((await get(`${second}/readyz`)).status, 200);
  });
});

test("metrics call each method what it is", () => {
  for (const { path, clientStreams, serverStreams } of methodDescriptors) {
    const kind = clientStreams || serverStreams ? "stream" : "unary";
    const type = clientStreams ? "bidi_stream" : serverStreams ? "server_stream" : "unary";
    assert.equal(methodLabels(path, kind).grpc_type, type, path);
  }
});

suite("host names", () => {
  const tls: TlsOptions = {
    cert: tlsFixture("server.pem"),
    key: tlsFixture("server-key.pem"),
    clientCertificates: "none",
  };
  const ca = tlsFixture("ca.pem");
  const headers = { host: "foreign.example" };

  async function statusOver(kind: "plain" | "tls", port: number): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const to = { host: "127.0.0.1", port, path: "/version", headers, agent: false } as const;
      const request =
        kind === "plain" ? httpRequest(to) : httpsRequest({ ...to, ca, servername: "localhost" });
      request.on("error", reject);
      request.on("response", (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.end();
    });
  }

  async function statusOverHttp2(url: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const session = connectHttp2(url, { ca });
      session.on("error", reject);
      const stream = session.request({ ":path": "/version", ":authority": headers.host });
      stream.on("error", reject);
      stream.on("response", (head) => {
        resolve(head[":status"]);
        session.destroy();
      });
    });
  }

  test("any is answered over TLS, those listed elsewhere, whatever the first port is", async (context) => {
    const endpoint = { host: "127.0.0.1", port: 0 };
    for (const first of ["plain", "tls"] as const) {
      const server = await startServer(
        {
          node: new FakeNode(systemClock),
          listen: endpoint,
          ...(first === "tls" ? { tls } : {}),
          alsoListen: [first === "tls" ? { endpoint } : { endpoint, tls }],
          metrics: createMetrics(),
          access: { cors: ["*"], hostWhitelist: ["localhost"] },
        },
        { clock: systemClock, random: systemRandom, threads: nodeThreads, logger: silentLogger },
      );
      context.after(async () => server.close(0));
      const [also] = server.alsoListening as readonly Address[];
      const ports = [server.address.port, also!.port];
      const [plain = 0, secure = 0] = first === "plain" ? ports : ports.reverse();
      assert.equal(await statusOver("plain", plain), 421, `plain, ${first} first`);
      assert.equal(await statusOver("tls", secure), 200, `TLS, ${first} first`);
      assert.equal(await statusOverHttp2(`http://127.0.0.1:${plain}`), 421);
      assert.equal(await statusOverHttp2(`https://localhost:${secure}`), 200);
    }
  });
});
