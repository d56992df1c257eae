// Calls services without a transport: what a call receives is kept, what it sends is decoded by the test.
import assert from "node:assert/strict";
import { createServices, type EtcdServices, type ServiceOptions } from "../../src/etcd/services.js";
import {
  GRPC_STATUS,
  type GrpcStatus,
  type StreamCall,
  type StreamReceiver,
  type UnaryCall,
} from "../../src/transport/service.js";
import type { Passwords } from "../../src/runtime/credentials/passwords.js";
import { FakeNode } from "./fake-node.js";
import { ManualClock } from "./manual-clock.js";

/** A generated codec. */
export interface TestCodec<Message> {
  readonly size: (message: Message) => number;
  readonly write: (target: Uint8Array, at: number, message: Message) => number;
}

export function encodeWith<Message>(codec: TestCodec<Message>, message: Message): Uint8Array {
  const bytes = new Uint8Array(codec.size(message));
  assert.equal(codec.write(bytes, 0, message), bytes.length);
  return bytes;
}

export class TestUnaryCall implements UnaryCall {
  readonly peer = "127.0.0.1:1";
  readonly peerCommonName = undefined;
  readonly headers: Readonly<Record<string, string>>;
  cancelled = false;
  status: GrpcStatus | null = null;
  text = "";
  output: Uint8Array = new Uint8Array(0);
  #cancelled: () => void = () => {
    // Nobody listens yet.
  };

  constructor(headers: Readonly<Record<string, string>> = {}) {
    this.headers = headers;
  }

  metadata(name: string): string | undefined {
    return this.headers[name];
  }

  onCancel(listener: () => void): void {
    this.#cancelled = listener;
  }

  /** The client goes away. */
  cancel(): void {
    this.cancelled = true;
    this.#cancelled();
  }

  reply(messageBytes: number): number {
    assert.equal(this.status, null, "a call is answered once");
    assert.equal(this.cancelled, false, "nobody is there to be answered");
    this.status = GRPC_STATUS.OK;
    // The message stands somewhere in a larger buffer, as in the transport's.
    this.output = new Uint8Array(messageBytes + 10).fill(0xee);
    return 5;
  }

  fail(status: GrpcStatus, message: string): void {
    assert.equal(this.status, null, "a call is answered once");
    this.status = status;
    this.text = message;
  }

  get message(): Uint8Array {
    assert.equal(this.status, GRPC_STATUS.OK, this.text);
    for (const edge of [...this.output.subarray(0, 5), ...this.output.subarray(-5)]) {
      assert.equal(edge, 0xee, "nothing is written outside the message");
    }
    return this.output.subarray(5, -5);
  }
}

export class TestStreamCall implements StreamCall {
  readonly peer = "127.0.0.1:1";
  readonly peerCommonName = undefined;
  readonly highWaterBytes = 1000;
  readonly headers: Readonly<Record<string, string>>;
  cancelled = false;
  bufferedBytes = 0;
  /** Whether the client reads: what is sent does not pile up. */
  reads = true;
  status: GrpcStatus | null = null;
  text = "";
  readonly sent: Uint8Array[] = [];
  #drained: () => void = () => {
    // Nobody listens yet.
  };

  constructor(headers: Readonly<Record<string, string>> = {}) {
    this.headers = headers;
  }

  metadata(name: string): string | undefined {
    return this.headers[name];
  }

  send(...parts: readonly Uint8Array[]): void {
    assert.equal(this.status, null, "nothing is sent after the end");
    const message = new Uint8Array(Buffer.concat(parts));
    this.sent.push(message);
    if (!this.reads) {
      this.bufferedBytes += message.length;
    }
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  /** The client reads everything. */
  drain(): void {
    this.bufferedBytes = 0;
    this.#drained();
  }

  end(): void {
    assert.equal(this.status, null);
    this.status = GRPC_STATUS.OK;
  }

  fail(status: GrpcStatus, message: string): void {
    assert.equal(this.status, null);
    this.status = status;
    this.text = message;
  }
}

/** Hashes that take no time and hide nothing. */
export const plainPasswords: Passwords = {
  hash: async (password) => Promise.resolve(`hash of ${password}`),
  verify: async (password, hash) => Promise.resolve(hash === `hash of ${password}`),
  close: async () => Promise.resolve(),
};

export class ServiceHarness {
  readonly clock: ManualClock = new ManualClock();
  readonly node: FakeNode = new FakeNode(this.clock);
  readonly services: EtcdServices;

  constructor(
    options: Partial<
      Pick<ServiceOptions, "watchProgressIntervalMs" | "readConsistency" | "auth">
    > = {},
  ) {
    let seed = 1;
    this.services = createServices({
      node: this.node,
      clock: this.clock,
      random: {
        bytes: (count) => new Uint8Array(count).fill(seed++),
        fraction: () => 0.5,
      },
      members: () => [
        {
          id: this.node.memberId,
          name: "fake",
          peerUrls: [],
          clientUrls: ["http://127.0.0.1:3379"],
        },
      ],
      auth: { passwords: plainPasswords },
      ...options,
    });
  }

  /** Starts a unary call; the request is wiped when the handler has returned, as a transport's buffer is. */
  start(
    path: string,
    request: Uint8Array,
    call: TestUnaryCall = new TestUnaryCall(),
  ): TestUnaryCall {
    const method = this.services.methods.get(path);
    assert.ok(method?.kind === "unary", `${path} is served`);
    const buffer = new Uint8Array(request.length + 4);
    buffer.set(request, 2);
    method.handle(call, buffer, 2, 2 + request.length);
    buffer.fill(0xff);
    return call;
  }

  /** Makes a unary call and lets everything settle. */
  async call(
    path: string,
    request: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<TestUnaryCall> {
    const call = this.start(path, request, new TestUnaryCall(headers));
    for (let turn = 0; call.status === null && turn < 20; turn += 1) {
      this.clock.settle();
      await Promise.resolve();
    }
    assert.notEqual(call.status, null, "the call was answered");
    return call;
  }

  open(
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): { readonly call: TestStreamCall; readonly receiver: StreamReceiver } {
    const method = this.services.methods.get(path);
    assert.ok(method?.kind === "stream", `${path} is served`);
    const call = new TestStreamCall(headers);
    return { call, receiver: method.open(call) };
  }
}
