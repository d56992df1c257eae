// Auth as clients meet it: the Auth service, tokens, and what each method of the port lets through.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  encodeWith,
  plainPasswords,
  ServiceHarness,
  TestUnaryCall,
  type TestCodec,
} from "../../../test/support/service-harness.js";
import * as auth from "../gen/auth.js";
import * as rpc from "../gen/rpc.js";
import * as election from "../gen/v3election.js";
import { METHOD_POLICIES } from "./method-policies.js";

type Headers = Readonly<Record<string, string>>;

const KV = "/etcdserverpb.KV/";
const AUTH = "/etcdserverpb.Auth/";
const LEASE = "/etcdserverpb.Lease/";

const USER_EMPTY = "3 etcdserver: user name is empty";
const DENIED = "7 etcdserver: permission denied";
const INVALID_TOKEN = "16 etcdserver: invalid auth token";
const LOGIN_FAILED = "3 etcdserver: authentication failed, invalid user ID or password";

const codec = <Message>(
  size: TestCodec<Message>["size"],
  write: TestCodec<Message>["write"],
): TestCodec<Message> => ({ size, write });
const rangeCodec = codec(rpc.sizeRangeRequest, rpc.writeRangeRequest);
const putCodec = codec(rpc.sizePutRequest, rpc.writePutRequest);
const deleteCodec = codec(rpc.sizeDeleteRangeRequest, rpc.writeDeleteRangeRequest);
const txnCodec = codec(rpc.sizeTxnRequest, rpc.writeTxnRequest);
const nameCodec = codec(rpc.sizeAuthUserGetRequest, rpc.writeAuthUserGetRequest);
const userAddCodec = codec(rpc.sizeAuthUserAddRequest, rpc.writeAuthUserAddRequest);
const passwordCodec = codec(
  rpc.sizeAuthUserChangePasswordRequest,
  rpc.writeAuthUserChangePasswordRequest,
);
const grantRoleCodec = codec(rpc.sizeAuthUserGrantRoleRequest, rpc.writeAuthUserGrantRoleRequest);
const grantCodec = codec(
  rpc.sizeAuthRoleGrantPermissionRequest,
  rpc.writeAuthRoleGrantPermissionRequest,
);
const loginCodec = codec(rpc.sizeAuthenticateRequest, rpc.writeAuthenticateRequest);
const leaseGrantCodec = codec(rpc.sizeLeaseGrantRequest, rpc.writeLeaseGrantRequest);
const leaseIdCodec = codec(rpc.sizeLeaseRevokeRequest, rpc.writeLeaseRevokeRequest);
const timeToLiveCodec = codec(rpc.sizeLeaseTimeToLiveRequest, rpc.writeLeaseTimeToLiveRequest);
const watchCodec = codec(rpc.sizeWatchRequest, rpc.writeWatchRequest);
const campaignCodec = codec(election.sizeCampaignRequest, election.writeCampaignRequest);
const proclaimCodec = codec(election.sizeProclaimRequest, election.writeProclaimRequest);
const empty = new Uint8Array(0);

const range = (key: string, rangeEnd = ""): rpc.RangeRequest => ({
  ...rpc.emptyRangeRequest(),
  key,
  rangeEnd,
});
const put = (key: string, more: Partial<rpc.PutRequest> = {}): rpc.PutRequest => ({
  ...rpc.emptyPutRequest(),
  key,
  ...more,
});

/** A server with auth on: root, and a user "u" with a role "r". */
class AuthHarness extends ServiceHarness {
  root: Headers = {};
  user: Headers = {};

  async answer<Message>(
    path: string,
    request: { readonly codec: TestCodec<Message>; readonly message: Message } | Uint8Array,
    headers: Headers = {},
  ): Promise<string> {
    const bytes =
      request instanceof Uint8Array ? request : encodeWith(request.codec, request.message);
    const call = await this.call(path, bytes, headers);
    return call.status === 0 ? "ok" : `${call.status} ${call.text}`;
  }

  async get(key: string, headers: Headers, rangeEnd = ""): Promise<string> {
    return this.answer(`${KV}Range`, { codec: rangeCodec, message: range(key, rangeEnd) }, headers);
  }

  async put(request: rpc.PutRequest, headers: Headers): Promise<string> {
    return this.answer(`${KV}Put`, { codec: putCodec, message: request }, headers);
  }

  async txn(request: Partial<rpc.TxnRequest>, headers: Headers): Promise<string> {
    const message = { ...rpc.emptyTxnRequest(), ...request };
    return this.answer(`${KV}Txn`, { codec: txnCodec, message }, headers);
  }

  async addUser(name: string, password: string, headers: Headers = {}): Promise<string> {
    const message = { ...rpc.emptyAuthUserAddRequest(), name, password };
    return this.answer(`${AUTH}UserAdd`, { codec: userAddCodec, message }, headers);
  }

  async grantRole(user: string, role: string, headers: Headers = {}): Promise<string> {
    return this.answer(
      `${AUTH}UserGrantRole`,
      { codec: grantRoleCodec, message: { user, role } },
      headers,
    );
  }

  async grant(
    role: string,
    permType: number,
    key: string,
    rangeEnd = "",
    headers: Headers = this.root,
  ): Promise<string> {
    const message = { name: role, perm: { permType, key, rangeEnd } };
    return this.answer(`${AUTH}RoleGrantPermission`, { codec: grantCodec, message }, headers);
  }

  async named(method: string, name: string, headers: Headers = {}): Promise<string> {
    return this.answer(`${AUTH}${method}`, { codec: nameCodec, message: { name } }, headers);
  }

  async login(name: string, password: string): Promise<{ answer: string; headers: Headers }> {
    const call = await this.call(`${AUTH}Authenticate`, encodeWith(loginCodec, { name, password }));
    if (call.status !== 0) {
      return { answer: `${call.status} ${call.text}`, headers: {} };
    }
    const { token } = rpc.decodeAuthenticateResponse(call.message, 0, call.message.length);
    return { answer: "ok", headers: { token } };
  }

  async setUp(): Promise<this> {
    assert.equal(await this.addUser("root", "secret"), "ok");
    assert.equal(await this.grantRole("root", "root"), "ok");
    assert.equal(await this.addUser("u", "pw"), "ok");
    assert.equal(await this.named("RoleAdd", "r"), "ok");
    assert.equal(await this.grantRole("u", "r"), "ok");
    assert.equal(await this.answer(`${AUTH}AuthEnable`, empty), "ok");
    this.root = (await this.login("root", "secret")).headers;
    this.user = (await this.login("u", "pw")).headers;
    return this;
  }
}

suite("switching on and off", () => {
  test("takes a user root with the role root, and root to switch off", async () => {
    const harness = new AuthHarness();
    const enable = async (headers: Headers = {}): Promise<string> =>
      harness.answer(`${AUTH}AuthEnable`, empty, headers);
    assert.equal(await enable(), "9 etcdserver: root user does not exist");
    await harness.addUser("root", "secret");
    assert.equal(await enable(), "9 etcdserver: root user does not have root role");
    await harness.grantRole("root", "root");
    assert.equal(
      (await harness.login("root", "secret")).answer,
      "9 etcdserver: authentication is not enabled",
    );
    assert.equal(await enable(), "ok");
    assert.equal(await enable(), USER_EMPTY);
    const { headers } = await harness.login("root", "secret");
    assert.match(headers["token"] ?? "", /^[a-zA-Z]{16}\.\d+$/);
    assert.equal(await enable(headers), "ok");
    assert.equal(await harness.answer(`${AUTH}AuthDisable`, empty), USER_EMPTY);
    assert.equal(await harness.answer(`${AUTH}AuthDisable`, empty, headers), "ok");
    assert.equal(await harness.get("k", {}), "ok");
    await enable();
    assert.equal(await harness.get("k", headers), INVALID_TOKEN, "tokens of before are void");
  });
});

suite("logging in", () => {
  test("a wrong password and an unknown user fail alike; nobody logs in without a password", async () => {
    const harness = await new AuthHarness().setUp();
    assert.equal((await harness.login("u", "wrong")).answer, LOGIN_FAILED);
    assert.equal((await harness.login("nobody", "pw")).answer, LOGIN_FAILED);
    const message = { ...rpc.emptyAuthUserAddRequest(), name: "cn", options: { noPassword: true } };
    await harness.answer(`${AUTH}UserAdd`, { codec: userAddCodec, message }, harness.root);
    assert.equal(
      (await harness.login("cn", "")).answer,
      "2 auth: authentication failed, password was given for no password user",
    );
  });

  test("after five wrong passwords the next must wait, from this address, and not for long", async () => {
    const harness = await new AuthHarness().setUp();
    for (let count = 0; count < 5; count += 1) {
      assert.equal((await harness.login("u", "wrong")).answer, LOGIN_FAILED);
    }
    const paused = "8 etcdserver: too many requests";
    assert.equal((await harness.login("u", "pw")).answer, paused);
    assert.equal((await harness.login("root", "secret")).answer, "ok", "another user");
    const elsewhere = new TestUnaryCall();
    Object.assign(elsewhere, { peer: "10.0.0.2:5" });
    harness.start(
      `${AUTH}Authenticate`,
      encodeWith(loginCodec, { name: "u", password: "pw" }),
      elsewhere,
    );
    for (let turn = 0; elsewhere.status === null && turn < 20; turn += 1) {
      harness.clock.settle();
      await Promise.resolve();
    }
    assert.equal(elsewhere.status, 0, "the same user from another address");
    harness.clock.advance(1_000);
    assert.equal((await harness.login("u", "pw")).answer, "ok");
  });

  test("a password of more than 72 bytes is refused, not cut", async () => {
    const harness = await new AuthHarness().setUp();
    assert.equal(
      await harness.addUser("long", "\u00e9".repeat(37), harness.root),
      "2 bcrypt: password length exceeds 72 bytes",
    );
    assert.equal(await harness.addUser("long", "\u00e9".repeat(36), harness.root), "ok");
    assert.equal((await harness.login("long", "\u00e9".repeat(36))).answer, "ok");
  });

  test("a password that nobody can have is not passed on, and takes as long to be refused", async () => {
    const checked: string[] = [];
    const verify = async (password: string, hash: string): Promise<boolean> => {
      checked.push(password);
      return plainPasswords.verify(password, hash);
    };
    const passwords = { ...plainPasswords, verify };
    const harness = await new AuthHarness({ auth: { passwords } }).setUp();
    assert.equal(await harness.addUser("without", "", harness.root), "ok");
    checked.length = 0;
    assert.equal((await harness.login("without", "x".repeat(73))).answer, LOGIN_FAILED);
    assert.equal((await harness.login("nobody", "x".repeat(60_000))).answer, LOGIN_FAILED);
    assert.deepEqual(checked, ["", ""]);
    assert.equal((await harness.login("without", "")).answer, "ok");
    const tooLarge = "3 etcdserver: request is too large";
    assert.equal((await harness.login("x".repeat(70_000), "")).answer, tooLarge);
  });
});

suite("tokens", () => {
  test("none, a false one and a good one; with or without Bearer, in either header", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 0, "k");
    const token = harness.user["token"] ?? "";
    assert.equal(await harness.get("k", {}), USER_EMPTY);
    assert.equal(await harness.get("k", { token: "abcdefghijklmnop.7" }), INVALID_TOKEN);
    assert.equal(await harness.get("k", { token: "" }), INVALID_TOKEN);
    assert.equal(await harness.get("k", { token }), "ok");
    assert.equal(await harness.get("k", { authorization: token }), "ok");
    assert.equal(await harness.get("k", { authorization: `Bearer ${token}` }), "ok");
    assert.equal(await harness.get("l", { token }), DENIED);
  });

  test("live while they are used, and 300 s longer", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 0, "k");
    for (let minute = 0; minute < 20; minute += 1) {
      harness.clock.advance(60_000);
      assert.equal(await harness.get("k", harness.user), "ok");
    }
    assert.equal(harness.services.auth.tokens, 1, "root's was not used");
    assert.equal(await harness.get("k", harness.root), INVALID_TOKEN);
    harness.clock.advance(303_000);
    assert.equal(await harness.get("k", harness.user), INVALID_TOKEN);
    assert.equal(harness.services.auth.tokens, 0);
  });

  test("survive changes of others, and end with their user's password or their user", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 0, "k");
    await harness.addUser("other", "x", harness.root);
    assert.equal(await harness.get("k", harness.user), "ok");
    const change = { ...rpc.emptyAuthUserChangePasswordRequest(), name: "u", password: "new" };
    assert.equal(
      await harness.answer(
        `${AUTH}UserChangePassword`,
        { codec: passwordCodec, message: change },
        harness.root,
      ),
      "ok",
    );
    assert.equal(await harness.get("k", harness.user), INVALID_TOKEN);
    assert.equal((await harness.login("u", "pw")).answer, LOGIN_FAILED);
    const { headers } = await harness.login("u", "new");
    assert.equal(await harness.get("k", headers), "ok");
    await harness.named("UserDelete", "u", harness.root);
    assert.equal(await harness.get("k", headers), INVALID_TOKEN);
    await harness.addUser("u", "new", harness.root);
    assert.equal(await harness.get("k", headers), INVALID_TOKEN, "another user of that name");
  });

  test("a certificate's name is the user where there is no token, and only there", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 0, "k");
    const asked = async (key: string, name: string, headers: Headers): Promise<string> => {
      const call = new TestUnaryCall(headers);
      Object.assign(call, { peerCommonName: name });
      harness.start(`${KV}Range`, encodeWith(rangeCodec, range(key)), call);
      return Promise.resolve(call.status === 0 ? "ok" : `${call.status} ${call.text}`);
    };
    assert.equal(await asked("k", "u", {}), "ok");
    assert.equal(await asked("l", "u", {}), DENIED);
    assert.equal(await asked("l", "root", {}), "ok");
    assert.equal(await asked("k", "nobody", {}), DENIED);
    assert.equal(await asked("k", "", {}), USER_EMPTY);
    assert.equal(await asked("k", "root", { token: "false.1" }), INVALID_TOKEN);
    assert.equal(await asked("l", "root", harness.user), DENIED);
  });
});

suite("users and roles", () => {
  test("are listed and shown; a user sees itself and its own roles, and no more", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.named("RoleAdd", "other", harness.root);
    await harness.grant("r", 2, "m", "n");
    await harness.grant("r", 0, "a", "\0");
    assert.equal(await harness.named("UserGet", "u", harness.user), "ok");
    assert.equal(await harness.named("UserGet", "root", harness.user), DENIED);
    assert.equal(await harness.named("UserGet", "u"), USER_EMPTY);
    assert.equal(
      await harness.named("UserGet", "x", harness.root),
      "9 etcdserver: user name not found",
    );
    assert.equal(await harness.named("RoleGet", "r", harness.user), "ok");
    assert.equal(await harness.named("RoleGet", "other", harness.user), DENIED);
    assert.equal(
      await harness.named("RoleGet", "x", harness.root),
      "9 etcdserver: role name not found",
    );
    const users = await harness.call(`${AUTH}UserList`, empty, harness.root);
    const list = rpc.decodeAuthUserListResponse(users.message, 0, users.message.length);
    assert.deepEqual([list.users, list.header?.revision], [["root", "u"], 1]);
    const role = await harness.call(
      `${AUTH}RoleGet`,
      encodeWith(nameCodec, { name: "r" }),
      harness.user,
    );
    assert.deepEqual(rpc.decodeAuthRoleGetResponse(role.message, 0, role.message.length).perm, [
      { permType: auth.PermissionType.READ, key: "a", rangeEnd: "\0" },
      { permType: auth.PermissionType.READWRITE, key: "m", rangeEnd: "n" },
    ]);
    const status = await harness.call(`${AUTH}AuthStatus`, empty, harness.root);
    const { enabled, authRevision } = rpc.decodeAuthStatusResponse(
      status.message,
      0,
      status.message.length,
    );
    assert.deepEqual([enabled, authRevision], [true, 9]);
  });

  test("what cannot be changed is refused in etcd's words", async () => {
    const harness = await new AuthHarness().setUp();
    const { root } = harness;
    assert.equal(await harness.addUser("", "x", root), USER_EMPTY);
    assert.equal(await harness.addUser("u", "x", root), "9 etcdserver: user name already exists");
    assert.equal(await harness.named("RoleAdd", "", root), "3 etcdserver: role name is empty");
    assert.equal(
      await harness.named("RoleAdd", "r", root),
      "9 etcdserver: role name already exists",
    );
    assert.equal(await harness.grantRole("u", "x", root), "9 etcdserver: role name not found");
    assert.equal(await harness.grantRole("x", "r", root), "9 etcdserver: user name not found");
    assert.equal(
      await harness.named("UserDelete", "root", root),
      "3 etcdserver: invalid auth management",
    );
    assert.equal(await harness.grant("r", 0, "b", "a"), "3 etcdserver: invalid auth management");
    assert.equal(await harness.grant("r", 0, "", "\0"), "3 etcdserver: invalid auth management");
    assert.equal(await harness.grant("r", 9, "a"), "3 etcdserver: invalid auth management");
    const nothing = { name: "r", perm: null };
    assert.equal(
      await harness.answer(
        `${AUTH}RoleGrantPermission`,
        { codec: grantCodec, message: nothing },
        root,
      ),
      "3 etcdserver: permission not given",
    );
  });
});

suite("every method of the port", () => {
  const served = [...new ServiceHarness().services.methods.keys()];

  test("has a policy, and each policy for what is served is meant", () => {
    assert.deepEqual(
      served.filter((path) => !METHOD_POLICIES.has(path)),
      [],
      "give these a policy: without one they take root",
    );
  });

  test("but logging in and health is closed to who does not say who it is", async () => {
    const harness = await new AuthHarness().setUp();
    const open: string[] = [];
    for (const [path, method] of harness.services.methods) {
      if (method.kind === "unary") {
        // A key for those that ask for one: field 1 of all of them.
        const request = path.startsWith(KV) && !path.endsWith("Txn") && !path.endsWith("Compact");
        const answer = await harness.answer(path, request ? Uint8Array.of(0x0a, 1, 0x6b) : empty);
        if (answer !== USER_EMPTY) {
          open.push(path);
        }
      } else if (!path.startsWith("/etcdserverpb.Watch/")) {
        const { call, receiver } = harness.open(path);
        receiver.message(empty, 0, 0);
        if (`${call.status} ${call.text}` !== USER_EMPTY) {
          open.push(path);
        }
      }
    }
    assert.deepEqual(open.sort(), [
      "/etcdserverpb.Auth/Authenticate",
      // An empty transaction asks for nothing; etcd lets it pass too.
      "/etcdserverpb.KV/Txn",
      "/grpc.health.v1.Health/Check",
      "/grpc.health.v1.Health/Watch",
    ]);
  });

  test("that only root may call refuses a user that may read and write every key", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 2, "\0", "\0");
    for (const [path, method] of harness.services.methods) {
      if (METHOD_POLICIES.get(path) === "root" && method.kind === "unary") {
        assert.equal(await harness.answer(path, empty, harness.user), DENIED, path);
      }
      if (METHOD_POLICIES.get(path) === "user" && method.kind === "unary") {
        assert.notEqual(await harness.answer(path, empty, harness.user), DENIED, path);
      }
    }
  });
});

suite("holes that etcd has had", () => {
  test("a watch from a key on takes more than that key (GHSA-xg4h-6gfc-h4m8)", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 0, "k");
    const { call, receiver } = harness.open("/etcdserverpb.Watch/Watch", harness.user);
    const create = (key: string, rangeEnd: string): rpc.WatchResponse => {
      const request = {
        requestUnion: {
          kind: "createRequest" as const,
          value: { ...rpc.emptyWatchCreateRequest(), key, rangeEnd },
        },
      };
      const bytes = encodeWith(watchCodec, request);
      receiver.message(bytes, 0, bytes.length);
      const answer = call.sent.at(-1)!;
      return rpc.decodeWatchResponse(answer, 0, answer.length);
    };
    const shown = ({ watchId, created, canceled, cancelReason }: rpc.WatchResponse): unknown[] => [
      watchId,
      created,
      canceled,
      cancelReason,
    ];
    const denied = "rpc error: code = PermissionDenied desc = etcdserver: permission denied";
    assert.deepEqual(shown(create("k", "\0")), [-1n, true, true, denied]);
    assert.deepEqual(shown(create("k", "l")), [-1n, true, true, denied]);
    assert.deepEqual(shown(create("", "\0")), [-1n, true, true, denied]);
    assert.deepEqual(shown(create("k", "")), [0n, true, false, ""]);
    assert.equal(call.status, null, "the stream goes on");
  });

  test("compares and operations nested in transactions are authorised (CVE-2026-33343)", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 2, "mine");
    const nest = (inner: rpc.RequestOp, depth: number): rpc.RequestOp =>
      depth === 0
        ? inner
        : {
            request: {
              kind: "requestTxn",
              value: { ...rpc.emptyTxnRequest(), failure: [nest(inner, depth - 1)] },
            },
          };
    const reads = (key: string): rpc.RequestOp => ({
      request: { kind: "requestRange", value: range(key) },
    });
    const compares: rpc.RequestOp = {
      request: {
        kind: "requestTxn",
        value: {
          ...rpc.emptyTxnRequest(),
          compare: [{ ...rpc.emptyCompare(), key: "secret" }],
        },
      },
    };
    for (const depth of [0, 1, 2, 5]) {
      assert.equal(
        await harness.txn({ success: [nest(reads("mine"), depth)] }, harness.user),
        "ok",
      );
      assert.equal(
        await harness.txn({ success: [nest(reads("secret"), depth)] }, harness.user),
        DENIED,
      );
      assert.equal(await harness.txn({ failure: [nest(compares, depth)] }, harness.user), DENIED);
    }
    const removes: rpc.RequestOp = {
      request: { kind: "requestDeleteRange", value: { key: "a", rangeEnd: "\0", prevKv: false } },
    };
    assert.equal(await harness.txn({ success: [nest(removes, 2)] }, harness.user), DENIED);
  });

  test("a previous value is read, in transactions too (CVE-2026-44283)", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 1, "k");
    const bare = put("k");
    const telling = put("k", { prevKv: true });
    const inTxn = (request: rpc.PutRequest): Partial<rpc.TxnRequest> => ({
      success: [{ request: { kind: "requestPut", value: request } }],
    });
    assert.equal(await harness.put(bare, harness.user), "ok");
    assert.equal(await harness.put(telling, harness.user), DENIED);
    assert.equal(await harness.txn(inTxn(bare), harness.user), "ok");
    assert.equal(await harness.txn(inTxn(telling), harness.user), DENIED);
    const remove = { codec: deleteCodec, message: { key: "k", rangeEnd: "", prevKv: true } };
    assert.equal(await harness.answer(`${KV}DeleteRange`, remove, harness.user), DENIED);
  });

  test("a lease is kept from who may not write its keys (CVE-2026-33413, CVE-2023-32082)", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 2, "mine");
    const { user, root } = harness;
    const grant = { codec: leaseGrantCodec, message: { TTL: 60, ID: 7n } };
    assert.equal(await harness.answer(`${LEASE}LeaseGrant`, grant), USER_EMPTY);
    assert.equal(await harness.answer(`${LEASE}LeaseGrant`, grant, user), "ok");
    assert.equal(await harness.put(put("mine", { lease: 7n }), user), "ok");
    assert.equal(await harness.put(put("root's", { lease: 7n }), root), "ok");
    const again = put("mine", { lease: 7n });
    assert.equal(await harness.put(again, user), DENIED);
    assert.equal(
      await harness.txn({ success: [{ request: { kind: "requestPut", value: again } }] }, user),
      DENIED,
    );
    const revoke = { codec: leaseIdCodec, message: { ID: 7n } };
    assert.equal(await harness.answer(`${LEASE}LeaseRevoke`, revoke, user), DENIED);
    const keys = { codec: timeToLiveCodec, message: { ID: 7n, keys: true } };
    assert.equal(await harness.answer(`${LEASE}LeaseTimeToLive`, keys, user), DENIED);
    const time = { codec: timeToLiveCodec, message: { ID: 7n, keys: false } };
    assert.equal(await harness.answer(`${LEASE}LeaseTimeToLive`, time, user), "ok");
    assert.equal(await harness.answer(`${LEASE}LeaseTimeToLive`, time), USER_EMPTY);
    assert.equal(await harness.answer(`${LEASE}LeaseLeases`, empty, user), DENIED);
    assert.equal(await harness.answer(`${LEASE}LeaseLeases`, empty, root), "ok");
    const { call, receiver } = harness.open(`${LEASE}LeaseKeepAlive`, user);
    receiver.message(Uint8Array.of(0x08, 7), 0, 2);
    assert.equal(`${call.status} ${call.text}`, DENIED);
    assert.equal(await harness.answer(`${LEASE}LeaseRevoke`, revoke, root), "ok");
  });

  test("a leader that proclaims attaches its key to no lease of others", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 2, "e/", "e0");
    const { user, root } = harness;
    for (const ID of [7n, 8n]) {
      const message = { TTL: 60, ID };
      assert.equal(
        await harness.answer(`${LEASE}LeaseGrant`, { codec: leaseGrantCodec, message }, user),
        "ok",
      );
    }
    assert.equal(await harness.put(put("root's", { lease: 7n }), root), "ok");
    const campaign = { name: "e", lease: 8n, value: empty };
    const path = "/v3electionpb.Election/";
    const led = await harness.call(`${path}Campaign`, encodeWith(campaignCodec, campaign), user);
    const { leader } = election.decodeCampaignResponse(led.message, 0, led.message.length);
    const proclaim = async (lease: bigint): Promise<string> => {
      const message = { leader: { ...leader!, lease }, value: empty };
      return harness.answer(`${path}Proclaim`, { codec: proclaimCodec, message }, user);
    };
    assert.equal(await proclaim(7n), DENIED);
    assert.deepEqual(harness.node.leaseKeys(7n), ["root's"]);
    assert.equal(await proclaim(8n), "ok");
  });

  test("a password is in no answer, and a token in no entry", async () => {
    const harness = await new AuthHarness().setUp();
    const { token = "" } = harness.user;
    const effects = JSON.stringify(harness.node.view.effects.filter(({ kind }) => kind === "auth"));
    assert.ok(effects.includes('"token"') && !effects.includes(token));
    assert.ok(effects.includes("hash of secret") && !effects.includes('"secret"'));
  });
});

suite("while streams are open", () => {
  test("watchers live on when auth is switched on; new ones are asked for a token", async () => {
    const harness = new AuthHarness();
    const { call, receiver } = harness.open("/etcdserverpb.Watch/Watch");
    const create = encodeWith(watchCodec, {
      requestUnion: {
        kind: "createRequest",
        value: { ...rpc.emptyWatchCreateRequest(), key: "k" },
      },
    });
    receiver.message(create, 0, create.length);
    await harness.setUp();
    assert.equal(await harness.put(put("k"), harness.root), "ok");
    harness.clock.settle();
    const answers = call.sent.map((bytes) => rpc.decodeWatchResponse(bytes, 0, bytes.length));
    assert.equal(answers.at(-1)?.events.length, 1);
    receiver.message(create, 0, create.length);
    const refused = rpc.decodeWatchResponse(call.sent.at(-1)!, 0, call.sent.at(-1)!.length);
    assert.equal(
      refused.cancelReason,
      "rpc error: code = InvalidArgument desc = etcdserver: user name is empty",
    );
  });

  test("a watcher outlives its token; the stream's next one does not", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 0, "k");
    const { call, receiver } = harness.open("/etcdserverpb.Watch/Watch", harness.user);
    const create = encodeWith(watchCodec, {
      requestUnion: {
        kind: "createRequest",
        value: { ...rpc.emptyWatchCreateRequest(), key: "k" },
      },
    });
    receiver.message(create, 0, create.length);
    harness.clock.advance(400_000);
    const { headers } = await harness.login("root", "secret");
    assert.equal(await harness.put(put("k"), headers), "ok");
    harness.clock.settle();
    const last = (): rpc.WatchResponse => {
      const bytes = call.sent.at(-1)!;
      return rpc.decodeWatchResponse(bytes, 0, bytes.length);
    };
    assert.equal(last().events.length, 1);
    receiver.message(create, 0, create.length);
    assert.equal(
      last().cancelReason,
      "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
    );
  });

  test("a stream opened before auth was switched on is asked who it is with its first request", async () => {
    for (const path of [
      "/etcdserverpb.Maintenance/Snapshot",
      "/etcdserverpb.KV/RangeStream",
      "/v3electionpb.Election/Observe",
    ]) {
      const harness = new AuthHarness();
      const asking = harness.open(path);
      const closing = harness.open(path);
      await harness.setUp();
      // A key, or a name: field 1 of those that have one.
      const request = path.endsWith("Snapshot") ? empty : Uint8Array.of(0x0a, 1, 0x6b);
      asking.receiver.message(request, 0, request.length);
      closing.receiver.halfClosed();
      for (const { call } of [asking, closing]) {
        assert.equal(`${call.status} ${call.text}`, USER_EMPTY, path);
        assert.equal(call.sent.length, 0);
      }
      harness.services.endStreams();
    }
  });

  test("a request that does not pass ends a call that runs, once", async () => {
    const harness = new AuthHarness();
    const { call, receiver } = harness.open("/etcdserverpb.Maintenance/Snapshot");
    call.reads = false;
    receiver.message(empty, 0, 0);
    await harness.setUp();
    assert.deepEqual([call.status, harness.node.scratchOpen], [null, 1], "it waits for its client");
    receiver.message(empty, 0, 0);
    assert.equal(`${call.status} ${call.text}`, USER_EMPTY);
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.resolve();
    }
    assert.equal(harness.node.scratchOpen, 0);
  });

  test("a read that takes long fails if auth changed meanwhile", async () => {
    const harness = await new AuthHarness().setUp();
    await harness.grant("r", 0, "k");
    harness.node.readsLater = true;
    const call = harness.start(
      `${KV}Range`,
      encodeWith(rangeCodec, range("k")),
      new TestUnaryCall(harness.user),
    );
    harness.node.propose({ kind: "auth", change: { kind: "role-delete", role: "r" } }, () => {});
    for (let turn = 0; call.status === null && turn < 20; turn += 1) {
      harness.clock.settle();
      await Promise.resolve();
    }
    assert.equal(`${call.status} ${call.text}`, "3 etcdserver: revision of auth store is old");
  });
});
