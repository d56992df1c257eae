// Deadlines, cancellation, keepalive and drain, on virtual time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { frame, headers, makeRig, message, Peer, request, uint32 } from "./peer.js";

const NEVER = { ":path": "/test.Echo/Never" };
const CHAT = { ":path": "/test.Echo/Chat" };

describe("deadlines", () => {
  for (const [timeout, ms] of [
    ["50m", 50],
    ["2S", 2000],
    ["300000u", 300],
    ["90000000n", 90],
    ["1M", 60_000],
    ["1H", 3_600_000],
  ] as const) {
    test(`a call with ${timeout} fails after ${ms} ms`, () => {
      const rig = makeRig();
      const peer = new Peer(rig).start(
        request(1, { ...NEVER, "grpc-timeout": timeout }),
        frame(1, 4, 3, headers({ ...CHAT, "grpc-timeout": timeout })),
        // One whose message never comes.
        frame(1, 4, 5, headers({ "grpc-timeout": timeout })),
      );
      rig.clock.advance(ms - 1);
      peer.read();
      assert.equal(peer.status(1), undefined);
      rig.clock.advance(25);
      peer.read();
      for (const id of [1, 3, 5]) {
        assert.equal(peer.status(id), "4");
        assert.equal(peer.fields(id).get("grpc-message"), "context deadline exceeded");
      }
      assert.equal(rig.state.cancelled, 2);
      assert.equal(rig.counters.methods.get("/test.Echo/Never")?.handled[4], 1);
      assert.equal(rig.counters.methods.get("/test.Echo/Chat")?.handled[4], 1);
      assert.equal(rig.counters.methods.get("/test.Echo/Unary")?.handled[4], 1);
      assert.equal(rig.context.deadlines.count, 0);
      peer.send(request(7)).read();
      assert.equal(peer.status(7), "0");
    });
  }

  test("a stream whose messages wait for a window is reset when its deadline is over", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(
      frame(1, 4, 1, headers({ ":path": "/test.Echo/Repeat", "grpc-timeout": "1S" })),
      frame(0, 1, 1, message("[500,1000]")),
    );
    rig.clock.advance(1100);
    peer.read();
    assert.equal(peer.resetCode(1), 8);
    assert.equal(rig.state.cancelled, 1);
  });
});

describe("cancellation", () => {
  test("RST_STREAM reaches the handler, and its late answer goes nowhere", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(request(1, NEVER), frame(1, 4, 3, headers(CHAT)));
    assert.equal(rig.state.waiting, 1);
    peer.send(frame(3, 0, 1, uint32(8)), frame(3, 0, 3, uint32(8))).read();
    assert.equal(rig.state.waiting, 0);
    assert.equal(rig.state.cancelled, 2);
    assert.equal(peer.of(0, 1).length, 0);
    assert.equal(rig.counters.methods.get("/test.Echo/Never")?.handled[1], 1);
  });

  for (const end of ["closed", "ended"] as const) {
    test(`the loss of the connection reaches all handlers (${end})`, () => {
      const rig = makeRig();
      const peer = new Peer(rig).start(request(1, NEVER), frame(1, 4, 3, headers(CHAT)));
      peer.connection[end]();
      assert.equal(rig.state.cancelled, 2);
      assert.equal(rig.context.deadlines.count, 0);
    });
  }

  test("an answer that was given before its call was reset is no error", async () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(request(1, { ":path": "/test.Echo/Later" }));
    peer.send(frame(3, 0, 1, uint32(8)));
    await peer.readSoon();
    assert.deepEqual(rig.state.errors, []);
    assert.equal(peer.of(0, 1).length, 0);
  });
});

describe("keepalive", () => {
  test("a silent client is asked after 2 h and cut off 20 s later", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(frame(1, 4, 1, headers(CHAT)));
    rig.clock.advance(7_199_000);
    assert.equal(peer.read().of(6, 0).length, 0);
    rig.clock.advance(2000);
    assert.equal(peer.read().of(6, 0).length, 1);
    assert.ok(!peer.isClosed);
    rig.clock.advance(20_000);
    assert.ok(peer.isClosed);
    assert.equal(rig.state.cancelled, 1);
  });

  test("any sign of life keeps the connection", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start();
    let answered = 0;
    for (let seconds = 0; seconds < 10 * 3600; seconds += 5) {
      rig.clock.advance(5000);
      const pings = peer.read().of(6, 0);
      if (pings.length > answered) {
        answered = pings.length;
        peer.send(frame(6, 1, 0, pings.at(-1)!.payload));
      }
    }
    assert.ok(!peer.isClosed);
    assert.equal(answered, 5);
  });
});

describe("drain", () => {
  test("two GOAWAYs: running calls finish, crossing ones are taken, later ones are not", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(frame(1, 4, 1, headers(CHAT)));
    peer.connection.drain();
    peer.read();
    assert.equal(peer.of(7, 0)[0]?.payload.readUInt32BE(0), 0x7fffffff);
    assert.equal(peer.goawayCode, 0);
    peer.send(request(3)).read();
    assert.equal(peer.status(3), "0", "it crossed the first GOAWAY");
    peer.send(frame(6, 1, 0, peer.of(6, 0)[0]!.payload)).read();
    assert.equal(peer.of(7, 0)[1]?.payload.readUInt32BE(0), 3);
    peer.send(request(5)).read();
    assert.equal(peer.status(5), undefined);
    assert.ok(!peer.socket.isEnded);
    peer.send(frame(0, 1, 1, message("bye"))).read();
    assert.equal(peer.status(1), "0");
    assert.ok(peer.socket.isEnded);
    rig.clock.advance(1000);
    assert.ok(peer.isClosed);
  });

  test("a client that does not answer the PING is told the last stream after 5 s", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(request(1));
    peer.connection.drain();
    rig.clock.advance(5000);
    assert.equal(peer.read().of(7, 0).length, 2);
    assert.ok(peer.socket.isEnded);
  });

  test("connections without a protocol, and idle HTTP/1 connections, close at once", async () => {
    const rig = makeRig();
    const mute = new Peer(rig);
    const idle = new Peer(rig).send(Buffer.from("GET /version HTTP/1.1\r\nhost: a\r\n\r\n"));
    await idle.readSoon();
    mute.connection.drain();
    idle.connection.drain();
    assert.ok(mute.isClosed);
    assert.ok(idle.socket.isEnded);
  });
});

describe("counters", () => {
  test("they say what was done", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(
      request(1),
      request(3, { ":path": "/test.Echo/Fail" }, '[5,"no"]'),
      frame(1, 4, 5, headers(CHAT)),
      frame(0, 1, 5, Buffer.concat([message("ab"), message("cd")])),
    );
    peer.read();
    const { counters } = rig;
    const unary = counters.methods.get("/test.Echo/Unary")!;
    const chat = counters.methods.get("/test.Echo/Chat")!;
    assert.deepEqual([unary.started, unary.handled[0]], [1, 1]);
    assert.equal(counters.methods.get("/test.Echo/Fail")!.handled[5], 1);
    assert.deepEqual([chat.messagesReceived, chat.messagesSent, chat.handled[0]], [2, 2, 1]);
    assert.equal(counters.messageBytesReceived, 5 + 8 + 4);
    assert.equal(counters.messageBytesSent, 5 + 4);
    assert.equal(counters.streamsStarted, 3);
    assert.deepEqual([counters.connectionsOpen, counters.connectionsTotal], [1, 1]);
    assert.ok(counters.bytesReceived > 100 && counters.bytesSent > 100);
    peer.connection.destroy();
    assert.equal(counters.connectionsOpen, 0);
  });
});
