// node build/bench/auth.js: what auth costs a request, as CPU time of this process. Range and Put go from their bytes to the
// answer's through the services and a node in memory, without a transport: off and on take turns, the least of each counts.
// 100 users with a role each, 1,000 permissions; every request comes with one of 100 tokens.
import { parseArgs } from "node:util";
import type { AuthChange } from "../src/core/auth/auth-change.js";
import { createServices } from "../src/etcd/services.js";
import * as rpc from "../src/etcd/gen/rpc.js";
import { openNode } from "../src/node/open-node.js";
import type { Node } from "../src/node/node.js";
import type { Passwords } from "../src/runtime/credentials/passwords.js";
import { systemClock } from "../src/runtime/system-clock.js";
import { systemRandom } from "../src/runtime/system-random.js";
import { systemRuntime } from "../src/runtime/system-runtime.js";
import type { GrpcStatus, HeaderMemo, UnaryCall, UnaryHandler } from "../src/transport/service.js";

const USERS = 100;
const PERMISSIONS_PER_ROLE = 10;
const KEYS = 1_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "150" },
    calls: { type: "string", default: "20000" },
  },
});

/** Passwords that take no time: they are not what is measured. */
const passwords: Passwords = {
  hash: async (password) => Promise.resolve(password),
  verify: async (password, hash) => Promise.resolve(hash === password),
  close: async () => Promise.resolve(),
};

interface Field {
  readonly name: string;
  readonly value: string;
}

/** The header fields of a Go client, as the transport keeps them. */
const FIELDS: readonly Field[] = [
  { name: ":method", value: "POST" },
  { name: ":scheme", value: "http" },
  { name: ":path", value: "/etcdserverpb.KV/Range" },
  { name: ":authority", value: "127.0.0.1:3379" },
  { name: "content-type", value: "application/grpc" },
  { name: "user-agent", value: "grpc-go/1.60.0" },
  { name: "te", value: "trailers" },
];

/** As the transport's: metadata is looked for in the fields. */
class BenchCall implements UnaryCall {
  readonly peer = "127.0.0.1:1";
  readonly peerCommonName = undefined;
  readonly cancelled = false;
  readonly output: Uint8Array = new Uint8Array(4096);
  readonly memo: HeaderMemo = { value: null };
  readonly #fields: readonly Field[];
  answered = 0;
  bytes = 0;

  constructor(token: string | null) {
    this.#fields = token === null ? FIELDS : [...FIELDS, { name: "token", value: token }];
  }

  metadata(name: string): string | undefined {
    for (const field of this.#fields) {
      if (field.name === name) {
        return field.value;
      }
    }
    return undefined;
  }

  onCancel(): void {
    // Nobody cancels.
  }

  reply(messageBytes: number): number {
    this.answered += 1;
    this.bytes = messageBytes;
    return 0;
  }

  fail(status: GrpcStatus, message: string): void {
    throw new Error(`failed with ${status} ${message}`);
  }
}

async function propose(node: Node, change: AuthChange): Promise<void> {
  return new Promise((resolve, reject) => {
    node.propose({ kind: "auth", change }, (error) => {
      if (error === null) {
        resolve();
      } else {
        reject(error);
      }
    });
  });
}

const number = (value: number): string => String(value).padStart(3, "0");
const keyOf = (at: number): string => `key/${number(at % USERS)}/${number(at)}`;

function encode<Message>(
  size: (message: Message) => number,
  write: (target: Uint8Array, at: number, message: Message) => number,
  message: Message,
): Uint8Array {
  const bytes = new Uint8Array(size(message));
  write(bytes, 0, message);
  return bytes;
}

async function setUp(node: Node): Promise<void> {
  await propose(node, {
    kind: "user-add",
    user: "root",
    passwordHash: "secret",
    hasNoPassword: false,
  });
  await propose(node, { kind: "user-grant", user: "root", role: "root" });
  for (let at = 0; at < USERS; at += 1) {
    const user = `user-${number(at)}`;
    const role = `role-${number(at)}`;
    await propose(node, { kind: "user-add", user, passwordHash: "secret", hasNoPassword: false });
    await propose(node, { kind: "role-add", role });
    for (let part = 0; part < PERMISSIONS_PER_ROLE; part += 1) {
      const key = `key/${number(at)}/${part}`;
      const permission = {
        kind: "readwrite",
        key,
        rangeEnd: `key/${number(at)}/${part}~`,
      } as const;
      await propose(node, { kind: "role-grant", role, permission });
    }
    await propose(node, { kind: "user-grant", user, role });
  }
  await propose(node, { kind: "enable" });
}

const node = await openNode({ dataDirectory: null, nodeId: null }, systemRuntime());
const { methods } = createServices({
  node,
  clock: systemClock,
  random: systemRandom,
  members: () => [],
  auth: { passwords },
});

function handlerOf(path: string): UnaryHandler {
  const method = methods.get(path);
  if (method?.kind !== "unary") {
    throw new Error(`${path} is not served`);
  }
  return method.handle;
}

async function settled(call: BenchCall, answers: number): Promise<void> {
  while (call.answered < answers) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

async function login(user: string): Promise<string> {
  const call = new BenchCall(null);
  const request = encode(rpc.sizeAuthenticateRequest, rpc.writeAuthenticateRequest, {
    name: user,
    password: "secret",
  });
  handlerOf("/etcdserverpb.Auth/Authenticate")(call, request, 0, request.length);
  await settled(call, 1);
  return rpc.decodeAuthenticateResponse(call.output, 0, call.bytes).token;
}

const ranges = Array.from({ length: KEYS }, (_, at) =>
  encode(rpc.sizeRangeRequest, rpc.writeRangeRequest, {
    ...rpc.emptyRangeRequest(),
    key: keyOf(at),
  }),
);
const puts = Array.from({ length: KEYS }, (_, at) =>
  encode(rpc.sizePutRequest, rpc.writePutRequest, {
    ...rpc.emptyPutRequest(),
    key: keyOf(at),
    value: new Uint8Array(256),
  }),
);

/** Microseconds of CPU for each call. */
async function measure(
  handle: UnaryHandler,
  requests: readonly Uint8Array[],
  calls: readonly BenchCall[],
  count: number,
): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count;) {
    // As much as a turn of the event loop may bring.
    for (let inTurn = 0; inTurn < 100 && done < count; inTurn += 1, done += 1) {
      const at = done % KEYS;
      const request = requests[at]!;
      handle(calls[at % USERS]!, request, 0, request.length);
    }
    await Promise.resolve();
  }
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  const used = process.cpuUsage(before);
  return (used.user + used.system) / count;
}

const anonymous = Array.from({ length: USERS }, () => new BenchCall(null));
const range = handlerOf("/etcdserverpb.KV/Range");
const put = handlerOf("/etcdserverpb.KV/Put");
await measure(put, puts, anonymous, KEYS);
await setUp(node);

/** Switches auth on or off, and resolves to the calls that are let through then. Switching it off ends all tokens. */
async function callersWith(isOn: boolean): Promise<readonly BenchCall[]> {
  await propose(node, { kind: isOn ? "enable" : "disable" });
  if (!isOn) {
    return anonymous;
  }
  const calls: BenchCall[] = [];
  for (let at = 0; at < USERS; at += 1) {
    calls.push(new BenchCall(await login(`user-${number(at)}`)));
  }
  return calls;
}

async function compact(): Promise<void> {
  return new Promise((resolve) => {
    node.propose({ kind: "compact", revision: node.revision }, () => {
      resolve();
    });
  });
}

const work = [
  { name: "Range", handle: range, requests: ranges, calls: Number(options.calls) },
  { name: "Put", handle: put, requests: puts, calls: Number(options.calls) / 4 },
];
for (const { name, handle, requests, calls } of work) {
  const least = { off: Infinity, on: Infinity };
  for (let round = 0; round < Number(options.rounds); round += 1) {
    // The one that comes later meets a larger store.
    for (const isOn of round % 2 === 0 ? [false, true] : [true, false]) {
      const which = isOn ? "on" : "off";
      const callers = await callersWith(isOn);
      // The first call of each user after a change finds out what it may do.
      await measure(handle, requests, callers, KEYS);
      least[which] = Math.min(least[which], await measure(handle, requests, callers, calls));
    }
    await compact();
  }
  const cost = least.on - least.off;
  console.log(
    `${name}: ${least.off.toFixed(3)} µs without auth, ${least.on.toFixed(3)} µs with: ${cost.toFixed(3)} µs for each call`,
  );
}
await node.close();
