// Locks and elections against etcd: the same operations, one after the other, with calls that wait meanwhile. After each
// operation both servers must have answered the same calls, and all answers must be equal.
import assert from "node:assert/strict";
import type { CallOutcome, Message } from "../../support/grpc-client.js";
import { GrpcClient } from "../../support/grpc-client.js";
import { SeededRandom } from "../../support/seeded-random.js";
import {
  startEtcd,
  startSubject,
  type ServerProcess,
} from "../../support/process/server-process.js";
import { sleep } from "../../support/process/wait.js";

const SETTLE_MS = 5_000;
const OBSERVATION_BEGINS_MS = 150;
const LEASES = ["1", "2", "3", "-4", "255"];
const NAMES = ["a", "b", ""];

interface Step {
  readonly path: string;
  readonly request: Message;
  /** Of a call that joins a line: it is answered once its lease stands first there. */
  readonly joins?: { readonly line: readonly string[]; readonly lease: string };
}

/** One server with its calls: what it has not answered yet is null. */
export class Side implements AsyncDisposable {
  readonly server: ServerProcess;
  readonly client: GrpcClient;
  readonly answers: (string | null)[] = [];
  readonly #observations: ReturnType<GrpcClient["open"]>[] = [];

  constructor(server: ServerProcess) {
    this.server = server;
    this.client = new GrpcClient(server.address);
  }

  /** Returns the call's place among the answers. */
  start({ path, request }: Step): number {
    const place = this.answers.push(null) - 1;
    const keep = (outcome: CallOutcome): void => {
      this.answers[place] = comparable(outcome);
    };
    this.client.call(path, request).then(keep, (error: unknown) => {
      this.answers[place] = String(error);
    });
    return place;
  }

  /** Waits until a call that joins a line stands in it, so that the next one stands behind it. */
  async joined({ request }: Step, place: number): Promise<void> {
    const { name, lease } = request;
    if (name === undefined || lease === undefined) {
      return;
    }
    const key = Buffer.from(
      `${(name as Buffer).toString()}/${BigInt(lease as string).toString(16)}`,
    );
    while (this.answers[place] === null) {
      const { count } = await this.client.must("/etcdserverpb.KV/Range", { key, count_only: true });
      if (count === "1") {
        return;
      }
    }
  }

  observe(name: string): void {
    const stream = this.client.open("/v3electionpb.Election/Observe");
    stream.send({ name: Buffer.from(name) });
    stream.halfClose();
    this.#observations.push(stream);
  }

  /** The last that each observation tells: those before may have been passed over. */
  get observed(): string[] {
    return this.#observations.map(({ received }) => comparable(received.at(-1)?.["kv"] ?? null));
  }

  get state(): string {
    return JSON.stringify([this.answers, this.observed]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#observations) {
      stream[Symbol.dispose]();
    }
    this.client[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function comparable(outcome: unknown): string {
  return JSON.stringify(outcome, (name, value: unknown) =>
    name === "cluster_id" || name === "member_id" || name === "raft_term" ? "-" : value,
  );
}

/** Waits until both have answered what can be answered, and compares. */
async function bothSettle(
  sides: readonly [Side, Side],
  answerable: ReadonlySet<number>,
  what: string,
): Promise<void> {
  const [left, right] = sides;
  const until = performance.now() + SETTLE_MS;
  const isAnswered = ({ answers }: Side): boolean =>
    [...answerable].every((place) => answers[place] !== null);
  while (performance.now() < until) {
    if (left.state === right.state && isAnswered(left) && isAnswered(right)) {
      break;
    }
    await sleep(2);
  }
  for (const [place, answer] of left.answers.entries()) {
    assert.equal(right.answers[place], answer, `call ${place} after ${what}`);
    assert.ok(answer !== null || !answerable.has(place), `call ${place} after ${what}`);
  }
  assert.deepEqual(right.observed, left.observed, what);
}

class ScriptMaker {
  readonly #random: SeededRandom;
  /** Who stands in each line, in order: so that no lease ends that waits (there we differ from 3.4, as 3.6 does). */
  readonly #lines = new Map<string, string[]>();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** The next operation; null if what was drawn makes no sense now. */
  next(): Step | null {
    const random = this.#random;
    const name = random.pick(NAMES);
    const lease = random.pick(LEASES);
    const line = this.#line(name);
    // A second call of who waits already changes nothing that could be waited for.
    const isWaiting = line.includes(lease) && line[0] !== lease;
    const key = Buffer.from(`${name}/${BigInt(lease).toString(16)}`);
    const value = Buffer.from(random.pick(["x", "y", ""]));
    const leader = { name: Buffer.from(name), key, rev: String(random.between(1, 30)), lease };
    return random.weighted<() => Step | null>([
      [
        5,
        () => {
          if (line.length > 3 || isWaiting) {
            return null;
          }
          this.#join(line, lease);
          const request = { name: Buffer.from(name), lease };
          return { path: "/v3lockpb.Lock/Lock", request, joins: { line, lease } };
        },
      ],
      [
        3,
        () => {
          if (line.length > 3 || isWaiting) {
            return null;
          }
          this.#join(line, lease);
          const request = { name: Buffer.from(name), lease, value };
          return { path: "/v3electionpb.Election/Campaign", request, joins: { line, lease } };
        },
      ],
      [
        6,
        () => {
          const first = line[0];
          if (first === undefined) {
            return null;
          }
          line.shift();
          const held = Buffer.from(`${name}/${BigInt(first).toString(16)}`);
          return { path: "/v3lockpb.Lock/Unlock", request: { key: held } };
        },
      ],
      [2, () => ({ path: "/v3electionpb.Election/Leader", request: { name: leader.name } })],
      [2, () => ({ path: "/v3electionpb.Election/Proclaim", request: { leader, value } })],
      // Of a place with another revision, which is nobody's.
      [
        1,
        () => ({
          path: "/v3electionpb.Election/Resign",
          request: { leader: { ...leader, rev: "1" } },
        }),
      ],
      [1, () => ({ path: "/v3electionpb.Election/Resign", request: {} })],
      [1, () => ({ path: "/v3electionpb.Election/Proclaim", request: { value } })],
      [1, () => ({ path: "/v3lockpb.Lock/Unlock", request: { key: Buffer.from("nothing") } })],
      [1, () => ({ path: "/v3lockpb.Lock/Unlock", request: {} })],
      [1, () => ({ path: "/v3lockpb.Lock/Lock", request: { name: leader.name, lease: "99" } })],
    ])();
  }

  /** What ends every line, first to last. */
  *ends(): Generator<Step> {
    for (const [name, line] of this.#lines) {
      while (line.length > 0) {
        const lease = line.shift() ?? "";
        const key = Buffer.from(`${name}/${BigInt(lease).toString(16)}`);
        yield { path: "/v3lockpb.Lock/Unlock", request: { key } };
      }
    }
  }

  #line(name: string): string[] {
    const line = this.#lines.get(name) ?? [];
    this.#lines.set(name, line);
    return line;
  }

  #join(line: string[], lease: string): void {
    if (!line.includes(lease)) {
      line.push(lease);
    }
  }
}

/** A script a seed, each on fresh servers; returns how many operations that were. Throws at the first difference. */
export async function runConcurrencySeeds(
  seeds: readonly number[],
  operationsEach: number,
): Promise<number> {
  let operations = 0;
  for (const seed of seeds) {
    await using etcd = new Side(await startEtcd());
    await using subject = new Side(await startSubject());
    const sides = [etcd, subject] as const;
    const waiting = new Map<number, NonNullable<Step["joins"]>>();
    const answerable = new Set<number>();
    const script = new ScriptMaker(seed);
    for (const lease of LEASES) {
      for (const { client } of sides) {
        await client.must("/etcdserverpb.Lease/LeaseGrant", { ID: lease, TTL: "1000" });
      }
    }
    const run = async (step: Step): Promise<void> => {
      for (const side of sides) {
        const place = side.start(step);
        await side.joined(step, place);
        if (step.joins === undefined) {
          answerable.add(place);
        } else {
          waiting.set(place, step.joins);
        }
      }
      for (const [place, { line, lease }] of waiting) {
        if (line[0] === lease) {
          waiting.delete(place);
          answerable.add(place);
        }
      }
      operations += 1;
      await bothSettle(sides, answerable, `seed ${seed}: ${step.path} ${comparable(step.request)}`);
    };
    for (let count = 0; count < operationsEach; count += 1) {
      const step = script.next();
      if (count % 50 === 10) {
        for (const side of sides) {
          side.observe("a");
        }
        // Nothing tells when an observation of nobody has begun.
        await sleep(OBSERVATION_BEGINS_MS);
      }
      if (step !== null) {
        await run(step);
      }
    }
    for (const step of script.ends()) {
      await run(step);
    }
    assert.ok(!etcd.answers.includes(null), "every call was answered in the end");
  }
  return operations;
}
