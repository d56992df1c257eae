// Clients that want harm: each is stopped, what it can occupy is bounded, and others are served meanwhile.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  frame,
  headers,
  literal,
  makeRig,
  message,
  Peer,
  PREFACE,
  request,
  type Rig,
  setting,
  uint32,
} from "./peer.js";

const ENHANCE_YOUR_CALM = 11;

function assertOthersAreServed(rig: Rig): void {
  const other = new Peer(rig).start(request(1)).read();
  assert.equal(other.status(1), "0");
  other.connection.destroy();
}

/** Sends until the connection is refused; returns how often it could. */
function until(peer: Peer, limit: number, send: (i: number) => Uint8Array): number {
  for (let i = 0; i < limit; i += 1) {
    peer.send(send(i));
    if (peer.socket.isEnded || peer.isClosed) {
      return i;
    }
  }
  return limit;
}

describe("floods", () => {
  const cases: readonly (readonly [string, number, (i: number) => Uint8Array])[] = [
    [
      "rapid reset",
      1001,
      (i) =>
        Buffer.concat([
          frame(1, 4, 2 * i + 1, headers({ ":path": "/test.Echo/Never" })),
          frame(0, 1, 2 * i + 1, message("x")),
          frame(3, 0, 2 * i + 1, uint32(8)),
        ]),
    ],
    [
      "resets made by the server for the client's faults",
      1001,
      (i) =>
        Buffer.concat([
          frame(1, 4, 2 * i + 1, headers({ ":path": "/test.Echo/Chat" })),
          frame(8, 0, 2 * i + 1, uint32(0)),
        ]),
    ],
    ["malformed requests", 1001, (i) => frame(1, 5, 2 * i + 1, headers({ te: "gzip" }))],
    ["SETTINGS", 1001, () => frame(4, 0, 0, setting(4, 65_535))],
    ["PRIORITY", 10_001, () => frame(2, 0, 1, Buffer.alloc(5))],
    ["unknown frames", 10_001, () => frame(0xaa, 0, 0)],
    ["WINDOW_UPDATE", 10_001, () => frame(8, 0, 0, uint32(1))],
  ];
  for (const [name, most, send] of cases) {
    test(`${name}: stopped within ${most} at once`, () => {
      const rig = makeRig();
      const peer = new Peer(rig).start();
      assert.ok(until(peer, most * 2, send) <= most);
      peer.read();
      assert.equal(peer.goawayCode, ENHANCE_YOUR_CALM);
      assert.equal(rig.state.waiting, 0, "the calls it began were cancelled");
      assertOthersAreServed(rig);
    });
  }

  test("empty DATA frames", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(frame(1, 4, 1, headers({ ":path": "/test.Echo/Chat" })));
    assert.ok(until(peer, 20_000, () => frame(0, 0, 1)) <= 10_001);
    assert.equal(peer.read().goawayCode, ENHANCE_YOUR_CALM);
  });

  test("empty CONTINUATION frames", () => {
    const peer = new Peer(makeRig()).start(frame(1, 0, 1, headers()));
    assert.ok(until(peer, 1000, () => frame(9, 0, 1)) <= 65);
    assert.equal(peer.read().goawayCode, ENHANCE_YOUR_CALM);
  });

  test("full CONTINUATION frames", () => {
    const peer = new Peer(makeRig()).start(frame(1, 0, 1, headers()));
    assert.ok(until(peer, 1000, () => frame(9, 0, 1, Buffer.alloc(16_384))) <= 4);
    assert.equal(peer.read().goawayCode, ENHANCE_YOUR_CALM);
  });

  test("a client that works may reset as many calls as it finishes", () => {
    const peer = new Peer(makeRig()).start();
    for (let i = 0; i < 5000; i += 1) {
      peer.send(
        request(4 * i + 1),
        frame(1, 4, 4 * i + 3, headers()),
        frame(3, 0, 4 * i + 3, uint32(8)),
      );
    }
    assert.equal(peer.read().goawayCode, undefined);
  });

  test("control frames at a bearable pace go on for ever", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start();
    for (let second = 0; second < 100; second += 1) {
      for (let i = 0; i < 500; i += 1) {
        peer.send(frame(2, 0, 1, Buffer.alloc(5)));
      }
      rig.clock.advance(1000);
    }
    assert.equal(peer.read().goawayCode, undefined);
  });
});

describe("PING (as grpc-go)", () => {
  const ping = frame(6, 0, 0, Buffer.alloc(8));

  test("the third PING too early is one too many", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(ping);
    for (let i = 0; i < 2; i += 1) {
      rig.clock.advance(4999);
      peer.send(ping);
    }
    assert.equal(peer.read().goawayCode, undefined);
    rig.clock.advance(4999);
    peer.send(ping).read();
    assert.equal(peer.goawayCode, ENHANCE_YOUR_CALM);
    assert.equal(peer.goawayText, "too_many_pings");
    assert.ok(peer.socket.isEnded);
  });

  test("a PING every 5 s is welcome, also without streams", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start();
    for (let i = 0; i < 1000; i += 1) {
      peer.send(ping);
      rig.clock.advance(5000);
    }
    assert.equal(peer.read().goawayCode, undefined);
    assert.equal(peer.of(6, 0).length, 1000);
  });

  test("answers in between forgive", () => {
    const peer = new Peer(makeRig()).start();
    for (let i = 0; i < 1000; i += 1) {
      peer.send(request(2 * i + 1), ping);
    }
    assert.equal(peer.read().goawayCode, undefined);
  });
});

describe("HPACK bombs", () => {
  test("a small block of many references is refused with 431 and keeps nothing", () => {
    const rig = makeRig();
    const insert = Buffer.concat([
      headers(),
      Uint8Array.of(0x40, 1, 0x61, 0x7f, 0x81, 0x1e),
      Buffer.alloc(0x7f + 0x1 + 0x1e * 128, 0x62),
    ]);
    const peer = new Peer(rig).start(
      frame(1, 4, 1, insert),
      frame(0, 1, 1, message("x")),
      frame(1, 5, 3, Buffer.concat([headers(), Buffer.alloc(16_000, 0xbe)])),
      request(5),
    );
    peer.read();
    assert.equal(peer.status(1), "0");
    assert.equal(peer.fields(3).get(":status"), "431");
    assert.equal(peer.status(5), "0", "the connection goes on");
  });

  test("a header list over the limit in literals", () => {
    const peer = new Peer(makeRig()).start(
      frame(1, 1, 1, headers()),
      frame(9, 0, 1, literal("a", "b".repeat(16_000))),
      frame(9, 0, 1, literal("a", "b".repeat(16_000))),
      frame(9, 4, 1, literal("a", "b".repeat(16_000))),
    );
    assert.equal(peer.read().fields(1).get(":status"), "431");
  });
});

describe("memory", () => {
  test("half-sent messages are bounded for a connection and for all", () => {
    const rig = makeRig({ partialBytesPerConnectionMax: 1 << 20, partialBytesMax: 3 << 20 });
    const peers = Array.from({ length: 5 }, () => new Peer(rig).start());
    for (const peer of peers) {
      for (let i = 0; i < 40; i += 1) {
        const id = 2 * i + 1;
        peer.send(frame(1, 4, id, headers()));
        const head = Buffer.concat([Uint8Array.of(0), uint32(2_000_000)]);
        peer.send(frame(0, 0, id, head));
        for (let j = 0; j < 4; j += 1) {
          peer.send(frame(0, 0, id, Buffer.alloc(16_000)));
        }
      }
      peer.read();
      assert.ok(rig.counters.partialBytes <= 3 << 20);
      const refused = peer.frames.filter((f) => f.type === 1).length;
      assert.ok(refused > 20, "the calls over the limit were refused");
      assert.equal(peer.goawayCode, undefined);
    }
    assertOthersAreServed(rig);
    for (const peer of peers) {
      peer.connection.destroy();
    }
    assert.equal(rig.counters.partialBytes, 0);
  });

  test("whole messages whose stream never ends count too", () => {
    const rig = makeRig({ partialBytesPerConnectionMax: 1 << 20 });
    const peer = new Peer(rig).start();
    for (let i = 0; i < 200; i += 1) {
      peer.send(
        frame(1, 4, 2 * i + 1, headers()),
        frame(0, 0, 2 * i + 1, message(Buffer.alloc(16_000))),
      );
    }
    peer.read();
    assert.ok(rig.counters.partialBytes <= 1 << 20);
  });

  test("a message announced large reserves only what has come", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(frame(1, 4, 1, headers()));
    peer.send(
      frame(0, 0, 1, Buffer.concat([Uint8Array.of(0), uint32(2_000_000), Uint8Array.of(1)])),
    );
    assert.ok(rig.counters.partialBytes <= 16_384);
  });

  test("a gzip bomb stops at the message limit", () => {
    const peer = new Peer(makeRig());
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const zip = { "grpc-encoding": "gzip" };
    peer.start(frame(1, 4, 1, headers(zip)));
    const body = message(bomb, 1);
    for (let at = 0; at < body.length; at += 16_384) {
      peer.send(frame(0, at + 16_384 >= body.length ? 1 : 0, 1, body.subarray(at, at + 16_384)));
    }
    peer.send(frame(1, 4, 3, headers(zip)), frame(0, 1, 3, message(gzipSync("hello"), 1)));
    peer.send(frame(1, 4, 5, headers(zip)), frame(0, 1, 5, message("no gzip", 1)));
    peer.send(frame(1, 4, 7, headers(zip)), frame(0, 1, 7, message("plain", 0)));
    peer.read();
    assert.equal(peer.status(1), "8");
    assert.equal(
      peer.fields(1).get("grpc-message"),
      "grpc: received message after decompression larger than max 2097152",
    );
    assert.equal(peer.body(3).toString("latin1", 5), "hello");
    assert.equal(peer.status(5), "13");
    assert.equal(peer.body(7).toString("latin1", 5), "plain");
  });

  test("a client without a window gets so many answers queued and no more", () => {
    const rig = makeRig({ queuedBytesMax: 4 << 20 });
    const peer = new Peer(rig).start(frame(4, 0, 0, setting(4, 0)));
    for (let i = 0; i < 500; i += 1) {
      peer.send(request(2 * i + 1, { ":path": "/test.Echo/Big" }, "1000000"));
    }
    peer.read();
    assert.equal(peer.resetCode(999), 7, "REFUSED_STREAM: the client may try again");
    assertOthersAreServed(rig);
    peer.send(frame(4, 0, 0, setting(4, 1 << 24)), frame(8, 0, 0, uint32(1 << 30))).read();
    assert.equal(peer.status(1), "0");
    assert.equal(peer.body(1).length, 1_000_005);
  });

  test("more streams than allowed are refused", () => {
    const peer = new Peer(makeRig({ concurrentStreamsMax: 10 })).start();
    for (let i = 0; i < 11; i += 1) {
      peer.send(frame(1, 4, 2 * i + 1, headers({ ":path": "/test.Echo/Chat" })));
    }
    peer.read();
    assert.equal(peer.resetCode(19), undefined);
    assert.equal(peer.resetCode(21), 7);
    peer.send(frame(0, 1, 1)).read();
    peer.send(request(23)).read();
    assert.equal(peer.status(23), "0", "one has ended");
  });
});

describe("slow readers", () => {
  test("a client that does not read is read from no further, and cut off in the end", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(frame(8, 0, 0, uint32(0x7ffe0000))).read();
    peer.socket.reads = false;
    const big = { ":path": "/test.Echo/Big" };
    let sent = 0;
    for (let i = 0; i < 100; i += 1) {
      const ids = Array.from({ length: 100 }, (_, j) => 2 * (100 * i + j) + 1);
      if (!peer.socket.isPaused) {
        peer.send(...ids.map((id) => request(id, big, "16000")));
        sent += ids.length;
      }
    }
    peer.read();
    assert.ok(peer.socket.isPaused);
    assert.ok(
      peer.socket.queuedBytes < (1 << 20) + 40_000,
      `${peer.socket.queuedBytes} bytes queued`,
    );
    assert.ok(sent <= 200);
    assertOthersAreServed(rig);
    rig.clock.advance(59_000);
    assert.ok(!peer.isClosed);
    rig.clock.advance(2000);
    assert.ok(peer.isClosed);
  });

  test("a client that reads again gets everything", () => {
    const peer = new Peer(makeRig()).start(frame(8, 0, 0, uint32(0x7ffe0000))).read();
    peer.socket.reads = false;
    const ids = Array.from({ length: 300 }, (_, j) => 2 * j + 1);
    peer.send(...ids.map((id) => request(id, { ":path": "/test.Echo/Big" }, "16000")));
    for (let i = 0; i < 20; i += 1) {
      peer.socket.reads = true;
      peer.socket.reads = false;
      peer.connection.drained();
    }
    peer.socket.reads = true;
    peer.connection.drained();
    peer.read();
    assert.ok(!peer.socket.isPaused);
    for (const id of ids) {
      assert.equal(peer.body(id).length, 16_005);
      assert.equal(peer.status(id), "0");
    }
  });

  test("a stream's sender sees its queue and is told when it drains", () => {
    const rig = makeRig();
    const peer = new Peer(rig).start(
      frame(1, 4, 1, headers({ ":path": "/test.Echo/Repeat" })),
      frame(0, 0, 1, message("[5000,1000]")),
    );
    peer.read();
    assert.ok(rig.state.bufferedBytesMax < 256 * 1024 + 2000);
    let received = peer.body(1).length;
    assert.equal(received, 65_535);
    for (let i = 0; i < 200; i += 1) {
      peer.send(frame(8, 0, 0, uint32(50_000)), frame(8, 0, 1, uint32(50_000))).read();
    }
    received = peer.body(1).length;
    assert.equal(received, 5000 * 1005);
    assert.equal(peer.status(1), "0");
  });
});

describe("slow writers", () => {
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ["nothing", new Uint8Array(0)],
    ["half a preface", PREFACE.subarray(0, 10)],
    ["a preface without SETTINGS", PREFACE],
    ["half a request line", Buffer.from("GET / HT")],
    ["half a head", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n")],
  ];
  for (const [name, bytes] of cases) {
    test(`a client that sends ${name} is closed after 10 s`, () => {
      const rig = makeRig();
      const peer = new Peer(rig);
      if (bytes.length > 0) {
        peer.send(bytes);
      }
      rig.clock.advance(9990);
      assert.ok(!peer.socket.isEnded && !peer.isClosed);
      rig.clock.advance(20);
      rig.clock.advance(2000);
      assert.ok(peer.isClosed);
      assert.equal(rig.clock.timers, 0);
    });
  }

  test("a head that comes byte by byte must be whole in time", () => {
    const rig = makeRig();
    const peer = new Peer(rig);
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(1000)}\r\n\r\n`);
    for (let i = 0; i < bytes.length && !peer.socket.isEnded; i += 1) {
      peer.send(bytes.subarray(i, i + 1));
      rig.clock.advance(100);
    }
    assert.match(peer.text, /^HTTP\/1\.1 408 /);
  });

  test("a body that comes byte by byte must be whole in time", () => {
    const rig = makeRig();
    const peer = new Peer(rig).send(
      Buffer.from("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n"),
    );
    for (let i = 0; i < 1000 && !peer.socket.isEnded; i += 1) {
      peer.send(Uint8Array.of(0x61));
      rig.clock.advance(1000);
    }
    assert.match(peer.text, /^HTTP\/1\.1 408 /);
    assert.equal(rig.counters.partialBytes, 0);
  });
});
