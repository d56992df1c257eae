// The npm client `etcd3` against our server: what a Node program does today with etcd must work unchanged.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";
import {
  Etcd3,
  EtcdAuthenticationFailedError,
  EtcdLeaseInvalidError,
  EtcdLockFailedError,
  EtcdPermissionDeniedError,
  EtcdRoleExistsError,
  Range,
} from "etcd3";
import { startSubject, type ServerProcess } from "../support/process/server-process.js";
import { within } from "../support/process/wait.js";

let server: ServerProcess;
let client: Etcd3;

before(async () => {
  server = await startSubject();
  client = new Etcd3({ hosts: server.endpoint });
});

after(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await client.delete().all();
});

const soon = async <T>(what: string, promise: Promise<T>): Promise<T> =>
  within(10_000, what, promise);

test("keys are put, read, counted, listed and deleted", async () => {
  await client.put("foo").value("bar");
  await client.put("foo2").value(42);
  await client.put("bytes").value(Buffer.from([0, 255]));
  assert.equal(await client.get("foo").string(), "bar");
  assert.equal(await client.get("foo2").number(), 42);
  assert.deepEqual(await client.get("bytes").buffer(), Buffer.from([0, 255]));
  assert.equal(await client.get("nothing").string(), null);
  assert.equal(await client.get("foo").exists(), true);
  assert.deepEqual(await client.getAll().prefix("foo").strings(), { foo: "bar", foo2: "42" });
  assert.deepEqual(await client.getAll().prefix("foo").sort("Key", "Descend").keys(), [
    "foo2",
    "foo",
  ]);
  assert.deepEqual(await client.getAll().inRange({ start: "a", end: "c" }).keys(), ["bytes"]);
  assert.equal(await client.getAll().count(), 3);
  assert.equal((await client.getAll().limit(1).exec()).more, true);
  const [previous] = await client.delete().key("foo").getPrevious();
  assert.equal(previous?.value.toString(), "bar");
  assert.equal((await client.delete().prefix("foo").exec()).deleted, "1");
});

test("an old revision is readable, and put can give the value before", async () => {
  const first = await client.put("k").value("1").exec();
  const before = await client.put("k").value("2").getPrevious();
  assert.equal(before.value.toString(), "1");
  const old = await client.get("k").revision(first.header.revision).string();
  assert.equal(old, "1");
});

test("a transaction takes one branch", async () => {
  await client.put("k").value("v");
  const swap = async (expected: string): Promise<boolean> => {
    const { succeeded } = await client
      .if("k", "Value", "==", expected)
      .and("k", "Version", ">", 0)
      .then(client.put("k").value("new"), client.get("k"))
      .else(client.get("k"))
      .commit();
    return succeeded;
  };
  assert.equal(await swap("x"), false);
  assert.equal(await swap("v"), true);
  assert.equal(await client.get("k").string(), "new");
});

test("a lease keeps its keys until it is revoked, and says when it is lost", async () => {
  const lease = client.lease(60, { autoKeepAlive: false });
  await lease.put("leased/1").value("a");
  await lease.put("leased/2").value("b");
  const id = await lease.grant();
  const left = await client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
  assert.equal(left.keys.length, 2);
  assert.equal((await lease.keepaliveOnce()).TTL, "60");
  await lease.revoke();
  assert.equal(await client.getAll().prefix("leased/").count(), 0);

  const lost = client.lease(60, { autoKeepAlive: false });
  const lostId = await lost.grant();
  await client.leaseClient.leaseRevoke({ ID: lostId });
  await assert.rejects(lost.keepaliveOnce(), EtcdLeaseInvalidError);
});

test("a lease is kept alive by itself", async () => {
  const lease = client.lease(2);
  await lease.grant();
  await soon(
    "two keep-alives",
    (async () => {
      await once(lease, "keepaliveSucceeded");
      await once(lease, "keepaliveSucceeded");
    })(),
  );
  await lease.revoke();
});

test("a watcher sees puts and deletions with the values before, and can start in the past", async () => {
  const watcher = await client.watch().prefix("w/").withPreviousKV().create();
  const events: string[] = [];
  watcher.on("put", (kv, previous) => {
    events.push(
      `put ${kv.key.toString()} ${kv.value.toString()} ${previous?.value.toString() ?? "-"}`,
    );
  });
  const deleted = new Promise<void>((resolve) => {
    watcher.on("delete", (kv, previous) => {
      events.push(`delete ${kv.key.toString()} ${previous?.value.toString() ?? "-"}`);
      resolve();
    });
  });
  const first = await client.put("w/a").value("1").exec();
  await client.put("w/a").value("2");
  await client.put("other").value("unseen");
  await client.delete().key("w/a");
  await soon("the deletion", deleted);
  assert.deepEqual(events, ["put w/a 1 -", "put w/a 2 1", "delete w/a 2"]);
  await watcher.cancel();

  const again = client
    .watch()
    .prefix("w/")
    .only("delete")
    .startRevision(first.header.revision)
    .watcher();
  const old = new Promise<string>((resolve) => {
    again.on("delete", (kv) => {
      resolve(kv.key.toString());
    });
  });
  assert.equal(await soon("the old deletion", old), "w/a");
  await again.cancel();
});

test("a lock excludes others until it is released", async () => {
  const lock = client.lock("mutex");
  await lock.acquire();
  await assert.rejects(client.lock("mutex").acquire(), EtcdLockFailedError);
  await lock.release();
  assert.equal(await client.lock("mutex").do(() => "inside"), "inside");
  assert.equal(await client.getAll().prefix("mutex").count(), 0);
});

test("software transactions that collide all count", async () => {
  await client.put("counter").value(0);
  const increments = 10;
  await Promise.all(
    Array.from({ length: increments }, async () =>
      client.stm({ retries: 100 }).transact(async (tx) => {
        const value = await tx.get("counter").number();
        await tx.put("counter").value((value ?? 0) + 1);
      }),
    ),
  );
  assert.equal(await client.get("counter").number(), increments);
});

test("namespaces do not see each other", async () => {
  const [one, two] = [client.namespace("one/"), client.namespace("two/")];
  await one.put("k").value("1");
  await two.put("k").value("2");
  assert.equal(await one.get("k").string(), "1");
  assert.deepEqual(await two.getAll().strings(), { k: "2" });
  await one.delete().all();
  assert.deepEqual(await client.getAll().keys(), ["two/k"]);
});

test("an election has one leader, and the next one follows", async () => {
  const first = client.election("chair", 5).campaign("first");
  await soon("the first leader", once(first, "elected"));
  assert.equal(await client.election("chair").leader(), "first");
  const second = client.election("chair", 5).campaign("second");
  const elected = once(second, "elected");
  while ((await client.getAll().prefix("election/chair").count()) < 2) {
    // Each look is a round trip: the wait does not spin.
  }
  await first.resign();
  await soon("the second leader", elected);
  assert.equal(await client.election("chair").leader(), "second");
  await second.resign();
});

test("what a server refuses has etcd's reason", async () => {
  await assert.rejects(
    client.put("k").lease("123456789").value("v").exec(),
    /requested lease not found/,
  );
  await assert.rejects(client.get("k").revision("999999").exec(), /required revision is a future/);
});

test("users, roles and permissions are made, and enforced", async () => {
  await using guarded = await startSubject({ flags: ["--bcrypt-cost", "4"] });
  const open = new Etcd3({ hosts: guarded.endpoint });
  const root = new Etcd3({ hosts: guarded.endpoint, auth: { username: "root", password: "pw" } });
  const user = new Etcd3({ hosts: guarded.endpoint, auth: { username: "app", password: "x" } });
  const wrong = new Etcd3({ hosts: guarded.endpoint, auth: { username: "app", password: "y" } });
  try {
    await open.user("root").create("pw");
    await open.user("root").addRole("root");
    await open.auth.authEnable();
    await assert.rejects(open.get("k").string(), /user name is empty/);
    const role = root.role("writer");
    await role.create();
    await assert.rejects(role.create(), EtcdRoleExistsError);
    await role.grant({ permission: "Readwrite", range: Range.prefix("app/") });
    await root.user("app").create("x");
    await root.user("app").addRole("writer");
    await user.put("app/key").value("1");
    assert.equal(await user.get("app/key").string(), "1");
    await assert.rejects(user.get("other").string(), EtcdPermissionDeniedError);
    await assert.rejects(wrong.get("app/key").string(), EtcdAuthenticationFailedError);
    assert.deepEqual(
      (await root.getRoles()).map(({ name }) => name),
      ["writer"],
    );
    // A token that the server has forgotten: the client logs in again by itself.
    await root.user("app").setPassword("x");
    assert.equal(await user.get("app/key").string(), "1");
    await root.auth.authDisable();
    assert.equal(await open.get("app/key").string(), "1");
  } finally {
    for (const each of [open, root, user, wrong]) {
      each.close();
    }
  }
});
