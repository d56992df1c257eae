// Streams that come before the gateway is there. Everything else is tested through it in gateway.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../../runtime/system-clock.js";
import { TransportCounters } from "../../transport/counters.js";
import type {
  HttpRequestHead,
  HttpResponse,
  HttpStreamCall,
  HttpStreamReceiver,
  StreamHandler,
} from "../../transport/service.js";
import { LazyGateway } from "./lazy-gateway.js";

const JSON_BYTES_MAX = 1_000;

/** What the service and the client of one stream were told. */
interface Told {
  readonly service: string[];
  readonly client: string[];
}

function openEarly(): { told: Told; receiver: HttpStreamReceiver; gateway: LazyGateway } {
  const told: Told = { service: [], client: [] };
  const open: StreamHandler = () => {
    told.service.push("open");
    return {
      message: (_request, start, end) => {
        told.service.push(`message of ${end - start}`);
      },
      halfClosed: () => told.service.push("half closed"),
      cancelled: () => told.service.push("cancelled"),
    };
  };
  const counters = new TransportCounters();
  const gateway = new LazyGateway({
    services: new Map([["/etcdserverpb.Watch/Watch", { kind: "stream", open }]]),
    counters: () => counters,
    clock: systemClock,
    messageBytesMax: JSON_BYTES_MAX,
    jsonBytesMax: JSON_BYTES_MAX,
  });
  const route = gateway.stream(headOf("/v3/watch"), false, { x: "y" });
  assert.ok(route?.kind === "body");
  const http: HttpStreamCall = {
    answer: ({ status, headers }: HttpResponse) => {
      told.client.push(`${status} ${headers["x"] ?? ""}`);
    },
    begin: (status) => told.client.push(String(status)),
    send: () => told.client.push("line"),
    end: () => told.client.push("end"),
    bufferedBytes: 0,
    highWaterBytes: 1_000,
    onDrain: () => undefined,
  };
  return { told, receiver: route.open(http), gateway };
}

function headOf(path: string, method = "POST"): HttpRequestHead {
  const headers = new Map<string, string>();
  return { method, path, query: new URLSearchParams(), headers, peer: "p:1", isSecure: false };
}

/** Until the gateway is there. */
async function loaded(gateway: LazyGateway): Promise<void> {
  const request = { ...headOf("/v3/nothing"), body: new Uint8Array(0), onCancel: () => undefined };
  assert.equal((await gateway.handle(request)).status, 404);
  await nextTurn();
}

test("what comes early reaches the service in its order, wherever it was cut", async () => {
  const { told, receiver, gateway } = openEarly();
  const body = Buffer.from('{"create_request":{"key":"aw=="}}{"progress_request":{}}');
  for (const byte of body) {
    const chunk = Uint8Array.of(byte);
    receiver.data(chunk, 0, 1);
    // It is the transport's again.
    chunk.fill(0);
  }
  receiver.ended();
  assert.deepEqual(told, { service: [], client: [] });
  await loaded(gateway);
  assert.deepEqual(told.service, ["open", "message of 5", "message of 2", "half closed"]);
});

test("a client that leaves early never had a call; one that leaves later has", async () => {
  const early = openEarly();
  early.receiver.cancelled();
  await loaded(early.gateway);
  assert.deepEqual(early.told, { service: [], client: [] });
  const { told, receiver, gateway } = openEarly();
  const body = Buffer.from("{}");
  await loaded(gateway);
  receiver.data(body, 0, body.length);
  receiver.cancelled();
  assert.deepEqual(told.service, ["open", "message of 0", "cancelled"]);
});

test("who sends more than can be kept is refused", async () => {
  const { told, receiver, gateway } = openEarly();
  const chunk = new Uint8Array(JSON_BYTES_MAX).fill(0x20);
  receiver.data(chunk, 0, chunk.length);
  receiver.data(chunk, 0, 1);
  receiver.data(chunk, 0, 1);
  await loaded(gateway);
  assert.deepEqual(told, { service: [], client: ["429 y"] });
});

test("what is no stream is left to be handled whole", async () => {
  const { gateway } = openEarly();
  const asked: readonly (readonly [HttpRequestHead, boolean, string | undefined])[] = [
    [headOf("/v3/kv/put"), false, undefined],
    [headOf("/v3/kv/put"), true, "websocket"],
    [headOf("/v3/watch", "GET"), false, undefined],
    [headOf("/v3beta/watch"), false, "body"],
    [headOf("/v3beta/watch", "GET"), true, "websocket"],
    [headOf("/v3/nothing"), true, undefined],
    [headOf("/watch"), false, undefined],
  ];
  const kinds = (): (string | undefined)[] =>
    asked.map(([head, asksWebSocket]) => gateway.stream(head, asksWebSocket, {})?.kind);
  const wanted = asked.map(([, , kind]) => kind);
  assert.deepEqual(kinds(), wanted, "before it is there");
  await loaded(gateway);
  assert.deepEqual(kinds(), wanted, "and after");
});
