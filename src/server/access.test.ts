// Who may use the HTTP side from where: origins, host names, and what of both holds for streams.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { HttpRequest, HttpResponse } from "../transport/service.js";
import { AccessControl, type AccessOptions } from "./access.js";

function requestOf(
  headers: Readonly<Record<string, string>>,
  method = "GET",
  isSecure = false,
): HttpRequest {
  return {
    method,
    path: "/version",
    query: new URLSearchParams(),
    headers: new Map(Object.entries(headers)),
    body: new Uint8Array(0),
    peer: "192.0.2.1:1",
    isSecure,
    onCancel: () => undefined,
  };
}

async function ask(options: AccessOptions, request: HttpRequest): Promise<HttpResponse> {
  const handler = new AccessControl(options).guard(async () =>
    Promise.resolve({ status: 200, headers: { x: "y" }, body: "served" }),
  );
  return handler(request);
}

const ALL = ["*"];

suite("host names", () => {
  const hosts = { cors: [], hostWhitelist: ["t4.example", "127.0.0.1", "::1"] };

  test("those listed are answered, with any port", async () => {
    for (const host of ["t4.example", "t4.example:3379", "127.0.0.1:1", "[::1]:3379", "::1"]) {
      assert.equal((await ask(hosts, requestOf({ host }))).status, 200, host);
    }
  });

  test("others are misdirected, and told how to be let in", async () => {
    for (const host of ["evil.example", "evil.example:3379", "t4.example.evil", ""]) {
      const { status, body } = await ask(hosts, requestOf({ host }));
      assert.equal(status, 421);
      assert.match(body as string, /--host-whitelist "/);
    }
  });

  test("over TLS, and where all are allowed or none is named, any will do", async () => {
    const request = requestOf({ host: "any.example" });
    const secure = requestOf({ host: "any.example" }, "GET", true);
    assert.equal((await ask(hosts, secure)).status, 200);
    assert.equal((await ask({ cors: [], hostWhitelist: ALL }, request)).status, 200);
    assert.equal((await ask({ cors: [], hostWhitelist: [] }, request)).status, 200);
  });

  test("streams of others are left to the handler, which refuses them", () => {
    const control = new AccessControl(hosts);
    let asked = 0;
    const streams = control.guardStreams(() => {
      asked += 1;
      return undefined;
    });
    streams(requestOf({ host: "evil.example" }), false);
    assert.equal(asked, 0);
    streams(requestOf({ host: "t4.example" }), false);
    assert.equal(asked, 1);
  });
});

suite("origins", () => {
  const origin = "https://ui.example";

  test("any may read the answers by default, as with etcd", async () => {
    for (const cors of [ALL, []]) {
      const { headers } = await ask({ cors, hostWhitelist: ALL }, requestOf({}));
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.equal(headers["access-control-allow-methods"], "POST, GET, OPTIONS, PUT, DELETE");
      assert.equal(headers["access-control-allow-headers"], "accept, content-type, authorization");
      assert.equal(headers["x"], "y");
    }
  });

  test("only those listed get the headers that let them read", async () => {
    const options = { cors: [origin, "https://b.example"], hostWhitelist: ALL };
    const { headers } = await ask(options, requestOf({ origin }));
    assert.equal(headers["access-control-allow-origin"], origin);
    assert.equal(headers["vary"], "origin");
    for (const other of [{}, { origin: "https://evil.example" }, { origin: "null" }]) {
      const answer = await ask(options, requestOf(other));
      assert.equal(answer.status, 200);
      assert.ok(!("access-control-allow-origin" in answer.headers));
    }
  });

  test("OPTIONS is answered for the browser that asks before", async () => {
    const answer = await ask({ cors: ALL, hostWhitelist: ALL }, requestOf({ origin }, "OPTIONS"));
    assert.deepEqual([answer.status, answer.body], [200, ""]);
    assert.equal(answer.headers["access-control-allow-origin"], "*");
  });
});
