// A watcher that outlives its server: when the stream breaks it goes on from the revision after its last. Over all
// restarts together it must have been told everything once.
import assert from "node:assert/strict";
import { GrpcClient, type Message, type MessageStream } from "../support/grpc-client.js";
import { historyEventOf, type HistoryEvent, type Ledger } from "./ledger.js";

export interface Followed {
  readonly prefix: string;
  readonly withDeletions: boolean;
}

const FILTER_NO_DELETE = 1;
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

export class Follower {
  readonly #followed: Followed;
  readonly #ledger: Ledger;
  readonly #told: HistoryEvent[] = [];
  #client: GrpcClient | undefined;
  #stream: MessageStream | undefined;
  #read = 0;
  /** All up to here was told. */
  #position = 1;

  constructor(ledger: Ledger, followed: Followed) {
    this.#ledger = ledger;
    this.#followed = followed;
  }

  /** Opens the stream of a (re)started server. */
  async connect(address: string): Promise<void> {
    this.#client = new GrpcClient(address);
    this.#stream = this.#client.open("/etcdserverpb.Watch/Watch");
    this.#read = 0;
    const { prefix, withDeletions } = this.#followed;
    this.#stream.send({
      create_request: {
        key: bytes(prefix),
        // The prefixes end with "/", whose successor is "0".
        range_end: prefix === "\0" ? bytes("\0") : bytes(`${prefix.slice(0, -1)}0`),
        start_revision: String(this.#position + 1),
        prev_kv: true,
        filters: withDeletions ? [] : [FILTER_NO_DELETE],
      },
    });
    await this.#stream.until("a follower's creation", () => this.#stream!.received.length > 0);
  }

  /** Call when the server is gone. What came before counts: it was shown. */
  disconnect(): void {
    this.#readNew();
    this.#stream?.[Symbol.dispose]();
    this.#client?.[Symbol.dispose]();
    this.#position = Math.max(this.#position, this.#told.at(-1)?.revision ?? 0);
  }

  #readNew(): void {
    const received = this.#stream?.received ?? [];
    for (; this.#read < received.length; this.#read += 1) {
      const response = received[this.#read]!;
      assert.equal(
        response["canceled"],
        false,
        `a follower was cancelled: ${JSON.stringify(response)}`,
      );
      for (const event of response["events"] as Message[]) {
        this.#told.push(historyEventOf(event));
      }
      if ((response["events"] as Message[]).length > 0) {
        this.#ledger.see(response["header"]);
      }
    }
  }

  /** Waits until the follower has as many events as the verified history has for it, and compares them. */
  async verify(): Promise<void> {
    const { prefix, withDeletions } = this.#followed;
    const expected = this.#ledger.history.filter(
      ({ key, state }) =>
        (prefix === "\0" || key.startsWith(prefix)) && (withDeletions || state !== undefined),
    );
    await this.#stream!.until(`${expected.length} events of a follower`, () => {
      this.#readNew();
      return this.#told.length >= expected.length;
    });
    assert.deepEqual(
      this.#told,
      expected,
      `what the follower of ${JSON.stringify(prefix)} was told`,
    );
    this.#position = this.#ledger.verifiedRevision;
  }
}
