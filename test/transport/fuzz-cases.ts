// Mutated, cut and reordered frames: whatever comes, nothing throws, nothing leaks, nothing hangs, and a healthy
// connection beside it is answered. fast-check prints the seed that replays a failure.
import assert from "node:assert/strict";
import fc from "../support/fast-check.js";
import {
  frame,
  headers,
  literal,
  makeRig,
  message,
  Peer,
  PREFACE,
  request,
  setting,
  uint32,
} from "./peer.js";

const ids = fc.constantFrom(0, 1, 3, 5, 7, 9, 2, 101);
const paths = fc.constantFrom(
  "/test.Echo/Unary",
  "/test.Echo/Later",
  "/test.Echo/Never",
  "/test.Echo/Chat",
  "/test.Echo/Repeat",
  "/test.Echo/Refuse",
  "/test.Echo/Nope",
  "/version",
  "/echo",
  "/never",
  "/stream/echo",
  "/stream/flood",
  "/stream/whole",
);
const numbers = fc.constantFrom(0, 1, 5, 100, 65_535, 1 << 20, 0x7fffffff, 0xffffffff);

const validFrame: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(ids, paths, fc.integer({ min: 0, max: 63 }))
    .map(([id, path, flags]) => frame(1, flags | 4, id, headers({ ":path": path }))),
  fc.tuple(ids, paths).map(([id, path]) => frame(1, 0, id, headers({ ":path": path }))),
  fc
    .tuple(ids, paths)
    .map(([id, path]) =>
      frame(1, 5, id, headers({ ":path": path, "content-type": undefined, ":method": "GET" })),
    ),
  fc
    .tuple(ids, fc.string({ maxLength: 40 }), fc.integer({ min: 0, max: 9 }))
    .map(([id, text, flags]) => frame(0, flags, id, message(text))),
  ids.map((id) => frame(0, 0, id, message("[50,1000]"))),
  ids.map((id) => request(id === 0 ? 11 : id)),
  ids.map((id) => frame(9, 4, id, literal("a", "b"))),
  fc.tuple(ids, numbers).map(([id, n]) => frame(8, 0, id, uint32(n))),
  fc.tuple(ids, numbers).map(([id, n]) => frame(3, 0, id, uint32(n))),
  fc.tuple(fc.integer({ min: 1, max: 9 }), numbers).map(([k, n]) => frame(4, 0, 0, setting(k, n))),
  fc.constant(frame(4, 1, 0)),
  fc.constant(frame(6, 0, 0, Buffer.alloc(8))),
  fc.constant(frame(7, 0, 0, Buffer.alloc(8))),
  ids.map((id) => frame(2, 0, id, Buffer.alloc(5))),
  fc
    .tuple(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 255 }),
      ids,
      fc.uint8Array({ maxLength: 60 }),
    )
    .map(([type, flags, id, payload]) => frame(type, flags, id, payload)),
);

interface Mutation {
  readonly kind: "flip" | "cut" | "insert" | "none";
  readonly at: number;
  readonly byte: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("flip", "cut", "insert", "none", "none", "none"),
  at: fc.nat(1_000_000),
  byte: fc.integer({ min: 0, max: 255 }),
});

function mutate(bytes: Buffer, { kind, at, byte }: Mutation): Buffer {
  const position = bytes.length === 0 ? 0 : at % bytes.length;
  switch (kind) {
    case "flip": {
      const flipped = Buffer.from(bytes);
      flipped[position] = byte;
      return flipped;
    }
    case "cut":
      return bytes.subarray(0, position);
    case "insert":
      return Buffer.concat([
        bytes.subarray(0, position),
        Buffer.from([byte]),
        bytes.subarray(position),
      ]);
    case "none":
      return bytes;
  }
}

/** What a connection must leave behind when it is gone: nothing. */
function assertNothingLeft(peer: Peer): void {
  const { counters, clock, context, state } = peer.rig;
  peer.connection.destroy();
  clock.settle();
  assert.equal(counters.connectionsOpen, 0);
  assert.equal(counters.partialBytes, 0);
  assert.equal(state.waiting, 0);
  assert.equal(context.deadlines.count, 0);
  clock.advance(24 * 3_600_000);
  assert.equal(clock.timers, 0, "no timer is left");
  assert.deepEqual(state.errors, [], "no handler and no part of the transport threw");
  for (const [path, method] of counters.methods) {
    const handled = method.handled.reduce((sum, n) => sum + n, 0);
    assert.ok(handled <= method.started, `${path}: started ${method.started}, handled ${handled}`);
  }
}

export type Limits = Parameters<typeof makeRig>[0];
export type Runs = Pick<fc.Parameters, "numRuns" | "seed">;

/** Frames of all kinds, each possibly mutated, in chunks cut anywhere. */
export async function fuzzFrames(limits: Limits, parameters: Runs): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(validFrame, mutation), { maxLength: 25 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 20 }),
      fc.boolean(),
      async (parts, cuts, reads) => {
        const peer = new Peer(makeRig(limits));
        peer.socket.reads = reads;
        const bytes = Buffer.concat([
          PREFACE,
          frame(4, 0, 0),
          ...parts.map(([one, change]) => mutate(one, change)),
        ]);
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          if (at < bytes.length && !peer.isClosed) {
            peer.send(bytes.subarray(at, at + cut)).read();
            at += cut;
          }
        }
        await peer.readSoon();
        peer.socket.reads = true;
        peer.connection.drained();
        await peer.readSoon();
        if (peer.goawayCode === undefined && !peer.isClosed) {
          // It is still in step: a healthy request on it, or beside it, is answered.
          const beside = new Peer(peer.rig).start(request(1)).read();
          assert.equal(beside.status(1), "0");
          beside.connection.destroy();
        }
        assertNothingLeft(peer);
      },
    ),
    parameters,
  );
}

/** Any bytes at all on a new connection. */
export async function fuzzBytes(parameters: Runs): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 100 }),
          fc.constantFrom(
            PREFACE,
            Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
            Buffer.from(
              "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ),
            Buffer.from("\r\n"),
            Buffer.from(
              "POST /stream/echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            ),
            Buffer.from("0\r\n\r\n"),
            Buffer.from("POST /stream/flood HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n"),
            Buffer.from("GET /never HTTP/1.1\r\nhost: a\r\n\r\n"),
            Buffer.from(
              "GET /stream/echo HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
                "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n",
            ),
          ),
        ),
        { maxLength: 8 },
      ),
      async (chunks) => {
        const peer = new Peer(makeRig());
        for (const chunk of chunks) {
          if (!peer.isClosed && chunk.length > 0) {
            peer.send(chunk);
            await Promise.resolve();
          }
        }
        peer.rig.clock.settle();
        assertNothingLeft(peer);
      },
    ),
    parameters,
  );
}

/** Limits so small that back-pressure and refusals happen all the time. */
export const NARROW: Limits = {
  concurrentStreamsMax: 2,
  outputBytesMax: 2000,
  outputBytesPerTurn: 1000,
};
