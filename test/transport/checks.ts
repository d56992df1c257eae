// What the conformance tests say of a connection, and the three ways in which each case is delivered.
import assert from "node:assert/strict";
import { test } from "node:test";
import { frame, headers, makeRig, Peer, PREFACE } from "./peer.js";

export const PROTOCOL = 1;
export const FLOW_CONTROL = 3;
export const STREAM_CLOSED = 5;
export const FRAME_SIZE = 6;
export const COMPRESSION = 9;

export const HEAD: Uint8Array = headers();
export const OPEN: Uint8Array = frame(1, 4, 1, HEAD);
export const CHAT: Uint8Array = frame(1, 4, 1, headers({ ":path": "/test.Echo/Chat" }));

export type Check = (peer: Peer) => void;

export const answered =
  (id: number): Check =>
  (peer) => {
    assert.equal(peer.status(id), "0");
    assert.ok(peer.isDone(id));
  };
export const connectionError =
  (code: number): Check =>
  (peer) => {
    assert.equal(peer.goawayCode, code, `GOAWAY says "${peer.goawayText}"`);
    assert.ok(peer.socket.isEnded);
  };
export const streamError =
  (id: number, code: number): Check =>
  (peer) => {
    assert.equal(peer.resetCode(id), code);
    assert.equal(peer.goawayCode, undefined);
  };
export const status =
  (id: number, code: string, text?: string): Check =>
  (peer) => {
    assert.equal(peer.status(id), code);
    if (text !== undefined) {
      assert.equal(peer.fields(id).get("grpc-message"), text);
    }
  };

/** Frames are sent in one chunk, and again byte by byte: where chunks are cut must not matter. */
export function check(
  name: string,
  frames: readonly Uint8Array[],
  ...checks: readonly Check[]
): void {
  test(name, () => {
    const whole = new Peer(makeRig()).start(...frames).read();
    for (const one of checks) {
      one(whole);
    }
    const cut = new Peer(makeRig());
    for (const byte of Buffer.concat([PREFACE, frame(4, 0, 0), ...frames])) {
      cut.send(Uint8Array.of(byte)).read();
    }
    for (const one of checks) {
      one(cut);
    }
    const sequence = new Peer(makeRig());
    sequence.start().read();
    for (const one of frames) {
      sequence.send(one).read();
    }
    for (const one of checks) {
      one(sequence);
    }
  });
}
