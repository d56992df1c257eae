import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { FakeSocket } from "../../../test/transport/peer.js";
import { TransportCounters } from "../counters.js";
import { Output, OutputSlab } from "./output.js";

/** A connection and what it was given to send. */
class Client {
  readonly socket = new FakeSocket();
  readonly output: Output;
  readonly sent: Buffer[] = [];

  constructor(slab: OutputSlab) {
    this.output = new Output(slab, this.socket, new TransportCounters());
  }

  write(bytes: number, fill: number): void {
    const at = this.output.reserve(bytes);
    this.output.buffer.fill(fill, at, at + bytes);
    this.sent.push(Buffer.alloc(bytes, fill));
  }

  assertReceived(): void {
    assert.ok(Buffer.concat(this.socket.received).equals(Buffer.concat(this.sent)));
  }
}

test("what a slow client has not taken is not overwritten, whatever others are sent", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("write" as const),
      client: fc.nat(2),
      bytes: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 300_000 })),
    }),
    fc.record({ kind: fc.constant("flush" as const), client: fc.nat(2) }),
    fc.record({ kind: fc.constant("turn" as const), client: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const slab = new OutputSlab();
      const clients = [new Client(slab), new Client(slab), new Client(slab)] as const;
      let reads = true;
      steps.forEach((each, number) => {
        const client = clients[each.client] as Client;
        if (each.kind === "write") {
          client.write(each.bytes, number);
        } else if (each.kind === "flush") {
          client.output.flush();
        } else {
          reads = !reads;
          client.socket.reads = reads;
        }
      });
      for (const client of clients) {
        client.output.flush();
        client.socket.reads = true;
        client.assertReceived();
      }
    }),
    { numRuns: 300 },
  );
});

test("clients that take everything are served from the same memory again and again", () => {
  const slab = new OutputSlab();
  const client = new Client(slab);
  const buffers = new Set<Uint8Array>();
  for (let turn = 0; turn < 50; turn += 1) {
    for (let count = 0; count < 5; count += 1) {
      client.write(60_000, turn);
      buffers.add(client.output.buffer);
    }
    client.output.flush();
  }
  client.assertReceived();
  assert.ok(buffers.size <= 3, `${buffers.size} slabs for 300 kB a turn`);
});
