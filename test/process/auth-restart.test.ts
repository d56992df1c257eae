// Auth outlives the process and, with an object store, the disk: who could do nothing before can do nothing after.
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { GrpcClient, type CallOutcome } from "../support/grpc-client.js";
import { startServer, t4, type RunningServer } from "../support/process/t4-command.js";
import { directoryPlaces } from "./archive-harness.js";

const AUTH = "/etcdserverpb.Auth/";
const FLAGS = ["--auth-enabled", "--bcrypt-cost", "4"];
const environment = { ...process.env, T4_ROOT_PASSWORD: "first" };

async function login(server: RunningServer, name: string, password: string): Promise<string> {
  using client = new GrpcClient(server.address);
  const { token } = await client.must(`${AUTH}Authenticate`, { name, password });
  return token as string;
}

async function get(server: RunningServer, key: string, token?: string): Promise<CallOutcome> {
  using client = new GrpcClient(server.address, token === undefined ? {} : { token });
  return await client.call("/etcdserverpb.KV/Range", { key: Buffer.from(key) });
}

const refusal = (outcome: CallOutcome): string => (outcome.ok ? "ok" : outcome.message);

/** What a user with a permission for "mine" may do, and nobody without a login. */
async function assertGuarded(server: RunningServer): Promise<void> {
  assert.equal(refusal(await get(server, "mine")), "etcdserver: user name is empty");
  const token = await login(server, "u", "pw");
  assert.equal(refusal(await get(server, "mine", token)), "ok");
  assert.equal(refusal(await get(server, "other", token)), "etcdserver: permission denied");
}

test("auth is there after kill -9, and after the disk is lost", async () => {
  await using places = await directoryPlaces();
  const flags = [...places.flags, ...FLAGS];
  let token: string;
  {
    using server = await startServer(places.data, flags, { env: environment });
    token = await login(server, "root", "first");
    using root = new GrpcClient(server.address, { token });
    await root.must(`${AUTH}UserAdd`, { name: "u", password: "pw" });
    await root.must(`${AUTH}RoleAdd`, { name: "r" });
    const perm = { permType: 0, key: Buffer.from("mine") };
    await root.must(`${AUTH}RoleGrantPermission`, { name: "r", perm });
    await root.must(`${AUTH}UserGrantRole`, { user: "u", role: "r" });
    await assertGuarded(server);
    server.kill("SIGKILL");
    await server.ended;
  }
  {
    // Without the flag: what is in the log counts.
    using server = await startServer(places.data, places.flags);
    await assertGuarded(server);
    assert.equal(refusal(await get(server, "mine", token)), "etcdserver: invalid auth token");
    server.kill("SIGTERM");
    assert.equal((await server.ended).code, 0);
  }
  await rm(places.data, { recursive: true });
  using server = await startServer(places.data, flags, {
    env: { ...environment, T4_ROOT_PASSWORD: "another" },
  });
  await assertGuarded(server);
  await login(server, "root", "first");
  await assert.rejects(login(server, "root", "another"), /authentication failed/);
});

test("--auth-enabled serves nobody while there is no root, and says what to do", async () => {
  await using places = await directoryPlaces();
  const { code, stderr, stdout } = await t4(["run", "--data-dir", places.data, ...FLAGS]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /--auth-enabled: there is no user root\. Give root's first password in T4_ROOT/,
  );
  assert.equal(stdout, "");
});

test("a bad --auth-token ends the start with code 2 and says what is wrong", async () => {
  await using places = await directoryPlaces();
  for (const [value, reason] of [
    ["jwt", /sign-method of RS256/],
    ["jwt,sign-method=none", /sign-method of RS256/],
    ["jwt,sign-method=HS256", /HS256 needs priv-key/],
    ["jwt,sign-method=RS256,priv-key=/nowhere", /no such file/],
    ["jwt,sign-method=RS256,ttl=soon", /ttl of at least a second/],
    ["other", /Expected simple, or jwt/],
  ] as const) {
    const { code, stderr } = await t4(["run", "--data-dir", places.data, "--auth-token", value]);
    assert.equal(code, 2, value);
    assert.match(stderr, reason);
  }
});
