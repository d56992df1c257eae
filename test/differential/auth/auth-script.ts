// Random scripts of several users: administration, logins, and requests for keys that some may read or write. What 3.4 lets
// through and later versions do not is left out where it would leave the two servers in different states.
import type { Message } from "../../support/grpc-client.js";
import { SeededRandom } from "../../support/seeded-random.js";

/** "none" sends no token, "wrong" one that no server gave. */
export type User = "root" | "reader" | "writer" | "both" | "none" | "wrong";

export interface AuthOperation {
  readonly user: User;
  /** Such as "KV/Range"; "login" takes a new token for `user`, "watch" opens a watcher and takes the first answer. */
  readonly method: string;
  readonly request: Message;
}

export const PASSWORDS: Readonly<Record<string, string>> = {
  root: "secret",
  reader: "r",
  writer: "w",
  both: "b",
};
const loggedIn: readonly User[] = ["root", "reader", "writer", "both"];
const limited: readonly User[] = ["reader", "writer", "both"];
const everybody: readonly User[] = [...loggedIn, "none", "wrong"];

const keys = ["a", "b", "c", "d", "d/1", "e", "f", "g", "\xff"];
/** One range end for each key: with two, 3.4 changes the first when the second is granted again. */
const ranges: readonly (readonly [string, string])[] = [
  ["a", ""],
  ["b", "d"],
  ["c", "e"],
  ["d", ""],
  ["d/", "d0"],
  ["e", "g"],
  ["g", "\0"],
];
const roles = ["r1", "r2", "r3", "root"];
const leases = ["11", "12", "13"];
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

/** Users and roles, and auth on. */
export const setUp: readonly AuthOperation[] = [
  ...Object.entries(PASSWORDS).map(([name, password]) => admin("UserAdd", { name, password })),
  ...roles.map((name) => admin("RoleAdd", { name })),
  admin("UserGrantRole", { user: "root", role: "root" }),
  grant("r1", 0, "b", "d"),
  grant("r1", 0, "c", "e"),
  grant("r2", 1, "b", "d"),
  grant("r2", 1, "a", ""),
  grant("r3", 2, "e", "g"),
  admin("UserGrantRole", { user: "reader", role: "r1" }),
  admin("UserGrantRole", { user: "writer", role: "r2" }),
  admin("UserGrantRole", { user: "both", role: "r1" }),
  admin("UserGrantRole", { user: "both", role: "r3" }),
  admin("AuthEnable", {}),
  ...loggedIn.map((user): AuthOperation => ({ user, method: "login", request: {} })),
];

function admin(method: string, request: Message, user: User = "root"): AuthOperation {
  return { user, method: `Auth/${method}`, request };
}

function grant(role: string, permType: number, key: string, end: string): AuthOperation {
  return admin("RoleGrantPermission", {
    name: role,
    perm: { permType, key: bytes(key), range_end: bytes(end) },
  });
}

export function generateAuthScript(seed: number, length: number): AuthOperation[] {
  const random = new SeededRandom(seed);
  const script = [...setUp];
  while (script.length < length) {
    script.push(...step(random));
  }
  return script;
}

function step(random: SeededRandom): readonly AuthOperation[] {
  return random.weighted<() => readonly AuthOperation[]>([
    [24, () => [keyRead(random)]],
    [16, () => [put(random)]],
    [8, () => [deleteRange(random)]],
    [12, () => [txn(random)]],
    [8, () => [watch(random)]],
    [10, () => [leaseCall(random)]],
    [3, () => [other(random)]],
    [14, () => [administration(random)]],
    [4, () => [question(random)]],
    [4, () => logins(random)],
    [1, () => offAndOn()],
  ])();
}

/** An empty range end is not sent: etcd takes one that is there for an open end. */
function anyRange(random: SeededRandom): Message {
  const first = random.pick(keys);
  if (random.chance(0.5)) {
    return { key: bytes(first) };
  }
  if (random.chance(0.2)) {
    return { key: bytes(random.chance(0.3) ? "\0" : first), range_end: bytes("\0") };
  }
  const second = random.pick(keys);
  // Empty ranges are left out: whether they take a permission is nobody's question.
  return first < second ? { key: bytes(first), range_end: bytes(second) } : { key: bytes(first) };
}

function keyRead(random: SeededRandom): AuthOperation {
  const more = random.pick<Message>([{}, { serializable: true }, { count_only: true }]);
  return {
    user: random.pick(everybody),
    method: "KV/Range",
    request: { ...anyRange(random), ...more },
  };
}

function put(random: SeededRandom): AuthOperation {
  return {
    user: random.pick(everybody),
    method: "KV/Put",
    request: {
      key: bytes(random.pick(keys)),
      value: bytes(`v${random.below(100)}`),
      prev_kv: random.chance(0.2),
      ...(random.chance(0.2) ? { lease: random.pick(leases) } : {}),
    },
  };
}

function deleteRange(random: SeededRandom): AuthOperation {
  return {
    user: random.pick(everybody),
    method: "KV/DeleteRange",
    request: { ...anyRange(random), prev_kv: random.chance(0.3) },
  };
}

/** Of all but root without what 3.4 does not look at: nested transactions, and of puts the previous row and the lease. */
function txn(random: SeededRandom): AuthOperation {
  const user = random.pick(everybody);
  const operation = (depth: number): Message =>
    random.weighted<() => Message>([
      [3, () => ({ request_range: anyRange(random) })],
      [
        3,
        () => ({
          request_put: {
            key: bytes(random.pick(keys)),
            value: bytes("t"),
            prev_kv: user === "root" && random.chance(0.3),
          },
        }),
      ],
      [1, () => ({ request_delete_range: { ...anyRange(random), prev_kv: random.chance(0.3) } })],
      [
        user === "root" && depth === 0 ? 1 : 0,
        () => ({ request_txn: { success: [operation(1)] } }),
      ],
    ])();
  return {
    user,
    method: "KV/Txn",
    request: {
      compare: random.list(2, () => ({ ...anyRange(random), target: 0, result: 1, version: "0" })),
      success: random.list(2, () => operation(0)),
      failure: random.list(2, () => operation(0)),
    },
  };
}

/** An open end is left out: 3.4 takes it for one key. */
function watch(random: SeededRandom): AuthOperation {
  const { key, range_end: end } = anyRange(random);
  const isOpen = Buffer.isBuffer(end) && end.equals(bytes("\0"));
  return {
    user: random.pick(everybody),
    method: "watch",
    request: end === undefined || isOpen ? { key } : { key, range_end: end },
  };
}

function leaseCall(random: SeededRandom): AuthOperation {
  const ID = random.pick(leases);
  return random.weighted<() => AuthOperation>([
    // Who sends no token may grant and revoke with 3.4.
    [
      3,
      () => ({
        user: random.pick([...loggedIn, "wrong"] as const),
        method: "Lease/LeaseGrant",
        request: { ID, TTL: "1000" },
      }),
    ],
    [
      2,
      () => ({
        user: random.pick([...loggedIn, "wrong"] as const),
        method: "Lease/LeaseRevoke",
        request: { ID },
      }),
    ],
    [
      2,
      () => ({
        user: random.pick(everybody),
        method: "Lease/LeaseTimeToLive",
        request: { ID, keys: random.chance(0.5) },
      }),
    ],
    [1, () => ({ user: random.pick(everybody), method: "Lease/LeaseLeases", request: {} })],
  ])();
}

function other(random: SeededRandom): AuthOperation {
  return random.pick([
    () => ({ user: random.pick(everybody), method: "Cluster/MemberList", request: {} }),
    () => ({ user: random.pick(everybody), method: "Auth/AuthStatus", request: {} }),
    () => ({
      user: "root" as const,
      method: "KV/Compact",
      request: { revision: `${random.below(40)}` },
    }),
  ])();
}

function administration(random: SeededRandom): AuthOperation {
  const user: User = random.chance(0.6) ? "root" : random.pick(everybody);
  const name = random.pick(["extra", "reader", "writer", "nobody"]);
  const role = random.pick([...roles, "r4", "missing"]);
  const [key, end] = random.pick(ranges);
  return random.weighted<() => AuthOperation>([
    [2, () => admin("UserGrantRole", { user: random.pick([...limited, "extra"]), role }, user)],
    [2, () => admin("UserRevokeRole", { name: random.pick([...limited, "root"]), role }, user)],
    [
      1,
      () => admin("UserAdd", { name: random.pick(["extra", "", "reader"]), password: "x" }, user),
    ],
    [1, () => admin("UserAdd", { name: "cn", options: { no_password: true } }, user)],
    [1, () => admin("UserDelete", { name: random.pick(["extra", "cn", "root", "nobody"]) }, user)],
    [
      1,
      () =>
        admin(
          "UserChangePassword",
          { name: random.pick(["extra", "nobody"]), password: "y" },
          user,
        ),
    ],
    [1, () => admin("RoleAdd", { name: random.pick(["r4", "", "r1"]) }, user)],
    [1, () => admin("RoleDelete", { role: random.pick(["r4", "missing", "root"]) }, user)],
    [
      4,
      () =>
        admin(
          "RoleGrantPermission",
          {
            name: role,
            perm: { permType: random.below(3), key: bytes(key), range_end: bytes(end) },
          },
          user,
        ),
    ],
    [
      2,
      () => admin("RoleRevokePermission", { role, key: bytes(key), range_end: bytes(end) }, user),
    ],
    [1, () => admin("UserGet", { name }, user)],
  ])();
}

function question(random: SeededRandom): AuthOperation {
  const user = random.pick(everybody);
  return random.pick([
    () => admin("UserGet", { name: random.pick([...limited, "root", "nobody"]) }, user),
    () => admin("RoleGet", { role: random.pick([...roles, "missing"]) }, user),
    () => admin("UserList", {}, user),
    () => admin("RoleList", {}, user),
    () => admin("AuthEnable", {}, user),
  ])();
}

/** A wrong password first at times: ours makes who guesses wait, but not after one. */
function logins(random: SeededRandom): readonly AuthOperation[] {
  const user = random.pick(loggedIn);
  const wrong = admin("Authenticate", { name: random.pick([user, "nobody"]), password: "wrong" });
  const login: AuthOperation = { user, method: "login", request: {} };
  const rights = random.chance(0.3)
    ? [{ ...wrong, request: { name: user, password: "wrong" } }]
    : [];
  return [...rights, login];
}

/** Tokens of before are void; nobody needs one in between. */
function offAndOn(): readonly AuthOperation[] {
  return [
    { user: "root", method: "login", request: {} },
    admin("AuthDisable", {}),
    { user: "none", method: "KV/Range", request: { key: bytes("a"), range_end: bytes("\0") } },
    admin("Authenticate", { name: "root", password: PASSWORDS["root"] }),
    // Without a token: 3.4 refuses a void one even while auth is off.
    admin("AuthEnable", {}, "none"),
    { user: "reader", method: "KV/Range", request: { key: bytes("b") } },
    ...loggedIn.map((user): AuthOperation => ({ user, method: "login", request: {} })),
  ];
}
