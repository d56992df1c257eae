// HTTP requests whose body and answer flow at the same time, over HTTP/1.1 and HTTP/2: what each side sees, and what a
// client that misbehaves can make the server keep.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frame, headers, makeRig, Peer, type Rig, setting, uint32 } from "./peer.js";

const CHUNKED = "HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
const ECHO = `POST /stream/echo ${CHUNKED}`;
const GET = "GET /version HTTP/1.1\r\nhost: a\r\n\r\n";

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

function peerOf(rig: Rig, ...texts: string[]): Peer {
  const peer = new Peer(rig);
  for (const text of texts) {
    peer.send(Buffer.from(text));
    rig.clock.settle();
  }
  return peer;
}

/** What follows the head. */
function bodyOf(peer: Peer): string {
  return peer.text.slice(peer.text.indexOf("\r\n\r\n") + 4);
}

/** The body of a chunked answer that has ended. */
function dechunked(body: string): string {
  let text = "";
  let rest = body;
  while (rest !== "0\r\n\r\n") {
    const length = Number.parseInt(rest, 16);
    const start = rest.indexOf("\r\n") + 2;
    assert.ok(length > 0, `a chunk begins: ${rest}`);
    text += rest.slice(start, start + length);
    rest = rest.slice(start + length + 2);
  }
  return text;
}

function assertNothingLeft({ counters, clock, state }: Rig): void {
  assert.equal(state.waiting, 0);
  assert.equal(counters.partialBytes, 0);
  assert.equal(counters.connectionsOpen, 0);
  clock.advance(24 * 3_600_000);
  assert.equal(clock.timers, 0);
}

describe("streams over HTTP/1.1", () => {
  test("each piece comes back as one chunk at once, and the connection is kept after the end", async () => {
    const peer = peerOf(makeRig(), ECHO, chunk("one"));
    assert.match(peer.text, /^HTTP\/1\.1 200 OK\r\n[^]*transfer-encoding: chunked\r\n/);
    assert.equal(bodyOf(peer), chunk("one"));
    peer.send(Buffer.from(chunk("two")));
    peer.rig.clock.settle();
    assert.equal(bodyOf(peer), chunk("one") + chunk("two"));
    peer.send(Buffer.from(`0\r\n\r\n${GET}`));
    peer.rig.clock.settle();
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(bodyOf(peer), /^3\r\none\r\n3\r\ntwo\r\n0\r\n\r\nHTTP\/1\.1 200 OK/);
    assert.ok(!peer.socket.isEnded);
    peer.connection.destroy();
    assertNothingLeft(peer.rig);
  });

  test("however the body is cut, the same bytes come back", () => {
    const text = `${ECHO}5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nx: y\r\n\r\n`;
    for (let cut = 1; cut < text.length; cut += 1) {
      const peer = peerOf(makeRig(), text.slice(0, cut), text.slice(cut));
      assert.equal(dechunked(bodyOf(peer)), "hello world", `cut at ${cut}`);
      assert.ok(!peer.socket.isEnded);
    }
  });

  test("a body of known length streams too, and none at all ends at once", () => {
    const known = "POST /stream/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n";
    assert.equal(bodyOf(peerOf(makeRig(), known, "he", "llo")), "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
    assert.equal(bodyOf(peerOf(makeRig(), known.replace("5", "0"))), "0\r\n\r\n");
  });

  test("expect: 100-continue is answered before the body", () => {
    const head = ECHO.replace("host: a", "host: a\r\nexpect: 100-continue");
    const peer = peerOf(makeRig(), head);
    assert.match(peer.text, /^HTTP\/1\.1 100 Continue\r\n\r\n/);
  });

  test("HTTP/1.0 gets the bytes as they are, up to the connection's end", () => {
    const peer = peerOf(
      makeRig(),
      "POST /stream/echo HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello",
    );
    assert.match(peer.text, /connection: close\r\n/);
    assert.doesNotMatch(peer.text, /transfer-encoding/);
    assert.equal(bodyOf(peer), "hello");
    assert.ok(peer.socket.isEnded);
  });

  test("a whole answer keeps the connection if the body is complete, and closes it if not", async () => {
    const whole = peerOf(makeRig(), `POST /stream/whole ${CHUNKED}${chunk("x")}0\r\n\r\n`, GET);
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(whole.text, /content-length: 1\r\n\r\nxHTTP\/1\.1 200 OK/);
    const open = peerOf(makeRig(), `POST /stream/whole ${CHUNKED}${chunk("x")}`);
    assert.match(open.text, /connection: close\r\n\r\nx$/);
    assert.ok(open.socket.isEnded);
  });

  test("a malformed chunk before the answer is refused; after its beginning the connection is cut", () => {
    const before = peerOf(
      makeRig(),
      `POST /stream/flood ${CHUNKED}`.replace("flood", "whole"),
      "x\r\n",
    );
    assert.match(before.text, /^HTTP\/1\.1 400 /);
    assert.equal(before.rig.state.cancelled, 1);
    const after = peerOf(makeRig(), ECHO, chunk("a"), "nonsense\r\n");
    assert.ok(after.isClosed);
    assert.equal(after.rig.state.cancelled, 1);
    assertNothingLeft(after.rig);
  });

  test("a client that leaves cancels the call, by reset or by its end", () => {
    const reset = peerOf(makeRig(), ECHO, chunk("a"));
    reset.connection.closed();
    assert.equal(reset.rig.state.cancelled, 1);
    assertNothingLeft(reset.rig);
    const left = peerOf(makeRig(), `${ECHO}${chunk("a")}`);
    left.connection.ended();
    assert.equal(left.rig.state.cancelled, 1);
    assert.ok(left.socket.isEnded);
    left.rig.clock.advance(5000);
    assertNothingLeft(left.rig);
  });

  test("a client that leaves a request that waits cancels that too", async () => {
    const rig = makeRig();
    const peer = peerOf(rig, GET.replace("/version", "/never"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(rig.state.waiting, 1);
    peer.connection.ended();
    assert.equal(rig.state.waiting, 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(peer.text, /^HTTP\/1\.1 499 /);
    const other = new Peer(rig).start(
      frame(1, 5, 1, headers({ ":method": "GET", ":path": "/never", "content-type": undefined })),
    );
    await other.readSoon();
    assert.equal(rig.state.waiting, 1);
    other.send(frame(3, 0, 1, uint32(8)));
    assert.equal(rig.state.waiting, 0);
  });

  test("a service that throws is answered with 500, or cut off after it began", () => {
    const whole = peerOf(makeRig(), `POST /stream/throw ${CHUNKED}${chunk("a")}`);
    assert.match(whole.text, /^HTTP\/1\.1 500 /);
    assert.equal(whole.rig.state.errors.length, 1);
    assert.equal(whole.rig.state.cancelled, 1);
    const begun = peerOf(makeRig(), `POST /stream/throw ${CHUNKED}${chunk("b")}`);
    assert.ok(begun.isClosed);
    assert.equal(begun.rig.state.cancelled, 1);
  });

  test("a reader that stops holds up the sender at its mark, and goes on where it stopped", () => {
    const rig = makeRig();
    const peer = new Peer(rig);
    peer.socket.reads = false;
    peer.send(Buffer.from(`POST /stream/flood ${CHUNKED}${chunk("go")}`));
    rig.clock.settle();
    const queued = peer.socket.queuedBytes;
    assert.ok(queued >= 256 * 1024 && queued < 300 * 1024, `${queued} B queued`);
    peer.send(Buffer.from(chunk("more").repeat(100)));
    rig.clock.settle();
    assert.equal(peer.socket.queuedBytes, queued, "nothing more is queued");
    assert.ok(peer.socket.isPaused, "nothing more is read");
    peer.socket.reads = true;
    peer.connection.drained();
    rig.clock.settle();
    assert.ok(Buffer.concat(peer.socket.received).length > queued);
    assert.ok(rig.state.bufferedBytesMax < 300 * 1024);
    peer.connection.destroy();
    assertNothingLeft(rig);
  });

  test("a sender that fills the queue just before an older write has drained is told when its own has", () => {
    const rig = makeRig();
    const peer = new Peer(rig);
    peer.socket.reads = false;
    peer.send(Buffer.from(ECHO));
    peer.send(Buffer.from(chunk("x".repeat(200_000))));
    rig.clock.settle();
    assert.ok(peer.socket.queuedBytes > 200_000);
    // In one turn: more than the mark is sent, then the socket tells of what it took earlier.
    peer.send(Buffer.from(chunk("y".repeat(300_000))));
    assert.ok(peer.socket.isPaused, "nothing more is read");
    peer.socket.reads = true;
    peer.connection.drained();
    assert.ok(peer.socket.isPaused, "300,000 bytes wait for the end of the turn");
    peer.socket.reads = false;
    rig.clock.settle();
    assert.ok(peer.socket.queuedBytes > 300_000);
    peer.socket.reads = true;
    peer.connection.drained();
    assert.equal(rig.state.drained, 1, "the service is told when there is room");
    peer.connection.destroy();
    assertNothingLeft(rig);
  });

  test("a reader that takes nothing for a minute is cut off", () => {
    const rig = makeRig();
    const peer = new Peer(rig);
    peer.socket.reads = false;
    peer.send(Buffer.from(`POST /stream/flood ${CHUNKED}${chunk("go")}`));
    rig.clock.settle();
    rig.clock.advance(59_000);
    assert.ok(!peer.isClosed);
    rig.clock.advance(2000);
    assert.ok(peer.isClosed);
    assert.equal(rig.state.cancelled, 1);
    assertNothingLeft(rig);
  });

  test("an open stream is left alone for days", () => {
    const peer = peerOf(makeRig(), ECHO);
    peer.rig.clock.advance(3 * 24 * 3_600_000);
    peer.send(Buffer.from(chunk("still")));
    peer.rig.clock.settle();
    assert.equal(bodyOf(peer), chunk("still"));
  });

  test("what a client sends behind its request while that streams is not gathered", () => {
    const rig = makeRig();
    const peer = peerOf(
      rig,
      "POST /stream/flood HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx",
    );
    peer.send(Buffer.from(GET.repeat(100)));
    assert.ok(peer.socket.isPaused);
    peer.connection.destroy();
    assertNothingLeft(rig);
  });

  test("an answer that ends while the next request's beginning waits is sent at once, and the connection goes on", async () => {
    const burst = "POST /stream/burst HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx";
    const peer = peerOf(makeRig(), `${burst}G`);
    assert.ok(peer.socket.isPaused, "what is behind the request waits");
    await new Promise((resolve) => setImmediate(resolve));
    peer.send(Buffer.from(GET.slice(1)));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(dechunked(bodyOf(peer).replace(/HTTP[^]*/, "")).length, 200_000);
    assert.match(bodyOf(peer), /0\r\n\r\nHTTP\/1\.1 200 OK/);
    peer.connection.destroy();
    assertNothingLeft(peer.rig);
  });

  test("a server that drains lets a stream go on, and closes behind it", () => {
    const peer = peerOf(makeRig(), ECHO, chunk("a"));
    peer.connection.drain();
    peer.send(Buffer.from(`${chunk("b")}0\r\n\r\n`));
    peer.rig.clock.settle();
    assert.equal(bodyOf(peer), `${chunk("a")}${chunk("b")}0\r\n\r\n`);
    assert.ok(peer.socket.isEnded);
  });
});

test("where asking how to stream a request fails, it is not streamed", async () => {
  const old = peerOf(makeRig(), GET.replace("/version", "/unroutable"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.match(old.text, /^HTTP\/1\.1 404 /);
  assert.equal(old.rig.state.errors.length, 1);
  const changes = { ":method": "GET", ":path": "/unroutable", "content-type": undefined };
  const peer = new Peer(makeRig()).start(frame(1, 5, 1, headers(changes)));
  await peer.readSoon();
  assert.equal(peer.fields(1).get(":status"), "404");
  assert.equal(peer.rig.state.errors.length, 1);
});

describe("streams over HTTP/2", () => {
  const post = (path: string): Uint8Array =>
    headers({ ":path": path, "content-type": "application/json", te: undefined });

  test("pieces come back while the request is open", () => {
    const peer = new Peer(makeRig()).start(
      frame(1, 4, 1, post("/stream/echo")),
      frame(0, 0, 1, Buffer.from("one")),
    );
    peer.read();
    assert.equal(peer.fields(1).get(":status"), "200");
    assert.equal(peer.body(1).toString(), "one");
    assert.ok(!peer.isDone(1));
    peer.send(frame(0, 1, 1, Buffer.from("two"))).read();
    assert.equal(peer.body(1).toString(), "onetwo");
    assert.ok(peer.isDone(1));
    peer.connection.destroy();
    assertNothingLeft(peer.rig);
  });

  test("a whole answer, an empty body, a service that throws", () => {
    const peer = new Peer(makeRig()).start(
      frame(1, 4, 1, post("/stream/whole")),
      frame(0, 0, 1, Buffer.from("x")),
      frame(1, 5, 3, post("/stream/echo")),
      frame(1, 4, 5, post("/stream/throw")),
      frame(0, 0, 5, Buffer.from("a")),
      frame(1, 4, 7, post("/stream/throw")),
      frame(0, 0, 7, Buffer.from("b")),
    );
    peer.read();
    assert.equal(peer.body(1).toString(), "x");
    assert.ok(peer.isDone(1) && peer.isDone(3));
    assert.equal(peer.fields(5).get(":status"), "500");
    assert.equal(peer.resetCode(7), 2);
    assert.equal(peer.rig.state.errors.length, 2);
    assert.equal(peer.rig.state.cancelled, 2);
  });

  test("a reset cancels the call", () => {
    const peer = new Peer(makeRig()).start(frame(1, 4, 1, post("/stream/echo")));
    peer.send(frame(3, 0, 1, uint32(8))).read();
    assert.equal(peer.rig.state.cancelled, 1);
    peer.connection.destroy();
    assertNothingLeft(peer.rig);
  });

  test("a client that opens no window holds up the sender", () => {
    const peer = new Peer(makeRig()).start(
      frame(4, 0, 0, setting(4, 0)),
      frame(1, 4, 1, post("/stream/flood")),
      frame(0, 0, 1, Buffer.from("x")),
    );
    peer.read();
    assert.ok(peer.rig.state.bufferedBytesMax < 300 * 1024);
    peer.send(frame(8, 0, 1, uint32(20_000))).read();
    assert.equal(peer.body(1).length, 20_000);
    peer.connection.destroy();
    assertNothingLeft(peer.rig);
  });

  test("a client that asks on and on without reading is reset", () => {
    const peer = new Peer(makeRig()).start(
      frame(4, 0, 0, setting(4, 0)),
      frame(1, 4, 1, post("/stream/echo")),
    );
    for (let i = 0; i < 400 && peer.resetCode(1) === undefined; i += 1) {
      peer.send(frame(0, 0, 1, Buffer.alloc(16_000))).read();
    }
    assert.equal(peer.resetCode(1), 11);
    assert.equal(peer.rig.state.cancelled, 1);
    peer.connection.destroy();
    assertNothingLeft(peer.rig);
  });
});
