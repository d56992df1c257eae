// One of the two servers of a differential run, with what is needed to put a script's operations to it: its ids, its
// revisions, the leases it chose, and a watcher of everything.
import {
  GrpcClient,
  type CallOutcome,
  type Message,
  type MessageStream,
} from "../support/grpc-client.js";
import type { ServerProcess } from "../support/process/server-process.js";
import { canonical, type Identity } from "./canonical.js";
import { EventCollector, type EventGroup } from "./event-history.js";
import {
  resolve,
  resolveMessage,
  type Call,
  type KeepAlive,
  type Operation,
  type Resolution,
  type ShortLease,
} from "./script/operation.js";
import { runWatchSession } from "./watch-session.js";

/** An outcome in canonical form. */
export type Answer = unknown;

export class Participant implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly client: GrpcClient;
  readonly #identity: { clusterId: string; memberId: string; endpoint: string };
  readonly #chosenLeases: string[] = [];
  readonly #tapStream: MessageStream;
  readonly #tap = new EventCollector(false);
  #tapRead = 0;
  #currentRevision = 1;
  #compactRevision = 0;

  private constructor(server: ServerProcess, client: GrpcClient, status: Message) {
    const header = status["header"] as { cluster_id: string; member_id: string };
    this.server = server;
    this.client = client;
    this.#identity = {
      clusterId: header.cluster_id,
      memberId: header.member_id,
      endpoint: server.endpoint,
    };
    this.#tapStream = client.open("/etcdserverpb.Watch/Watch");
  }

  /** `server` must be empty. */
  static async join(server: ServerProcess): Promise<Participant> {
    const client = new GrpcClient(server.address);
    const status = await client.must("/etcdserverpb.Maintenance/Status", {});
    const participant = new Participant(server, client, status);
    const everything = Buffer.from([0]);
    participant.#tapStream.send({
      create_request: { key: everything, range_end: everything, prev_kv: true },
    });
    await participant.#tapStream.until(
      "the tap's creation",
      () => participant.#tapStream.received.length > 0,
    );
    return participant;
  }

  get resolution(): Resolution {
    return {
      currentRevision: this.#currentRevision,
      compactRevision: this.#compactRevision,
      chosenLeases: this.#chosenLeases,
    };
  }

  get identity(): Identity {
    return { ...this.#identity, chosenLeases: this.#chosenLeases };
  }

  /** All events so far. Call `settle` before. */
  get history(): readonly EventGroup[] {
    return this.#tap.groups;
  }

  get tapAnomalies(): readonly string[] {
    return this.#tap.anomalies;
  }

  canonical(value: unknown): unknown {
    return canonical(value, this.identity);
  }

  /** Waits until the watcher of everything has seen the last revision that an answer named. */
  async settle(): Promise<void> {
    const arrived = (): boolean => {
      this.#readTap();
      return this.#currentRevision === 1 || this.#tap.lastRevision >= this.#currentRevision;
    };
    await this.#tapStream.until(`the event of revision ${this.#currentRevision}`, arrived);
  }

  #readTap(): void {
    const { received } = this.#tapStream;
    for (; this.#tapRead < received.length; this.#tapRead += 1) {
      const response = received[this.#tapRead]!;
      if ((response["events"] as unknown[]).length > 0) {
        this.#tap.add(this.canonical(response) as Message);
      }
    }
  }

  /** Puts one operation to the server. Revisions are resolved as `reference` says, leases by this server's own. */
  async perform(operation: Operation, reference: Resolution): Promise<Answer> {
    const resolution = { ...reference, chosenLeases: this.#chosenLeases };
    switch (operation.kind) {
      case "call":
        return this.call(operation, resolution);
      case "raw": {
        const outcome = await this.client.callRaw(
          operation.path,
          Buffer.from(operation.hex, "hex"),
        );
        // What bytes that were understood mean is compared by the calls.
        return outcome.ok ? { ok: true } : outcome;
      }
      case "keep-alive":
        return this.#keepAlive(operation, resolution);
      case "short-lease":
        return this.#shortLease(operation, resolution);
      case "watch":
        await this.settle();
        return runWatchSession(this, operation, resolution);
    }
  }

  async call(operation: Call, resolution: Resolution): Promise<Answer> {
    const { method } = operation;
    const request = resolveMessage(operation.request, resolution);
    if (method === "KV/Compact") {
      // A watcher that lags behind a compaction would be cancelled.
      await this.settle();
    }
    const outcome = await this.client.call(`/etcdserverpb.${method}`, request);
    this.#learn(method, request, outcome);
    const answer = this.canonical(outcome) as Message;
    if (method === "Lease/LeaseLeases" && outcome.ok) {
      sortLeases(answer["response"] as Message);
    }
    return answer;
  }

  #learn(method: string, request: Message, outcome: CallOutcome): void {
    if (!outcome.ok) {
      return;
    }
    const { response } = outcome;
    const header = response["header"] as { revision: string } | null;
    this.#currentRevision = Math.max(this.#currentRevision, Number(header?.revision ?? 0));
    if (method === "KV/Compact") {
      this.#compactRevision = Number(request["revision"]);
    }
    if (method === "Lease/LeaseGrant" && BigInt((request["ID"] ?? "0") as string) === 0n) {
      this.#chosenLeases.push(response["ID"] as string);
    }
  }

  async #keepAlive(operation: KeepAlive, resolution: Resolution): Promise<Answer> {
    using stream = this.client.open("/etcdserverpb.Lease/LeaseKeepAlive");
    for (const [at, id] of operation.ids.entries()) {
      stream.send({ ID: resolve(id, resolution) });
      await stream.until("a keep-alive's answer", () => stream.received.length > at);
    }
    stream.halfClose();
    return this.canonical({ responses: stream.received, end: await stream.untilEnd() });
  }

  async #shortLease(operation: ShortLease, resolution: Resolution): Promise<Answer> {
    const { id, ttl, key } = operation;
    const step = async (method: string, request: Message): Promise<Answer> =>
      this.call({ kind: "call", method, request }, resolution);
    const put = async (): Promise<Answer> => step("KV/Put", { key, value: "short", lease: id });
    return [
      await step("Lease/LeaseGrant", { ID: id, TTL: ttl }),
      key === undefined ? null : await put(),
      await step("Lease/LeaseTimeToLive", { ID: id, keys: true }),
      await this.#keepAlive({ kind: "keep-alive", ids: [id] }, resolution),
      await step("Lease/LeaseRevoke", { ID: id }),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tapStream[Symbol.dispose]();
    this.client[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** etcd orders them by expiry; scripts that run at once have ties, so that a test of its own looks at the order. */
function sortLeases(response: Message): void {
  (response["leases"] as { ID: string }[]).sort((a, b) => (a.ID < b.ID ? -1 : 1));
}
