// Flow control, HTTP and gRPC over HTTP/2, case by case, with raw frames.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  answered,
  CHAT,
  check,
  connectionError,
  FLOW_CONTROL,
  FRAME_SIZE,
  HEAD,
  OPEN,
  PROTOCOL,
  status,
  streamError,
} from "./checks.js";
import {
  type Fields,
  frame,
  headers,
  literal,
  makeRig,
  message,
  Peer,
  request,
  setting,
  uint32,
} from "./peer.js";

describe("flow control (5.2, 6.9)", () => {
  check(
    "WINDOW_UPDATE by 0 on the connection",
    [frame(8, 0, 0, uint32(0))],
    connectionError(PROTOCOL),
  );
  check(
    "WINDOW_UPDATE by 0 on a stream",
    [OPEN, frame(8, 0, 1, uint32(0))],
    streamError(1, PROTOCOL),
  );
  check(
    "WINDOW_UPDATE of a wrong length",
    [frame(8, 0, 0, Buffer.alloc(3))],
    connectionError(FRAME_SIZE),
  );
  check(
    "the connection's window overflows",
    [frame(8, 0, 0, uint32(0x7fffffff)), frame(8, 0, 0, uint32(0x7fffffff))],
    connectionError(FLOW_CONTROL),
  );
  check(
    "a stream's window overflows",
    [OPEN, frame(8, 0, 1, uint32(0x7fffffff)), frame(8, 0, 1, uint32(0x7fffffff))],
    streamError(1, FLOW_CONTROL),
  );
  check(
    "a stream's window overflows by SETTINGS",
    [OPEN, frame(8, 0, 1, uint32(0x7fffffff - 65_535)), frame(4, 0, 0, setting(4, 65_536))],
    connectionError(FLOW_CONTROL),
  );
  check(
    "a window of one byte gives one byte, and more when it opens",
    [frame(4, 0, 0, setting(4, 1)), request(1), frame(8, 0, 1, uint32(1000))],
    answered(1),
    (peer) => {
      assert.equal(peer.body(1).length, 10);
    },
  );
  check(
    "a window of nothing is opened by SETTINGS",
    [frame(4, 0, 0, setting(4, 0)), request(1), frame(4, 0, 0, setting(4, 1000))],
    answered(1),
  );
  test("a window may become negative", () => {
    const peer = new Peer(makeRig()).start(frame(4, 0, 0, setting(4, 3)), request(1)).read();
    assert.equal(peer.body(1).length, 3);
    peer.send(frame(4, 0, 0, setting(4, 1))).read();
    peer.send(frame(8, 0, 1, uint32(2))).read();
    assert.equal(peer.body(1).length, 3, "the window is at 0 now");
    peer.send(frame(8, 0, 1, uint32(1))).read();
    assert.equal(peer.body(1).length, 4);
    assert.ok(!peer.isDone(1));
    peer.send(frame(8, 0, 1, uint32(100))).read();
    answered(1)(peer);
  });
  test("the connection's window holds all streams together", () => {
    const peer = new Peer(makeRig());
    const big = { ":path": "/test.Echo/Big" };
    peer
      .start(
        frame(4, 0, 0, setting(4, 1 << 20)),
        request(1, big, "60000"),
        request(3, big, "60000"),
      )
      .read();
    assert.equal(peer.body(1).length + peer.body(3).length, 65_535);
    peer.send(frame(8, 0, 0, uint32(1 << 20))).read();
    assert.equal(peer.body(1).length, 60_005);
    assert.equal(peer.body(3).length, 60_005);
    answered(1)(peer);
    answered(3)(peer);
  });
  test("streams with much to send take turns", () => {
    const peer = new Peer(makeRig());
    const big = { ":path": "/test.Echo/Big" };
    peer.start(
      frame(4, 0, 0, setting(4, 1 << 20)),
      frame(8, 0, 0, uint32(1 << 24)),
      request(1, big, "900000"),
      request(3, big, "100000"),
      request(5, big, "100000"),
    );
    peer.read();
    const order = peer.frames.filter((f) => f.type === 0).map((f) => f.id);
    assert.deepEqual(order.slice(0, 6), [1, 3, 5, 1, 3, 5]);
    const lastOfSmall = Math.max(order.lastIndexOf(3), order.lastIndexOf(5));
    assert.ok(lastOfSmall <= 21, "the small answers did not wait for the large one");
    answered(1)(peer);
  });
  test("a client that overruns the connection's window is cut off", () => {
    const rig = makeRig({ connectionWindowBytes: 65_535 * 2, streamWindowBytes: 1 << 24 });
    const peer = new Peer(rig).start(frame(1, 4, 1, headers({ ":path": "/test.Echo/Chat" })));
    // All in one chunk: no window can be given back in between.
    peer.send(...Array.from({ length: 9 }, () => frame(0, 0, 1, Buffer.alloc(16_384)))).read();
    assert.equal(peer.goawayCode, FLOW_CONTROL);
  });
  test("windows are given back", () => {
    const peer = new Peer(makeRig()).start(CHAT);
    for (let i = 0; i < 2000; i += 1) {
      peer.send(frame(0, 0, 1, message(Buffer.alloc(16_000)))).read();
    }
    assert.equal(peer.goawayCode, undefined);
    assert.equal(peer.resetCode(1), undefined);
    assert.ok(peer.of(8, 0).length > 2);
    assert.ok(peer.of(8, 1).length > 2);
  });
});

describe("HTTP (8)", () => {
  check(
    "a second HEADERS without END_STREAM",
    [OPEN, frame(1, 4, 1, literal("x", "y"))],
    streamError(1, PROTOCOL),
  );
  check(
    "trailers end a request",
    [OPEN, frame(0, 0, 1, message("x")), frame(1, 5, 1, literal("x", "y"))],
    answered(1),
  );
  check(
    "a pseudo-header in trailers",
    [OPEN, frame(1, 5, 1, literal(":method", "POST"))],
    streamError(1, PROTOCOL),
  );
  const bad: readonly (readonly [string, Uint8Array])[] = [
    ["an upper-case name", Buffer.concat([HEAD, literal("X-A", "b")])],
    ["an empty name", Buffer.concat([HEAD, literal("", "b")])],
    ["a blank in a name", Buffer.concat([HEAD, literal("a b", "b")])],
    ["a line feed in a value", Buffer.concat([HEAD, literal("a", "b\nc")])],
    ["a NUL in a value", Buffer.concat([HEAD, literal("a", "b\0c")])],
    ["a blank before a value", Buffer.concat([HEAD, literal("a", " b")])],
    ["an unknown pseudo-header", headers({ ":foo": "x" })],
    ["a pseudo-header of answers", headers({ ":status": "200" })],
    ["a pseudo-header after others", Buffer.concat([literal("te", "trailers"), HEAD])],
    ["a connection header", Buffer.concat([HEAD, literal("connection", "keep-alive")])],
    ["transfer-encoding", Buffer.concat([HEAD, literal("transfer-encoding", "chunked")])],
    ["te other than trailers", headers({ te: "gzip" })],
    ["an empty path", headers({ ":path": "" })],
    ["a path without a slash", headers({ ":path": "x" })],
    [
      "two different content-lengths",
      Buffer.concat([HEAD, literal("content-length", "1"), literal("content-length", "2")]),
    ],
    ["a content-length that is no number", Buffer.concat([HEAD, literal("content-length", "1x")])],
    ...[":method", ":scheme", ":path"].map((name): [string, Uint8Array] => [
      `no ${name}`,
      headers({ [name]: undefined } satisfies Fields),
    ]),
    ...[":method", ":scheme", ":path", ":authority"].map((name): [string, Uint8Array] => [
      `two ${name}`,
      Buffer.concat([literal(name, "/x"), HEAD]),
    ]),
  ];
  for (const [name, block] of bad) {
    check(`a request with ${name} is malformed`, [frame(1, 5, 1, block)], streamError(1, PROTOCOL));
  }
  const lengths = (length: number): Buffer =>
    frame(1, 4, 1, Buffer.concat([HEAD, literal("content-length", String(length))]));
  check("a right content-length", [lengths(6), frame(0, 1, 1, message("x"))], answered(1));
  check(
    "a content-length below the body",
    [lengths(1), frame(0, 1, 1, message("x"))],
    streamError(1, PROTOCOL),
  );
  check(
    "a content-length above the body",
    [lengths(9), frame(0, 1, 1, message("x"))],
    streamError(1, PROTOCOL),
  );
  check(
    "a content-length wrong over several frames",
    [
      lengths(9),
      frame(0, 0, 1, message("x").subarray(0, 3)),
      frame(0, 1, 1, message("x").subarray(3)),
    ],
    streamError(1, PROTOCOL),
  );
  check(
    "a content-length without a body",
    [frame(1, 5, 1, Buffer.concat([HEAD, literal("content-length", "3")]))],
    streamError(1, PROTOCOL),
  );
});

describe("HPACK towards the client", () => {
  test("a table of size 0 is respected, whatever came before", () => {
    const peer = new Peer(makeRig()).start(request(1)).read();
    peer.send(frame(4, 0, 0, setting(1, 0)), request(3), request(5)).read();
    peer.send(frame(4, 0, 0, setting(1, 4096)), request(7), request(9)).read();
    peer
      .send(
        frame(4, 0, 0, Buffer.concat([setting(1, 50), setting(1, 200)])),
        request(11),
        request(13),
      )
      .read();
    for (const id of [1, 3, 5, 7, 9, 11, 13]) {
      answered(id)(peer);
      assert.equal(peer.fields(id).get("content-type"), "application/grpc");
    }
    const updates = (id: number): number => {
      const block = peer.of(1, id)[0]!.payload;
      let count = 0;
      for (let at = 0; (block[at]! & 0xe0) === 0x20; count += 1) {
        at += block[at] === 0x3f ? 3 : 1;
      }
      return count;
    };
    assert.deepEqual([1, 3, 5, 7, 9].map(updates), [0, 1, 0, 1, 0]);
    assert.ok(updates(11) >= 1 && updates(11) <= 2);
    assert.equal(peer.of(1, 9)[0]!.payload.length, 2, "both fields are indexed again");
    assert.equal(peer.of(1, 5)[0]!.payload[0], 0x08, "a literal that enters no table");
  });
});

describe("gRPC", () => {
  check(
    "two messages in a unary call",
    [OPEN, frame(0, 1, 1, Buffer.concat([message("x"), message("y")]))],
    status(1, "13"),
  );
  check("no message in a unary call", [OPEN, frame(0, 1, 1)], status(1, "13"));
  check("a unary call that ends with its headers", [frame(1, 5, 1, HEAD)], status(1, "13"));
  check("half a message", [OPEN, frame(0, 1, 1, message("hello").subarray(0, 7))], status(1, "13"));
  check(
    "a message over three frames",
    [
      OPEN,
      frame(0, 0, 1, message("hello").subarray(0, 3)),
      frame(0, 0, 1, message("hello").subarray(3, 6)),
      frame(0, 1, 1, message("hello").subarray(6)),
    ],
    answered(1),
    (peer) => {
      assert.equal(peer.body(1).toString("latin1", 5), "hello");
    },
  );
  check(
    "a message and an empty last frame",
    [OPEN, frame(0, 0, 1, message("x")), frame(0, 1, 1)],
    answered(1),
  );
  check(
    "requests whose messages come in another order",
    [
      ...[1, 3, 5].map((id) => frame(1, 4, id, HEAD)),
      ...[5, 3, 1].map((id) => frame(0, 1, id, message(String(id)))),
    ],
    answered(1),
    answered(3),
    answered(5),
    (peer) => {
      assert.equal(peer.body(3).toString("latin1", 5), "3");
    },
  );
  check(
    "a message over the limit",
    [OPEN, frame(0, 0, 1, Buffer.concat([Uint8Array.of(0), uint32(3_000_010)]))],
    status(1, "8", "grpc: received message larger than max (3000010 vs. 2097152)"),
    (peer) => {
      assert.equal(peer.resetCode(1), 0, "the client is asked to stop");
    },
  );
  check(
    "a flag that is neither 0 nor 1",
    [OPEN, frame(0, 1, 1, message("x", 2))],
    status(1, "13", "grpc: received unexpected payload format 2"),
  );
  check(
    "the compressed flag without an encoding",
    [OPEN, frame(0, 1, 1, message("x", 1))],
    status(1, "13", "grpc: compressed flag set with identity or empty encoding"),
  );
  check(
    "an unknown encoding",
    [frame(1, 4, 1, headers({ "grpc-encoding": "snappy" }))],
    status(1, "12", 'grpc: Decompressor is not installed for grpc-encoding "snappy"'),
    (peer) => {
      assert.equal(peer.fields(1).get("grpc-accept-encoding"), "identity,gzip");
    },
  );
  check(
    "an unknown service",
    [request(1, { ":path": "/nope.Nope/Unary" })],
    status(1, "12", "unknown service nope.Nope"),
  );
  check(
    "an unknown method",
    [request(1, { ":path": "/test.Echo/Nope" })],
    status(1, "12", "unknown method Nope for service test.Echo"),
  );
  check(
    "a path that is no method",
    [request(1, { ":path": "/nope" })],
    status(1, "12", 'malformed method name: "/nope"'),
  );
  check(
    "a wrong content type on a gRPC path",
    [request(1, { "content-type": "text/plain" })],
    (peer) => {
      assert.equal(peer.fields(1).get(":status"), "415");
    },
  );
  check(
    "a content type that only begins like gRPC's",
    [request(1, { "content-type": "application/grpc-web" })],
    (peer) => {
      assert.equal(peer.fields(1).get(":status"), "415");
    },
  );
  for (const type of ["application/grpc+proto", "application/grpc;charset=utf-8"]) {
    check(`content type ${type}`, [request(1, { "content-type": type })], answered(1));
  }
  check("a gRPC call by GET", [frame(1, 5, 1, headers({ ":method": "GET" }))], (peer) => {
    assert.equal(peer.fields(1).get(":status"), "405");
  });
  check(
    "a malformed timeout",
    [request(1, { "grpc-timeout": "5x" })],
    status(1, "13", "malformed grpc-timeout"),
  );
  check(
    "an error with a message that is not ASCII",
    [request(1, { ":path": "/test.Echo/Fail" }, '[9, "100% größer\\n"]')],
    status(1, "9", "100%25 gr%C3%B6%C3%9Fer%0A"),
  );
  check(
    "a stream refused at once has no messages",
    [frame(1, 4, 1, headers({ ":path": "/test.Echo/Refuse" }))],
    status(1, "7", "not for you"),
    (peer) => {
      assert.equal(peer.of(1, 1).length, 1, "trailers only");
      assert.equal(peer.resetCode(1), 0);
    },
  );
  check(
    "a stream echoes each message",
    [
      CHAT,
      frame(0, 0, 1, Buffer.concat([message("a"), message("b"), message("c").subarray(0, 2)])),
      frame(0, 1, 1, message("c").subarray(2)),
    ],
    answered(1),
    (peer) => {
      assert.equal(
        peer.body(1).toString("latin1"),
        Buffer.concat(["a", "b", "c"].map((x) => message(x))).toString("latin1"),
      );
    },
  );
  check(
    "a stream without messages",
    [frame(1, 5, 1, headers({ ":path": "/test.Echo/Chat" }))],
    answered(1),
  );
  test("a handler that throws fails its call only, and is reported", () => {
    const peer = new Peer(makeRig())
      .start(request(1, { ":path": "/test.Echo/Throw" }), request(3))
      .read();
    status(1, "13", "internal error")(peer);
    answered(3)(peer);
    assert.equal(peer.rig.state.errors.length, 1);
  });
  test("answers of one chunk leave in one write", () => {
    const peer = new Peer(makeRig()).start().read();
    const before = peer.socket.writes;
    peer.send(...Array.from({ length: 50 }, (_, i) => request(2 * i + 1))).read();
    assert.equal(peer.socket.writes, before + 1);
  });
});
