// Plain HTTP, the same handler over HTTP/1.1 and HTTP/2.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frame, headers, makeRig, Peer, setting, uint32 } from "./peer.js";

/** Splits a stream of HTTP/1.1 answers by their content-length. */
function answers(text: string, bodyless = false): { head: string; body: string }[] {
  const found: { head: string; body: string }[] = [];
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    assert.ok(end > 0, `an answer ends early: ${rest}`);
    const head = rest.slice(0, end);
    const length = bodyless ? 0 : Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
    found.push({ head, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

async function ask(...parts: (string | Uint8Array)[]): Promise<Peer> {
  const peer = new Peer(makeRig());
  for (const part of parts) {
    if (!peer.socket.isEnded && !peer.isClosed) {
      peer.send(Buffer.from(part as string));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (let i = 0; i < 20; i += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return peer;
}

const GET = "GET /version HTTP/1.1\r\nhost: a\r\n\r\n";

describe("HTTP/1.1", () => {
  test("requests on one connection are answered in order, pipelined or not", async () => {
    const peer = await ask(GET + GET.replace("/version", "/nope"), GET);
    const [first, second, third] = answers(peer.text);
    assert.match(first!.head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal((JSON.parse(first!.body) as { version: string }).version, "test");
    assert.match(second!.head, /^HTTP\/1\.1 404 /);
    assert.match(third!.head, /^HTTP\/1\.1 200 /);
    assert.ok(!peer.socket.isEnded);
  });

  test("a thousand pipelined requests in one chunk, good and bad", async () => {
    const peer = new Peer(makeRig());
    peer.send(Buffer.from((GET + GET.replace("GET", "BREW")).repeat(500)));
    for (let i = 0; i < 3000; i += 1) {
      await Promise.resolve();
    }
    const all = answers(peer.text);
    assert.equal(all.length, 1000);
    assert.match(all[0]!.head, / 200 /);
    assert.match(all[1]!.head, / 405 [^]*allow: GET/);
  });

  test("however a request is cut, it is the same request", async () => {
    const text =
      "POST /echo?a=b%20c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
      "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nx: y\r\n\r\n";
    for (let cut = 1; cut < text.length; cut += 1) {
      const peer = new Peer(makeRig());
      peer.send(Buffer.from(text.slice(0, cut))).send(Buffer.from(text.slice(cut)));
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
      const [answer] = answers(peer.text);
      assert.equal(answer?.body, "hello world", `cut at ${cut}`);
      assert.match(answer.head, /x-query: a=b\+c/);
    }
  });

  test("HEAD is answered as GET without the body", async () => {
    const peer = await ask(GET.replace("GET", "HEAD") + GET.replace("GET", "HEAD"));
    const both = answers(peer.text, true);
    assert.equal(both.length, 2);
    assert.match(both[0]!.head, /content-length: 131/);
  });

  test("connection: close and HTTP/1.0 close after the answer", async () => {
    for (const text of [
      "GET /version HTTP/1.1\r\nhost: a\r\nConnection: Close\r\n\r\n",
      "GET /version HTTP/1.0\r\n\r\n",
    ]) {
      const peer = await ask(text + text);
      assert.equal(answers(peer.text).length, 1);
      assert.match(peer.text, /connection: close/);
      assert.ok(peer.socket.isEnded);
    }
    const kept = await ask("GET /version HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    assert.ok(!kept.socket.isEnded);
  });

  test("a client that half-closes after its request still gets the answer", async () => {
    const peer = new Peer(makeRig()).send(Buffer.from(GET));
    peer.connection.ended();
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(peer.text, /^HTTP\/1\.1 200 /);
    assert.ok(peer.socket.isEnded);
  });

  test("who has answered is not told that the client went away later", async () => {
    const peer = await ask(GET.replace("/version", "/echo"));
    assert.equal(answers(peer.text).length, 1);
    peer.connection.ended();
    peer.connection.closed();
    assert.equal(peer.rig.state.cancelled, 0);
  });

  test("expect: 100-continue is answered before the body", async () => {
    const peer = await ask(
      "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n",
    );
    assert.equal(peer.text, "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send(Buffer.from("abc"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(peer.text, /abc$/);
  });

  test("a handler that throws is answered with 500 and reported", async () => {
    const peer = await ask(GET.replace("/version", "/throw"));
    assert.match(peer.text, /^HTTP\/1\.1 500 /);
    assert.equal(peer.rig.state.errors.length, 1);
    assert.ok(!peer.text.includes("a bug"));
  });

  const POST = "POST /echo HTTP/1.1\r\nhost: a\r\n";
  const refused: readonly (readonly [string, string, string])[] = [
    ["no host", "GET / HTTP/1.1\r\n\r\n", "400"],
    ["two hosts", "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "400"],
    ["a blank before the colon", "GET / HTTP/1.1\r\nhost : a\r\n\r\n", "400"],
    ["a folded header", "GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n", "400"],
    ["a control character", "GET / HTTP/1.1\r\nhost: a\r\nx: a\x01b\r\n\r\n", "400"],
    ["a bare line feed", "GET / HTTP/1.1\r\nhost: a\r\nx: a\ny: b\r\n\r\n", "400"],
    ["a target that is none", "GET foo HTTP/1.1\r\nhost: a\r\n\r\n", "400"],
    ["HTTP/2.0 in the request line", "GET / HTTP/2.0\r\nhost: a\r\n\r\n", "505"],
    ["length and chunks", `${POST}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n`, "400"],
    ["two lengths", `${POST}content-length: 3\r\ncontent-length: 4\r\n\r\n`, "400"],
    ["a negative length", `${POST}content-length: -3\r\n\r\n`, "400"],
    ["an unknown encoding", `${POST}transfer-encoding: gzip, chunked\r\n\r\n`, "501"],
    ["a huge length", `${POST}content-length: 99999999\r\n\r\n`, "413"],
    ["huge chunks", `${POST}transfer-encoding: chunked\r\n\r\nffffffff\r\n`, "413"],
    ["a chunk size that is none", `${POST}transfer-encoding: chunked\r\n\r\nxyz\r\n`, "400"],
    ["a chunk without its end", `${POST}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`, "400"],
    ["an unknown expectation", `${POST}expect: miracles\r\n\r\n`, "417"],
    ["a huge head", `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, "431"],
    ["many headers", `GET / HTTP/1.1\r\nhost: a\r\n${"x: y\r\n".repeat(300)}\r\n`, "431"],
  ];
  for (const [name, text, status] of refused) {
    test(`${name}: ${status}, and the connection closes`, async () => {
      const peer = await ask(text);
      assert.match(peer.text, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.ok(peer.socket.isEnded);
    });
  }

  test("what is not HTTP gets no answer", async () => {
    for (const bytes of ["HELO there friend\r\n\r\n", Buffer.from([22, 3, 1, 0, 200])]) {
      const peer = await ask(bytes);
      assert.equal(peer.text, "");
      assert.ok(peer.socket.isEnded || peer.isClosed);
    }
  });

  test("bodies larger than allowed are refused while they come", async () => {
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const peer = await ask(
      `${POST}transfer-encoding: chunked\r\n\r\n`,
      ...Array.from({ length: 60 }, () => chunk),
    );
    assert.match(peer.text, /^HTTP\/1\.1 413 /);
    assert.equal(peer.rig.counters.partialBytes, 0);
  });

  test("an absolute target means its path", async () => {
    const peer = await ask("GET http://a/version HTTP/1.1\r\nhost: a\r\n\r\n");
    assert.match(peer.text, /^HTTP\/1\.1 200 /);
  });

  test("an answer the client does not read holds up its next request", async () => {
    const peer = new Peer(makeRig({ outputBytesMax: 1000 }));
    peer.socket.reads = false;
    peer.send(Buffer.from(GET.replace("/version", "/big") + GET));
    await new Promise((resolve) => setImmediate(resolve));
    const queued = peer.socket.queuedBytes;
    assert.ok(queued >= 300_000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(peer.socket.queuedBytes, queued);
    peer.socket.reads = true;
    peer.connection.drained();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answers(peer.text).length, 2);
  });
});

describe("plain HTTP over HTTP/2", () => {
  const get = (path: string, method = "GET"): Uint8Array =>
    headers({ ":method": method, ":path": path, "content-type": undefined, te: undefined });

  test("GET with a query, HEAD, unknown methods", async () => {
    const peer = new Peer(makeRig()).start(
      frame(1, 5, 1, get("/version?x=1")),
      frame(1, 5, 3, get("/version", "HEAD")),
      frame(1, 5, 5, get("/version", "BREW")),
    );
    await peer.readSoon();
    assert.equal(peer.fields(1).get(":status"), "200");
    assert.equal(peer.body(1).length, 131);
    assert.equal(peer.fields(3).get("content-length"), "131");
    assert.equal(peer.body(3).length, 0);
    assert.ok(peer.isDone(3));
    assert.equal(peer.fields(5).get(":status"), "405");
  });

  test("a body is sent under flow control", async () => {
    const peer = new Peer(makeRig()).start(
      frame(4, 0, 0, setting(4, 10)),
      frame(1, 5, 1, get("/version")),
    );
    await peer.readSoon();
    assert.equal(peer.body(1).length, 10);
    peer.send(frame(8, 0, 1, uint32(1000))).read();
    assert.equal(peer.body(1).length, 131);
    assert.ok(peer.isDone(1));
  });

  test("a large body, and a request body", async () => {
    const peer = new Peer(makeRig()).start(
      frame(4, 0, 0, setting(4, 1 << 20)),
      frame(8, 0, 0, uint32(1 << 20)),
      frame(1, 5, 1, get("/big")),
      frame(1, 4, 3, headers({ ":path": "/echo", "content-type": "application/json" })),
      frame(0, 0, 3, Buffer.from("hello ")),
      frame(0, 1, 3, Buffer.from("world")),
    );
    await peer.readSoon();
    assert.equal(peer.body(1).length, 300_000);
    assert.equal(peer.body(3).toString(), "hello world");
  });

  test("a body over the limit is refused while it comes", async () => {
    const peer = new Peer(makeRig({ httpBodyBytesMax: 20_000 })).start(
      frame(1, 4, 1, headers({ ":path": "/echo", "content-type": "application/json" })),
      frame(0, 0, 1, Buffer.alloc(16_000)),
      frame(0, 0, 1, Buffer.alloc(16_000)),
    );
    await peer.readSoon();
    assert.equal(peer.fields(1).get(":status"), "413");
    assert.equal(peer.resetCode(1), 0);
    assert.equal(peer.rig.counters.partialBytes, 0);
  });

  test("an answer for a request that was reset goes nowhere", async () => {
    const peer = new Peer(makeRig()).start(
      frame(1, 5, 1, get("/version")),
      frame(3, 0, 1, uint32(8)),
    );
    await peer.readSoon();
    assert.equal(peer.of(1, 1).length, 0);
  });
});
