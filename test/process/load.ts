// Clients that write until the server dies under them. Each owns its keys and has one call open at a time, so that at
// most its last attempt is unknown; all of them meet on a few shared keys.
import assert from "node:assert/strict";
import { GrpcClient, type CallOutcome, type Message } from "../support/grpc-client.js";
import { SeededRandom } from "../support/seeded-random.js";
import type { Attempt, Effect, Ledger } from "./ledger.js";

const OWN_KEYS = 8;
const SHARED_KEYS = 3;
const LEASE_TTL_SECONDS = "86400";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

export class Load {
  readonly #ledger: Ledger;
  readonly #clients: readonly Writer[];
  #killed = false;

  constructor(ledger: Ledger, address: string, seed: number, clientCount: number) {
    this.#ledger = ledger;
    const random = new SeededRandom(seed);
    this.#clients = Array.from(
      { length: clientCount },
      (_, at) =>
        new Writer(ledger, address, at, `${seed}`, new SeededRandom(random.below(2 ** 32))),
    );
  }

  /** Writes until `expectDeath` was called and every client has lost its connection. */
  async run(): Promise<void> {
    await Promise.all([...this.#clients.map(async (client) => client.run(() => this.#killed))]);
  }

  /** Call right before the kill: from now on calls may fail. */
  expectDeath(): void {
    this.#killed = true;
  }

  /** Asks for a compaction and does not wait: the kill may meet it. */
  async compact(address: string, revision: number): Promise<void> {
    await compact(this.#ledger, address, revision);
  }
}

async function compact(ledger: Ledger, address: string, revision: number): Promise<void> {
  ledger.compactionAsked = Math.max(ledger.compactionAsked, revision);
  using client = new GrpcClient(address);
  const outcome = await client.call("/etcdserverpb.KV/Compact", {
    revision: String(revision),
    physical: true,
  });
  if (outcome.ok) {
    ledger.compactedRevision = Math.max(ledger.compactedRevision, revision);
  }
}

class Writer {
  readonly #ledger: Ledger;
  readonly #client: GrpcClient;
  readonly #random: SeededRandom;
  readonly #number: number;
  readonly #round: string;
  /** What this client's keys are attached to: its own view, exact because nobody else writes them. */
  readonly #own = new Map<string, string>();
  readonly #leases: string[] = [];
  #serial = 0;

  constructor(
    ledger: Ledger,
    address: string,
    number: number,
    round: string,
    random: SeededRandom,
  ) {
    this.#ledger = ledger;
    this.#client = new GrpcClient(address);
    this.#number = number;
    this.#round = round;
    this.#random = random;
    for (const [key, { lease }] of ledger.state) {
      if (key.startsWith(this.#prefix)) {
        this.#own.set(key, lease);
      }
    }
    for (const [id, existence] of ledger.leases) {
      if (existence === "exists" && BigInt(id) / 1_000_000n === BigInt(number + 1)) {
        this.#leases.push(id);
      }
    }
  }

  get #prefix(): string {
    return `own/${this.#number}/`;
  }

  async run(isKilled: () => boolean): Promise<void> {
    try {
      for (;;) {
        const failure = await this.#step();
        if (failure !== undefined) {
          assert.ok(isKilled(), `a write failed while the server lived: ${failure}`);
          return;
        }
      }
    } finally {
      this.#client[Symbol.dispose]();
    }
  }

  /** One write. Returns why it failed. */
  async #step(): Promise<string | undefined> {
    const step = this.#random.weighted<() => Promise<string | undefined>>([
      [40, async () => this.#put()],
      [20, async () => this.#txn()],
      [10, async () => this.#delete()],
      [10, async () => this.#swap()],
      [this.#leases.length < 4 ? 4 : 1, async () => this.#grant()],
      [this.#leases.length > 1 ? 2 : 0, async () => this.#revoke()],
    ]);
    return step();
  }

  #value(): string {
    this.#serial += 1;
    // Some are large, so that one group of the log spans pages.
    const fill = this.#random.chance(0.05) ? "x".repeat(this.#random.below(20_000)) : "";
    return `${this.#round}/${this.#number}/${this.#serial}/${fill}`;
  }

  #ownKey(): string {
    return `${this.#prefix}${this.#random.below(OWN_KEYS)}`;
  }

  #leaseOrNone(): string {
    return this.#leases.length > 0 && this.#random.chance(0.3)
      ? this.#random.pick(this.#leases)
      : "0";
  }

  async #call(
    path: string,
    request: Message,
    attempt: Attempt,
    acknowledge: (response: Message) => void,
  ): Promise<string | undefined> {
    const outcome: CallOutcome = await this.#client.call(`/etcdserverpb.${path}`, request);
    if (!outcome.ok) {
      return `${attempt.what}: ${outcome.code} ${outcome.message}`;
    }
    attempt.outcome = { revision: this.#ledger.see(outcome.response["header"]) };
    acknowledge(outcome.response);
    return undefined;
  }

  #remember(effects: readonly Effect[]): void {
    for (const { key, value, lease } of effects) {
      if (!key.startsWith(this.#prefix)) {
        continue;
      }
      if (value === undefined) {
        this.#own.delete(key);
      } else {
        this.#own.set(key, lease);
      }
    }
  }

  async #put(): Promise<string | undefined> {
    const effect = { key: this.#ownKey(), value: this.#value(), lease: this.#leaseOrNone() };
    const attempt = this.#ledger.begin("put", [effect]);
    const { key, value, lease } = effect;
    return this.#call("KV/Put", { key: bytes(key), value: bytes(value), lease }, attempt, () => {
      this.#remember([effect]);
    });
  }

  /** Several puts and deletions of own keys: all or nothing. */
  async #txn(): Promise<string | undefined> {
    const keys = new Set(Array.from({ length: this.#random.between(2, 5) }, () => this.#ownKey()));
    const effects: Effect[] = [...keys].flatMap((key): Effect[] => {
      if (this.#random.chance(0.3)) {
        return this.#own.has(key) ? [{ key, value: undefined, lease: "0" }] : [];
      }
      return [{ key, value: this.#value(), lease: this.#leaseOrNone() }];
    });
    if (effects.length === 0) {
      return undefined;
    }
    const attempt = this.#ledger.begin("txn", effects);
    const success = effects.map(({ key, value, lease }) =>
      value === undefined
        ? { request_delete_range: { key: bytes(key) } }
        : { request_put: { key: bytes(key), value: bytes(value), lease } },
    );
    return this.#call("KV/Txn", { success }, attempt, () => {
      this.#remember(effects);
    });
  }

  /** Deletes one key or all own ones: one revision, in the order of the keys. */
  async #delete(): Promise<string | undefined> {
    const all = this.#random.chance(0.2);
    const key = this.#ownKey();
    const doomed = [...this.#own.keys()].filter((own) => all || own === key).sort();
    const effects = doomed.map((own) => ({ key: own, value: undefined, lease: "0" }));
    const attempt = this.#ledger.begin("delete", effects);
    const request = all
      ? { key: bytes(this.#prefix), range_end: bytes(`own/${this.#number}0`) }
      : { key: bytes(key) };
    return this.#call("KV/DeleteRange", request, attempt, (response) => {
      assert.equal(Number(response["deleted"]), effects.length);
      if (effects.length === 0) {
        this.#ledger.forget(attempt);
      }
      this.#remember(effects);
    });
  }

  /** Reads a shared key and overwrites it only if nobody did since. */
  async #swap(): Promise<string | undefined> {
    const key = `shared/${this.#random.below(SHARED_KEYS)}`;
    const read = await this.#client.call("/etcdserverpb.KV/Range", { key: bytes(key) });
    if (!read.ok) {
      return `range: ${read.code} ${read.message}`;
    }
    this.#ledger.see(read.response["header"]);
    const [kv] = read.response["kvs"] as Message[];
    const effect = { key, value: this.#value(), lease: "0" };
    const attempt = this.#ledger.begin("swap", [effect]);
    const request = {
      compare: [{ key: bytes(key), target: 2, mod_revision: kv?.["mod_revision"] ?? "0" }],
      success: [{ request_put: { key: bytes(key), value: bytes(effect.value) } }],
      failure: [{ request_range: { key: bytes(key) } }],
    };
    return this.#call("KV/Txn", request, attempt, (response) => {
      if (response["succeeded"] !== true) {
        this.#ledger.forget(attempt);
      }
    });
  }

  async #grant(): Promise<string | undefined> {
    this.#serial += 1;
    const id = String((this.#number + 1) * 1_000_000 + this.#random.below(1_000_000));
    if (this.#ledger.leases.has(id)) {
      return undefined;
    }
    this.#ledger.leases.set(id, "unknown");
    const outcome = await this.#client.call("/etcdserverpb.Lease/LeaseGrant", {
      ID: id,
      TTL: LEASE_TTL_SECONDS,
    });
    if (!outcome.ok) {
      return `grant: ${outcome.code} ${outcome.message}`;
    }
    this.#ledger.leases.set(id, "exists");
    this.#leases.push(id);
    return undefined;
  }

  /** Revokes a lease: its keys go in one revision, in order. */
  async #revoke(): Promise<string | undefined> {
    const id = this.#random.pick(this.#leases);
    const effects = [...this.#own]
      .filter(([, lease]) => lease === id)
      .map(([key]) => ({ key, value: undefined, lease: "0" }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const attempt = this.#ledger.begin("revoke", effects);
    this.#ledger.leases.set(id, "unknown");
    return this.#call("Lease/LeaseRevoke", { ID: id }, attempt, () => {
      this.#ledger.leases.set(id, "gone");
      this.#leases.splice(this.#leases.indexOf(id), 1);
      this.#remember(effects);
      if (effects.length === 0) {
        this.#ledger.forget(attempt);
      } else {
        // Other writes may have passed before the answer's header was made.
        attempt.outcome = "somewhere";
      }
    });
  }
}
