// The watch service over a node in memory, against etcd's rules for watches.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import {
  encodeWith,
  ServiceHarness,
  type TestStreamCall,
} from "../../../test/support/service-harness.js";
import type { StreamReceiver } from "../../transport/service.js";
import * as rpc from "../gen/rpc.js";

const request = { size: rpc.sizeWatchRequest, write: rpc.writeWatchRequest };

class WatchClient {
  readonly harness: ServiceHarness;
  readonly call: TestStreamCall;
  readonly receiver: StreamReceiver;
  #read = 0;

  constructor(
    options: { readonly watchProgressIntervalMs?: number } = {},
    harness?: ServiceHarness,
  ) {
    this.harness = harness ?? new ServiceHarness(options);
    const { call, receiver } = this.harness.open("/etcdserverpb.Watch/Watch");
    this.call = call;
    this.receiver = receiver;
  }

  send(union: rpc.WatchRequestRequestUnion): void {
    const bytes = encodeWith(request, { requestUnion: union });
    this.receiver.message(bytes, 0, bytes.length);
    bytes.fill(0xff);
  }

  create(options: Partial<rpc.WatchCreateRequest>): void {
    this.send({
      kind: "createRequest",
      value: { ...rpc.emptyWatchCreateRequest(), ...options },
    });
  }

  cancel(watchId: bigint): void {
    this.send({ kind: "cancelRequest", value: { watchId } });
  }

  askProgress(): void {
    this.send({ kind: "progressRequest", value: {} });
  }

  put(key: string, value = ""): void {
    this.harness.node.propose(
      {
        kind: "put",
        key,
        value: new Uint8Array(Buffer.from(value)),
        lease: 0n,
        prevKv: false,
        ignoreValue: false,
        ignoreLease: false,
      },
      () => {
        // Nobody waits.
      },
    );
  }

  delete(key: string, end: string | null = `${key}\0`): void {
    this.harness.node.propose(
      { kind: "delete-range", range: { kind: "interval", start: key, end }, prevKv: false },
      () => {
        // Nobody waits.
      },
    );
  }

  compact(revision: number): void {
    this.harness.node.propose({ kind: "compact", revision }, () => {
      // Nobody waits.
    });
  }

  /** What has come since the last call, after everything has settled. */
  take(): rpc.WatchResponse[] {
    this.harness.clock.settle();
    const fresh = this.call.sent.slice(this.#read);
    this.#read = this.call.sent.length;
    return fresh.map((bytes) => rpc.decodeWatchResponse(bytes, 0, bytes.length));
  }
}

/** What matters of an answer, without what is zero. */
function brief(response: rpc.WatchResponse): Record<string, unknown> {
  const { header, events, ...rest } = response;
  const shown: Record<string, unknown> = { revision: header?.revision };
  for (const [name, value] of Object.entries(rest)) {
    if (value !== 0 && value !== 0n && value !== "" && value !== false) {
      shown[name] = value;
    }
  }
  if (events.length > 0) {
    shown["events"] = events.map(
      (event) =>
        `${event.type === 1 ? "-" : "+"}${event.kv?.key ?? ""}@${event.kv?.modRevision ?? 0}` +
        (event.prevKv === null ? "" : `<${event.prevKv.modRevision}`),
    );
  }
  return shown;
}

const briefly = (client: WatchClient): Record<string, unknown>[] => client.take().map(brief);

suite("creating and cancelling", () => {
  test("ids count from 0 and skip those that clients chose; created comes before events", () => {
    const client = new WatchClient();
    client.create({ key: "a" });
    client.create({ key: "a", watchId: 1n });
    client.create({ key: "a" });
    client.create({ key: "a", watchId: -7n });
    assert.deepEqual(briefly(client), [
      { revision: 1, created: true },
      { revision: 1, created: true, watchId: 1n },
      { revision: 1, created: true, watchId: 2n },
      { revision: 1, created: true, watchId: -7n },
    ]);
    client.put("a");
    assert.deepEqual(
      client.take().map((response) => response.watchId),
      [0n, 1n, 2n, -7n],
    );
  });

  test("what cannot be watched is answered with -1, created, cancelled and why", () => {
    const client = new WatchClient();
    client.create({ key: "a", watchId: 5n });
    client.create({ key: "a", watchId: 5n });
    client.create({ key: "b", rangeEnd: "a" });
    client.create({ key: "b", rangeEnd: "b" });
    client.create({ key: "b", startRevision: -1 });
    const refused = { revision: 1, watchId: -1n, created: true, canceled: true };
    assert.deepEqual(briefly(client).slice(1), [
      { ...refused, cancelReason: "mvcc: duplicate watch ID provided on the WatchStream" },
      { ...refused, cancelReason: "mvcc: watcher range is empty" },
      { ...refused, cancelReason: "mvcc: watcher range is empty" },
      { ...refused, cancelReason: "etcdserver: mvcc: required revision has been compacted" },
    ]);
    assert.equal(client.call.status, null, "the stream goes on");
  });

  test("a cancelled watcher gets nothing more and its id is free; unknown ids are not answered", () => {
    const client = new WatchClient();
    client.create({ key: "a", watchId: 5n });
    client.cancel(9n);
    client.cancel(5n);
    client.put("a");
    client.create({ key: "a", watchId: 5n });
    assert.deepEqual(briefly(client), [
      { revision: 1, created: true, watchId: 5n },
      { revision: 1, canceled: true, watchId: 5n },
      { revision: 2, created: true, watchId: 5n },
    ]);
  });

  test("no key stands for the smallest, and an end of zero for no end", () => {
    const client = new WatchClient();
    client.create({ key: "", rangeEnd: "\0" });
    client.take();
    client.put("\0");
    client.put("\xff\xff");
    assert.deepEqual(
      briefly(client).map(({ events }) => events),
      [["+\0@2"], ["+\xff\xff@3"]],
    );
  });

  test("a start below the compaction is created, then cancelled with the compact revision alone", () => {
    const client = new WatchClient();
    for (let i = 0; i < 5; i += 1) {
      client.put("a");
    }
    client.compact(4);
    client.create({ key: "a", startRevision: 3 });
    client.create({ key: "a", startRevision: 4 });
    const [created, cancelled, createdAtCompaction, events] = briefly(client);
    assert.deepEqual(created, { revision: 6, created: true });
    assert.deepEqual(cancelled, { revision: 0, canceled: true, compactRevision: 4 });
    assert.deepEqual(createdAtCompaction, { revision: 6, created: true, watchId: 1n });
    assert.deepEqual(events, { revision: 6, watchId: 1n, events: ["+a@4", "+a@5", "+a@6"] });
    client.cancel(0n);
    assert.deepEqual(briefly(client), [{ revision: 6, canceled: true }]);
  });

  test("a malformed request ends the stream, in grpc-go's words", () => {
    const client = new WatchClient();
    client.create({ key: "a" });
    client.receiver.message(Uint8Array.of(0x0a, 5, 0x61), 0, 3);
    assert.equal(client.call.status, 13);
    assert.equal(
      client.call.text,
      "grpc: failed to unmarshal the received message: unexpected EOF",
    );
    assert.equal(client.harness.services.watchStreams, 0);
    client.put("a");
    client.take();
  });

  test("watchers go on after the client's last request, and end with the call or the server", () => {
    const client = new WatchClient();
    client.create({ key: "a" });
    client.receiver.halfClosed();
    client.take();
    client.put("a");
    assert.equal(client.take().length, 1);
    assert.equal(client.harness.services.watchers, 1);
    client.harness.services.endStreams();
    assert.deepEqual([client.call.status, client.call.text], [14, "etcdserver: server stopped"]);
    assert.equal(client.harness.services.watchers, 0);
    const late = new WatchClient({}, client.harness);
    assert.deepEqual([late.call.status, late.call.text], [14, "etcdserver: server stopped"]);
    const other = new WatchClient();
    other.create({ key: "a" });
    other.receiver.cancelled();
    assert.equal(other.harness.services.watchers, 0);
  });
});

suite("events", () => {
  test("all events of a revision come in one answer, a delete with its key and revision only", () => {
    const client = new WatchClient();
    client.put("a");
    client.put("b");
    client.create({ key: "a", rangeEnd: "z", prevKv: true });
    client.create({ key: "a", rangeEnd: "z" });
    client.take();
    client.delete("a", "z");
    const [withPrevious, without] = client.take();
    assert.ok(withPrevious !== undefined && without !== undefined);
    assert.deepEqual(brief(withPrevious)["events"], ["-a@4<2", "-b@4<3"]);
    assert.deepEqual(brief(without)["events"], ["-a@4", "-b@4"]);
    assert.deepEqual(without.events[0]?.kv, {
      key: "a",
      createRevision: 0,
      modRevision: 4,
      version: 0,
      value: new Uint8Array(0),
      lease: 0n,
    });
  });

  test("filters leave out puts or deletes", () => {
    const client = new WatchClient();
    client.create({ key: "a", filters: [0] });
    client.create({ key: "a", filters: [1, 17] });
    client.take();
    client.put("a");
    client.delete("a");
    assert.deepEqual(briefly(client), [
      { revision: 2, watchId: 1n, events: ["+a@2"] },
      { revision: 3, events: ["-a@3"] },
    ]);
  });

  test("fragments only for those who asked, never splitting more than needed", () => {
    const client = new WatchClient();
    client.harness.node.propose(
      {
        kind: "txn",
        compares: [],
        success: Array.from({ length: 5 }, (_, i) => ({
          kind: "put" as const,
          key: `k${i}`,
          value: new Uint8Array(900_000),
          lease: 0n,
          prevKv: false,
          ignoreValue: false,
          ignoreLease: false,
        })),
        failure: [],
      },
      () => {
        // Nobody waits.
      },
    );
    client.create({ key: "k", rangeEnd: "l", startRevision: 1, fragment: true });
    client.create({ key: "k", rangeEnd: "l", startRevision: 1 });
    const responses = client.take().filter((response) => response.events.length > 0);
    const fragments = responses.filter((response) => response.watchId === 0n);
    assert.deepEqual(
      fragments.map((response) => [response.fragment, response.events.length]),
      [
        [true, 2],
        [true, 2],
        [false, 1],
      ],
    );
    const whole = responses.filter((response) => response.watchId === 1n);
    assert.deepEqual(
      whole.map((response) => [response.fragment, response.events.length]),
      [[false, 5]],
    );
  });

  test("an event is encoded once, whoever watches it", () => {
    const client = new WatchClient();
    for (let i = 0; i < 3; i += 1) {
      client.create({ key: "a", rangeEnd: "b" });
    }
    client.create({ key: "a" });
    const parts: Uint8Array[] = [];
    const send = client.call.send.bind(client.call);
    client.call.send = (...sent: readonly Uint8Array[]) => {
      parts.push(sent.at(-1)!);
      send(...sent);
    };
    client.take();
    client.put("a", "value");
    client.take();
    assert.equal(parts.length, 4);
    assert.equal(new Set(parts).size, 1);
  });

  test("a slow client loses nothing, whatever is written meanwhile and whenever it reads", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("put", "delete", "drain", "stop", "settle"), { maxLength: 200 }),
        (steps) => {
          const client = new WatchClient();
          client.create({ key: "a", rangeEnd: "z" });
          client.create({ key: "k" });
          client.take();
          for (const step of steps) {
            switch (step) {
              case "put":
                client.put("k", "x".repeat(150));
                break;
              case "delete":
                client.delete("k");
                break;
              case "drain":
                client.call.drain();
                break;
              case "stop":
                client.call.reads = false;
                break;
              default:
                client.harness.clock.settle();
            }
          }
          client.call.reads = true;
          client.call.drain();
          client.take();
          const all = client.call.sent.map((bytes) =>
            rpc.decodeWatchResponse(bytes, 0, bytes.length),
          );
          const expected = client.harness.node.view.log.map((row) => row.modRevision);
          for (const id of [0n, 1n]) {
            const revisions = all
              .filter((response) => response.watchId === id)
              .flatMap((response) => response.events.map((event) => event.kv?.modRevision));
            assert.deepEqual(revisions, expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("for a client that does not read, no more is kept than its mark and a batch each", () => {
    const client = new WatchClient();
    for (let i = 0; i < 20; i += 1) {
      client.create({ key: "k" });
    }
    client.take();
    client.call.reads = false;
    for (let i = 0; i < 50; i += 1) {
      client.put("k", "x".repeat(150));
      client.take();
    }
    assert.ok(client.call.bufferedBytes < client.call.highWaterBytes + 300);
    client.call.reads = true;
    client.call.drain();
    client.take();
    const delivered = client.call.sent.flatMap((bytes) => {
      const response = rpc.decodeWatchResponse(bytes, 0, bytes.length);
      return response.events.map((event) => `${response.watchId} ${event.kv?.modRevision ?? 0}`);
    });
    assert.equal(delivered.length, 20 * 50);
    assert.equal(new Set(delivered).size, 20 * 50);
  });

  test("a watcher that a compaction overtakes is cancelled with the compact revision", () => {
    const client = new WatchClient();
    client.create({ key: "k" });
    client.take();
    client.call.reads = false;
    for (let i = 0; i < 30; i += 1) {
      client.put("k", "x".repeat(200));
    }
    client.take();
    client.compact(30);
    const [held, cancelled, ...none] = briefly(client);
    assert.deepEqual(held, { revision: 7, events: ["+k@7"] });
    assert.deepEqual(cancelled, { revision: 0, canceled: true, compactRevision: 30 });
    assert.deepEqual(none, []);
  });
});

suite("progress", () => {
  test("one answer for all, behind every event that it promises", () => {
    const client = new WatchClient();
    client.put("a");
    client.create({ key: "a", startRevision: 1 });
    client.create({ key: "b" });
    client.askProgress();
    client.askProgress();
    const responses = briefly(client);
    assert.deepEqual(responses.slice(2), [
      { revision: 2, events: ["+a@2"] },
      { revision: 2, watchId: -1n },
    ]);
  });

  test("a stream without watchers is not answered", () => {
    const client = new WatchClient();
    client.askProgress();
    client.create({ key: "a" });
    client.cancel(0n);
    client.askProgress();
    assert.equal(client.take().filter((response) => response.watchId === -1n).length, 0);
  });

  test("a watcher made while the answer is owed is covered by it", () => {
    const client = new WatchClient();
    for (let i = 0; i < 3; i += 1) {
      client.put("a");
      client.put("b");
    }
    client.create({ key: "a", startRevision: 1 });
    client.askProgress();
    client.create({ key: "b", startRevision: 1 });
    const responses = client.take();
    const answer = responses.findIndex((response) => response.watchId === -1n);
    const lastEvent = responses.findLastIndex((response) => response.events.length > 0);
    assert.ok(answer > lastEvent, "the answer comes last");
  });

  test("a client that does not read is answered once it does", () => {
    const client = new WatchClient();
    client.create({ key: "k" });
    client.take();
    client.call.reads = false;
    for (let i = 0; i < 20; i += 1) {
      client.put("k", "x".repeat(200));
    }
    client.askProgress();
    assert.ok(client.take().every((response) => response.watchId !== -1n));
    client.call.reads = true;
    client.call.drain();
    const last = client.take().at(-1);
    assert.deepEqual(brief(last!), { revision: 21, watchId: -1n });
  });

  test("a watcher of a later revision is told nothing below it, the others are", () => {
    const client = new WatchClient();
    client.create({ key: "a" });
    client.create({ key: "a", startRevision: 50 });
    client.take();
    client.askProgress();
    assert.deepEqual(briefly(client), [{ revision: 1 }]);
  });

  test("watchers that asked for it are told the revision now and then, but not right after events", () => {
    const client = new WatchClient({ watchProgressIntervalMs: 1000 });
    client.create({ key: "a", progressNotify: true });
    client.create({ key: "b", progressNotify: true });
    client.create({ key: "c" });
    client.put("a");
    client.take();
    client.harness.clock.advance(1060);
    assert.deepEqual(briefly(client), [{ revision: 2, watchId: 1n }]);
    client.harness.clock.advance(1060);
    assert.deepEqual(briefly(client), [{ revision: 2 }, { revision: 2, watchId: 1n }]);
    client.receiver.cancelled();
    client.harness.clock.advance(10_000);
    assert.deepEqual(briefly(client), []);
  });
});
