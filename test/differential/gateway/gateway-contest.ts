// The JSON gateway against that of etcd 3.4.23: the scripts of the differential test as JSON, in the several forms that
// both read, then everything that happened as a watch tells it. Where 3.6's gateway (of grpc-gateway 2) answers otherwise
// than 3.4's (of grpc-gateway 1), 3.6 is followed: each such place is named here.
import assert from "node:assert/strict";
import { Agent, request as httpRequest } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { enumValues, messageFields } from "../../../src/etcd/gen/descriptors.js";
import { camelCase } from "../../../src/server/gateway/json-to-wire.js";
import { gatewayRoutes } from "../../../src/server/gateway/routes.js";
import type { Message } from "../../support/grpc-client.js";
import { SeededRandom } from "../../support/seeded-random.js";
import {
  startEtcd,
  startSubject,
  type ServerProcess,
} from "../../support/process/server-process.js";
import { canonical } from "../canonical.js";
import { generateScript } from "../script/generate.js";
import { resolve, resolveMessage, type Operation, type Resolution } from "../script/operation.js";

/** A JSON text: in an object, it stands as it is. */
class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function stringify(value: unknown): string {
  if (value instanceof Raw) {
    return value.text;
  }
  if (Array.isArray(value)) {
    return `[${value.map(stringify).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, part]) => `"${name}":${stringify(part)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** A request as gRPC's clients hold it → JSON, each name and value in one of the forms that both gateways read. */
function toJson(type: string, message: Message, random: SeededRandom): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const field of messageFields.get(type) ?? []) {
    const value = message[field.name];
    if (value === undefined || value === null) {
      continue;
    }
    const each = (one: unknown): unknown => {
      switch (field.kind) {
        case "message":
          return toJson(field.type, one as Message, random);
        case "bytes":
          return Buffer.from(one as Buffer).toString("base64");
        case "int64":
        case "uint64":
          return random.chance(0.5) ? String(one) : new Raw(String(one));
        case "enum": {
          const name = [...(enumValues.get(field.type) ?? [])].find(([, n]) => n === Number(one));
          return name !== undefined && random.chance(0.5) ? name[0] : Number(one);
        }
        default:
          return one;
      }
    };
    const name = random.chance(0.5) ? field.name : camelCase(field.name);
    json[name] = field.repeated ? (value as unknown[]).map(each) : each(value);
  }
  return json;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One of the two servers, spoken to over its gateway. */
export class Side {
  readonly server: ServerProcess;
  readonly chosenLeases: string[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  #identity = { clusterId: "", memberId: "" };
  currentRevision = 1;
  compactRevision = 0;

  constructor(server: ServerProcess) {
    this.server = server;
  }

  async begin(): Promise<void> {
    const { body } = await this.post("/v3/maintenance/status", "{}");
    const { header } = body as { header: { cluster_id: string; member_id: string } };
    this.#identity = { clusterId: header.cluster_id, memberId: header.member_id };
  }

  async post(path: string, body: string, method = "POST"): Promise<Answer> {
    return new Promise((done, fail) => {
      const url = this.server.endpoint + path;
      const request = httpRequest(url, { method, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          let parsed: unknown = text;
          try {
            parsed = JSON.parse(text);
          } catch {
            // Plain text.
          }
          done({ status: response.statusCode ?? 0, body: parsed });
        });
      });
      request.on("error", fail);
      request.end(body);
    });
  }

  canonical(value: unknown): unknown {
    const { endpoint } = this.server;
    return canonical(value, { ...this.#identity, endpoint, chosenLeases: this.chosenLeases });
  }

  /** All events from `revision` on, up to the current revision, by a watch over an open body. */
  async events(revision: number): Promise<unknown[]> {
    const found: unknown[] = [];
    if (this.currentRevision < revision) {
      return found;
    }
    const create = { key: "AA==", range_end: "AA==", start_revision: revision, prev_kv: true };
    return new Promise((done, fail) => {
      const url = `${this.server.endpoint}/v3/watch`;
      const request = httpRequest(url, { method: "POST", agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("error", () => undefined);
        response.on("data", (chunk: string) => {
          const lines = (text + chunk).split("\n");
          text = lines.pop() ?? "";
          for (const line of lines) {
            const { result } = JSON.parse(line) as { result?: { events?: Message[] } };
            found.push(...(result?.events ?? []));
          }
          const last = found.at(-1) as { kv?: { mod_revision?: string } } | undefined;
          if (Number(last?.kv?.mod_revision ?? 0) >= this.currentRevision) {
            request.destroy();
            done(found);
          }
        });
      });
      request.on("error", fail);
      request.setTimeout(20_000, () => request.destroy(new Error("a watch is not answered")));
      request.write(JSON.stringify({ create_request: create }));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.server[Symbol.asyncDispose]();
  }
}

/** HTTP statuses of grpc-gateway 1 that 2 changed. */
function statusOf2({ status, body }: Answer): number {
  const { code } = (typeof body === "object" ? body : {}) as { code?: number };
  // FAILED_PRECONDITION.
  return status === 412 && code === 9 ? 400 : status;
}

interface Case {
  readonly path: string;
  readonly json: string;
  readonly request: Message;
  readonly reference: Answer;
  readonly subject: Answer;
}

/** Differences that are meant; each says what our side must be. */
const KNOWN: Readonly<Record<string, (met: Case) => boolean>> = {
  /** 3.4 takes any sort order; 3.6 knows three. */
  invalidSortOrder: ({ request, subject }) =>
    ![0, 1, 2].includes((request["sort_order"] ?? 0) as number) &&
    isDeepStrictEqual(messageOf(subject), "etcdserver: invalid sort option"),
  /** Of a transaction with several faults, 3.4 names another one first. */
  txnCheckOrder: ({ path, reference, subject }) =>
    path === "/v3/kv/txn" && reference.status >= 400 && subject.status >= 400,
  /** 3.6 answers HashKV at the compacted revision, and says which revision was hashed. */
  hash: ({ path, subject }) => path === "/v3/maintenance/hashkv" && subject.status === 200,
  /** 3.4's gateway has no such path: HashKV is at /v3/maintenance/hash. */
  newerPaths: ({ path, reference }) =>
    ["/v3/maintenance/hashkv", "/v3/auth/status", "/v3/maintenance/downgrade"].includes(path) &&
    reference.status === 404,
  /** Version, sizes, storage version; the member's name and peer address. */
  status: ({ path, reference, subject }) =>
    ["/v3/maintenance/status", "/v3/cluster/member/list"].includes(path) &&
    reference.status === 200 &&
    subject.status === 200,
  /** Go leaves rows that are equal in what they are sorted by in any order, in a transaction's reads too. */
  orderOfEquals: ({ json, reference, subject }) =>
    /"sort_?[tT]arget":(?!0|"KEY")/.test(json) &&
    reference.status === 200 &&
    (isDeepStrictEqual(sortedKvs(reference.body), sortedKvs(subject.body)) ||
      (/"limit":(?!"?0)/.test(json) && subject.status === 200)),
};

export function messageOf({ body }: Answer): unknown {
  return (body as { message?: unknown } | null)?.message;
}

/** An answer with the rows of every read in the order of their keys. */
function sortedKvs(body: unknown): unknown {
  if (Array.isArray(body)) {
    return body.map(sortedKvs);
  }
  if (typeof body !== "object" || body === null) {
    return body;
  }
  return Object.fromEntries(
    Object.entries(body as Message).map(([name, part]) => [
      name,
      name === "kvs" ? [...(part as { key: string }[])].sort(byKey) : sortedKvs(part),
    ]),
  );
}

const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);

const typeOfPath = new Map([...gatewayRoutes].map(([path, method]) => [path, method.request]));
const pathOfMethod = new Map(
  [...gatewayRoutes].reverse().map(([path, method]) => [method.path, path] as const),
);

/** The time that is left of a lease is read at two moments. */
function withoutTtl(answer: Answer, path: string): unknown {
  if (!path.endsWith("timetolive") || typeof answer.body !== "object") {
    return answer;
  }
  return { ...answer, body: { ...answer.body, TTL: null } };
}

class Comparison {
  readonly reference: Side;
  readonly subject: Side;
  readonly met = new Map<string, number>();
  operations = 0;

  constructor(reference: Side, subject: Side) {
    this.reference = reference;
    this.subject = subject;
  }

  /** Puts the same to both and compares; what a known difference explains is counted. */
  async compare(
    path: string,
    make: (side: Side) => Message,
    random: SeededRandom,
    where: string,
  ): Promise<void> {
    const type = typeOfPath.get(path) ?? "";
    const form = random.below(2 ** 31);
    const answers: Answer[] = [];
    let json = "";
    let request: Message = {};
    for (const side of [this.reference, this.subject]) {
      request = make(side);
      json = stringify(toJson(type, request, new SeededRandom(form)));
      const answer = await side.post(path, json);
      this.#learn(side, path, request, answer);
      const body = side.canonical(answer.body);
      const compared = path.endsWith("leases") ? sortedLeases(body) : body;
      answers.push({ status: statusOf2(answer), body: compared });
    }
    const [reference, subject] = answers as [Answer, Answer];
    this.operations += 1;
    if (isDeepStrictEqual(withoutTtl(reference, path), withoutTtl(subject, path))) {
      return;
    }
    const met: Case = { path, json, request, reference, subject };
    const known = Object.entries(KNOWN).find(([, explains]) => explains(met));
    if (known === undefined) {
      assert.deepEqual(subject, reference, `${where}: ${path} ${json.slice(0, 2000)}`);
      return;
    }
    this.met.set(known[0], (this.met.get(known[0]) ?? 0) + 1);
  }

  #learn(side: Side, path: string, request: Message, { status, body }: Answer): void {
    if (status !== 200) {
      return;
    }
    const { header, ID } = body as { header?: { revision?: string }; ID?: string };
    side.currentRevision = Math.max(side.currentRevision, Number(header?.revision ?? 0));
    if (path === "/v3/kv/compaction") {
      side.compactRevision = Number(request["revision"]);
    }
    if (path === "/v3/lease/grant" && BigInt((request["ID"] ?? "0") as string) === 0n) {
      side.chosenLeases.push(ID ?? "");
    }
  }
}

function sortedLeases(body: unknown): unknown {
  const { leases = [], ...rest } = body as { leases?: { ID: string }[] };
  return { ...rest, leases: [...leases].sort((a, b) => (a.ID < b.ID ? -1 : 1)) };
}

/** A script's operation as requests to the gateway; those that only gRPC has are left out. */
function requestsOf(operation: Operation): { path: string; request: (r: Resolution) => Message }[] {
  switch (operation.kind) {
    case "call": {
      const path = pathOfMethod.get(`/etcdserverpb.${operation.method}`);
      return path === undefined
        ? []
        : [{ path, request: (r) => resolveMessage(operation.request, r) }];
    }
    case "keep-alive":
      return operation.ids.map((id) => ({
        path: "/v3/lease/keepalive",
        request: (r) => ({ ID: resolve(id, r) }),
      }));
    default:
      return [];
  }
}

export interface GatewaySeedsTold {
  operations: number;
  events: number;
  /** How often each known difference was met. */
  readonly met: ReadonlyMap<string, number>;
}

/** A script a seed, each on fresh servers. Throws at the first difference that is not known. */
export async function runGatewaySeeds(
  seeds: readonly number[],
  operationsEach: number,
): Promise<GatewaySeedsTold> {
  const met = new Map<string, number>();
  const told = { operations: 0, events: 0, met };
  for (const seed of seeds) {
    await using reference = new Side(await startEtcd());
    await using subject = new Side(await startSubject());
    await Promise.all([reference.begin(), subject.begin()]);
    const comparison = new Comparison(reference, subject);
    const random = new SeededRandom(seed);
    for (const operation of generateScript(seed, operationsEach)) {
      for (const { path, request } of requestsOf(operation)) {
        const { currentRevision, compactRevision } = reference;
        const make = ({ chosenLeases }: Side): Message =>
          request({ currentRevision, compactRevision, chosenLeases });
        await comparison.compare(path, make, random, `seed ${seed}`);
      }
    }
    const from = reference.compactRevision + 1;
    const theirs = reference.canonical(await reference.events(from)) as unknown[];
    const ours = subject.canonical(await subject.events(from)) as unknown[];
    assert.deepEqual(ours, theirs, `the events of seed ${seed}`);
    told.operations += comparison.operations;
    told.events += ours.length;
    for (const [name, count] of comparison.met) {
      met.set(name, (met.get(name) ?? 0) + count);
    }
  }
  return told;
}
