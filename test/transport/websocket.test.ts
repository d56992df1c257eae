// Websockets: the handshake, the frames as RFC 6455 has them, and what a client that breaks them gets.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../support/fast-check.js";
import { makeRig, Peer, type Rig } from "./peer.js";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

function handshake(path: string, changes: Readonly<Record<string, string>> = {}): string {
  const fields = {
    host: "a",
    upgrade: "websocket",
    connection: "keep-alive, Upgrade",
    "sec-websocket-key": KEY,
    "sec-websocket-version": "13",
    ...changes,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** A client's frame. */
function wsFrame(
  opcode: number,
  payload: Uint8Array | string,
  { fin = true, masked = true, reserved = 0 } = {},
): Buffer {
  const bytes = Buffer.from(payload as string);
  const { length } = bytes;
  const form = length < 126 ? length : length < 65_536 ? 126 : 127;
  const head = Buffer.alloc(2 + (form === 126 ? 2 : form === 127 ? 8 : 0));
  head[0] = (fin ? 0x80 : 0) | reserved | opcode;
  head[1] = (masked ? 0x80 : 0) | form;
  if (form === 126) {
    head.writeUInt16BE(length, 2);
  } else if (form === 127) {
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) {
    return Buffer.concat([head, bytes]);
  }
  const mask = Buffer.of(1, 0x82, 3, 0x84);
  return Buffer.concat([head, mask, bytes.map((byte, i) => byte ^ mask[i & 3]!)]);
}

interface Received {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The server's frames after the handshake's answer. */
function framesOf(peer: Peer): Received[] {
  const all = Buffer.concat(peer.socket.received);
  let at = all.indexOf("\r\n\r\n") + 4;
  const found: Received[] = [];
  while (at < all.length) {
    const form = all[at + 1]!;
    assert.ok(form < 128, "a server masks nothing");
    const opcode = all[at]! & 0x0f;
    assert.equal(all[at]! >>> 4, 8, "one frame a message");
    const headBytes = form === 126 ? 4 : form === 127 ? 10 : 2;
    const long = form === 127 ? Number(all.readBigUInt64BE(at + 2)) : form;
    const length = form === 126 ? all.readUInt16BE(at + 2) : long;
    found.push({ opcode, payload: all.subarray(at + headBytes, at + headBytes + length) });
    at += headBytes + length;
  }
  return found;
}

const closeCode = (peer: Peer): number | undefined =>
  framesOf(peer)
    .find(({ opcode }) => opcode === 8)
    ?.payload.readUInt16BE(0);

function open(rig: Rig, path = "/stream/echo"): Peer {
  const peer = new Peer(rig).send(Buffer.from(handshake(path)));
  rig.clock.settle();
  return peer;
}

function send(peer: Peer, ...frames: Buffer[]): Peer {
  peer.send(...frames);
  peer.rig.clock.settle();
  return peer;
}

function assertNothingLeft({ counters, clock, state }: Rig): void {
  assert.equal(state.waiting, 0);
  assert.equal(counters.partialBytes, 0);
  assert.equal(counters.connectionsOpen, 0);
  clock.advance(24 * 3_600_000);
  assert.equal(clock.timers, 0);
  assert.deepEqual(state.errors, []);
}

describe("the handshake of a websocket", () => {
  test("is answered with the key's digest, and with a subprotocol if there is one", () => {
    const peer = open(makeRig());
    assert.match(peer.text, /^HTTP\/1\.1 101 /);
    // The example of RFC 6455, 1.3.
    assert.match(peer.text, /\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    assert.doesNotMatch(peer.text, /sec-websocket-protocol/);
    const text = handshake("/stream/echo", { "sec-websocket-protocol": "Bearer, token" });
    const agreed = new Peer(makeRig()).send(Buffer.from(text));
    agreed.rig.clock.settle();
    assert.match(agreed.text, /\r\nsec-websocket-protocol: Bearer\r\n/);
  });

  const refused: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
    ["another version", { "sec-websocket-version": "8" }, 426],
    ["a key that is none", { "sec-websocket-key": "abc" }, 400],
    ["a body", { "content-length": "3" }, 400],
  ];
  for (const [name, changes, status] of refused) {
    test(`${name}: ${status}`, () => {
      const peer = new Peer(makeRig()).send(Buffer.from(handshake("/stream/echo", changes)));
      assert.match(peer.text, new RegExp(`^HTTP/1\\.1 ${status} `));
    });
  }

  test("at a path that has none is an ordinary request", async () => {
    const peer = new Peer(makeRig()).send(Buffer.from(handshake("/version")));
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(peer.text, /^HTTP\/1\.1 200 OK/);
  });
});

describe("a websocket", () => {
  test("brings each message to the service and each piece back as a text message", () => {
    const rig = makeRig();
    const peer = send(open(rig), wsFrame(1, "one"), wsFrame(2, "two"), wsFrame(1, ""));
    const texts = framesOf(peer).map(({ opcode, payload }) => `${opcode} ${payload.toString()}`);
    assert.deepEqual(texts, ["1 one", "1 two", "1 "]);
    peer.connection.destroy();
    assert.equal(rig.state.cancelled, 1);
    assertNothingLeft(rig);
  });

  test("messages of any length, in pieces, cut anywhere, with pings between", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 70_000 }),
            fc.integer({ min: 1, max: 4 }),
            fc.boolean(),
          ),
          { maxLength: 5 },
        ),
        fc.array(fc.integer({ min: 1, max: 30_000 }), { maxLength: 8 }),
        (messages, cuts) => {
          const rig = makeRig();
          const peer = open(rig);
          const frames: Buffer[] = [];
          for (const [length, pieces, pings] of messages) {
            const bytes = Buffer.alloc(length, "abcdefg");
            const step = Math.ceil(length / pieces);
            for (let i = 0; i < pieces; i += 1) {
              const piece = bytes.subarray(i * step, (i + 1) * step);
              frames.push(wsFrame(i === 0 ? 1 : 0, piece, { fin: i === pieces - 1 }));
              if (pings) {
                frames.push(wsFrame(9, `ping ${i}`));
              }
            }
          }
          const all = Buffer.concat(frames);
          let at = 0;
          for (const cut of [...cuts, all.length]) {
            if (at < all.length) {
              send(peer, all.subarray(at, at + cut));
              at += cut;
            }
          }
          const texts = framesOf(peer).filter(({ opcode }) => opcode === 1);
          assert.deepEqual(
            texts.map(({ payload }) => payload.length),
            messages.map(([length]) => length),
          );
          const pongs = framesOf(peer).filter(({ opcode }) => opcode === 10);
          assert.equal(
            pongs.length,
            messages.reduce((sum, [, pieces, pings]) => sum + (pings ? pieces : 0), 0),
          );
          peer.connection.destroy();
          assertNothingLeft(rig);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("is closed by the client with its own code back", () => {
    const rig = makeRig();
    const peer = send(open(rig), wsFrame(8, Buffer.of(0x0b, 0xb8)));
    assert.equal(closeCode(peer), 3000);
    assert.ok(peer.socket.isEnded);
    assert.equal(rig.state.cancelled, 1);
    rig.clock.advance(2000);
    assertNothingLeft(rig);
    assert.equal(closeCode(send(open(makeRig()), wsFrame(8, ""))), 1000);
  });

  test("is closed by the service with 1000, and by a whole answer after its body", () => {
    const rig = makeRig();
    const peer = send(open(rig, "/stream/whole"), wsFrame(1, "bye"));
    assert.equal(framesOf(peer)[0]?.payload.toString(), "bye");
    assert.equal(closeCode(peer), 1000);
    send(peer, wsFrame(8, Buffer.of(3, 0xe8)));
    assert.ok(peer.socket.isEnded);
    rig.clock.advance(2000);
    assertNothingLeft(rig);
  });

  test("is told 1001 when the server stops, 1011 when the service throws", () => {
    const rig = makeRig();
    const peer = open(rig);
    peer.connection.drain();
    rig.clock.settle();
    assert.equal(closeCode(peer), 1001);
    const thrown = send(open(makeRig(), "/stream/throw"), wsFrame(1, "a"));
    assert.equal(closeCode(thrown), 1011);
    assert.equal(thrown.rig.state.errors.length, 1);
  });

  const faults: readonly (readonly [string, Buffer, number])[] = [
    ["an unmasked frame", wsFrame(1, "x", { masked: false }), 1002],
    ["a reserved bit", wsFrame(1, "x", { reserved: 0x40 }), 1002],
    ["an unknown opcode", wsFrame(3, "x"), 1002],
    ["a continuation of nothing", wsFrame(0, "x"), 1002],
    [
      "a message within a message",
      Buffer.concat([wsFrame(1, "x", { fin: false }), wsFrame(1, "y")]),
      1002,
    ],
    ["a ping in pieces", wsFrame(9, "x", { fin: false }), 1002],
    ["a long ping", wsFrame(9, "x".repeat(126)), 1002],
    ["a close frame with half a code", wsFrame(8, "x"), 1002],
    ["a close frame with a forbidden code", wsFrame(8, Buffer.of(3, 0xed)), 1002],
    ["text that is not UTF-8", wsFrame(1, Buffer.of(0xff, 0xfe)), 1007],
    ["a message too large", wsFrame(1, "").subarray(0, 0), 1009],
  ];
  for (const [name, bytes, code] of faults) {
    test(`${name}: ${code}`, () => {
      const rig = makeRig();
      const peer = open(rig);
      const huge = Buffer.alloc(14);
      huge[0] = 0x81;
      huge[1] = 0xff;
      huge.writeBigUInt64BE(1n << 40n, 2);
      send(peer, bytes.length === 0 ? huge : bytes);
      assert.equal(closeCode(peer), code);
      assert.ok(peer.socket.isEnded);
      assert.equal(rig.state.cancelled, 1);
      rig.clock.advance(2000);
      assertNothingLeft(rig);
    });
  }

  test("many pieces that together are too large, and frames that bring nothing", () => {
    const piece = wsFrame(0, Buffer.alloc(60_000), { fin: false });
    const large = open(makeRig());
    send(large, wsFrame(1, "x", { fin: false }));
    for (let i = 0; i < 60 && !large.socket.isEnded; i += 1) {
      send(large, piece);
    }
    assert.equal(closeCode(large), 1009);
    large.rig.clock.advance(2000);
    assertNothingLeft(large.rig);
    const idle = open(makeRig({ controlFramesBurst: 50, controlFramesPerSecond: 1 }));
    for (let i = 0; i < 100 && !idle.socket.isEnded; i += 1) {
      send(idle, wsFrame(9, ""));
    }
    assert.equal(closeCode(idle), 1008);
  });

  test("a reader that stops holds up the service, and is cut off in the end", () => {
    const rig = makeRig();
    const peer = open(rig, "/stream/flood");
    peer.socket.reads = false;
    send(peer, wsFrame(1, "go"));
    const queued = peer.socket.queuedBytes;
    assert.ok(queued < 300 * 1024, `${queued} B`);
    send(peer, wsFrame(9, "ping"));
    assert.ok(peer.socket.isPaused);
    for (let i = 0; i < 100; i += 1) {
      send(peer, wsFrame(1, "x".repeat(100)));
    }
    assert.ok(peer.socket.queuedBytes < 300 * 1024);
    peer.socket.reads = true;
    peer.connection.drained();
    rig.clock.settle();
    assert.ok(!peer.socket.isPaused);
    const other = open(rig, "/stream/flood");
    other.socket.reads = false;
    send(other, wsFrame(1, "go"));
    rig.clock.advance(70_000);
    assert.ok(other.isClosed);
    peer.connection.destroy();
    assertNothingLeft(rig);
  });

  test("any bytes at all leave nothing behind", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 40 }),
            fc
              .tuple(fc.nat(15), fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.boolean())
              .map(([opcode, payload, fin, masked]) => wsFrame(opcode, payload, { fin, masked })),
          ),
          { maxLength: 12 },
        ),
        fc.constantFrom("/stream/echo", "/stream/flood", "/stream/whole"),
        fc.boolean(),
        (chunks, path, reads) => {
          const rig = makeRig();
          const peer = open(rig, path);
          peer.socket.reads = reads;
          for (const bytes of chunks) {
            if (!peer.isClosed && bytes.length > 0) {
              send(peer, Buffer.from(bytes));
            }
          }
          peer.connection.destroy();
          assertNothingLeft(rig);
        },
      ),
    );
  });
});
