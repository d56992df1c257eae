// Puts a script of several users to two servers and compares every answer.
import { GrpcClient, type Message } from "../../support/grpc-client.js";
import type { ServerProcess } from "../../support/process/server-process.js";
import { compareAnswers, type Difference } from "../compare.js";
import { Participant } from "../participant.js";
import { generateAuthScript, PASSWORDS, type AuthOperation, type User } from "./auth-script.js";

export interface AuthContest {
  readonly startReference: () => Promise<ServerProcess>;
  readonly startSubject: () => Promise<ServerProcess>;
}

/** One server, and the token that each user has there. */
class Side implements AsyncDisposable {
  readonly #participant: Participant;
  readonly #clients = new Map<User, GrpcClient>();

  private constructor(participant: Participant) {
    this.#participant = participant;
  }

  static async start(server: ServerProcess): Promise<Side> {
    return new Side(await Participant.join(server));
  }

  async perform({ user, method, request }: AuthOperation): Promise<unknown> {
    if (method === "login") {
      return this.#login(user);
    }
    const client = this.#clientOf(user);
    if (method === "watch") {
      return this.#watch(client, request);
    }
    return this.#comparable(await client.call(`/etcdserverpb.${method}`, request));
  }

  #clientOf(user: User): GrpcClient {
    const known = this.#clients.get(user);
    if (known !== undefined) {
      return known;
    }
    const metadata = user === "wrong" ? { token: "abcdefghijklmnop.1" } : {};
    const client = new GrpcClient(this.#participant.server.address, metadata);
    this.#clients.set(user, client);
    return client;
  }

  async #login(user: User): Promise<unknown> {
    const request = { name: user, password: PASSWORDS[user] };
    const outcome = await this.#clientOf("none").call("/etcdserverpb.Auth/Authenticate", request);
    if (outcome.ok) {
      this.#clients.get(user)?.[Symbol.dispose]();
      const token = outcome.response["token"] as string;
      this.#clients.set(user, new GrpcClient(this.#participant.server.address, { token }));
    }
    return this.#comparable(outcome);
  }

  async #watch(client: GrpcClient, request: Message): Promise<unknown> {
    using stream = client.open("/etcdserverpb.Watch/Watch");
    stream.send({ create_request: request });
    await stream.until("the creation", () => stream.received.length > 0);
    return this.#comparable(stream.received[0]);
  }

  /** Tokens are compared by their form. */
  #comparable(outcome: unknown): unknown {
    const shown = this.#participant.canonical(outcome) as Message;
    const response = shown["response"] as Message | undefined;
    const token = response?.["token"];
    return typeof token === "string" && response !== undefined
      ? {
          ...shown,
          response: { ...response, token: /^[a-zA-Z]{16}\.\d+$/.test(token) ? "<token>" : token },
        }
      : shown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) {
      client[Symbol.dispose]();
    }
    await this.#participant[Symbol.asyncDispose]();
  }
}

/** Runs one script; throws a report of the first difference that is not known. */
export async function runAuthSeed(
  seed: number,
  length: number,
  contest: AuthContest,
): Promise<ReadonlyMap<string, number>> {
  const script = generateAuthScript(seed, length);
  await using reference = await Side.start(await contest.startReference());
  await using subject = await Side.start(await contest.startSubject());
  const met = new Map<string, number>();
  for (const [at, operation] of script.entries()) {
    const [expected, actual] = await Promise.all([
      reference.perform(operation),
      subject.perform(operation),
    ]);
    const { unknown, known } = compareAnswers(
      { kind: "call", method: operation.method, request: operation.request },
      { currentRevision: 0, compactRevision: 0, chosenLeases: [] },
      expected,
      actual,
    );
    for (const id of known) {
      met.set(id, (met.get(id) ?? 0) + 1);
    }
    if (unknown.length > 0) {
      throw new Error(report(seed, script, at, unknown));
    }
  }
  return met;
}

function report(
  seed: number,
  script: readonly AuthOperation[],
  at: number,
  differences: readonly Difference[],
): string {
  const shown = (value: unknown): string => JSON.stringify(value, latin1);
  const changes = script
    .slice(0, at)
    .filter(({ method }) => method.startsWith("Auth/") || method === "login");
  return [
    `seed ${seed}: step ${at}, ${shown(script[at])}, is answered otherwise:`,
    ...differences.map(
      ({ path, reference, subject }) =>
        `  ${path}: etcd ${shown(reference)}, ours ${shown(subject)}`,
    ),
    "after these of the administration:",
    ...changes.map((operation) => `  ${shown(operation)}`),
  ].join("\n");
}

/** Keys as text. */
function latin1(this: unknown, name: string, value: unknown): unknown {
  const original = (this as Message)[name];
  return Buffer.isBuffer(original) ? original.toString("latin1") : value;
}
