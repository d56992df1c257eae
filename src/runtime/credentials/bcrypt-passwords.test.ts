import assert from "node:assert/strict";
import { test } from "node:test";
import { bcryptPasswords, type PasswordRequest } from "./bcrypt-passwords.js";
import { nodeThreads } from "../node-threads.js";
import type { Threads } from "../threads.js";

test("a hash is of its password and of no other; etcd's hashes are known", async () => {
  const passwords = bcryptPasswords(nodeThreads, 4);
  const hash = await passwords.hash("p\u00e4ss");
  assert.match(hash, /^\$2a\$04\$.{53}$/);
  assert.equal(await passwords.verify("p\u00e4ss", hash), true);
  assert.equal(await passwords.verify("pass", hash), false);
  // Made by etcd 3.4 for "secret", with its default cost.
  const etcds = "$2a$10$R0LAI6qRxR3YGWwfjvj9.Om6FnwqHxzXiyU123hIjQgT3KAlcWmiK";
  assert.equal(await passwords.verify("secret", etcds), true);
  assert.equal(await passwords.verify("Secret", etcds), false);
  for (const none of ["", "no hash", "$2a$10$short"]) {
    assert.equal(await passwords.verify("", none), false);
  }
  const both = await Promise.all([passwords.hash("a"), passwords.verify("x", hash)]);
  assert.equal(both[1], false);
  await passwords.close();
  await assert.rejects(passwords.hash("late"), /not checked any more/);
});

test("what is no hash is looked at for as long as one of the cost in force", async () => {
  const asked: PasswordRequest[] = [];
  const threads: Threads = {
    spawn() {
      let answer: (message: unknown) => void = () => undefined;
      return {
        post(request) {
          asked.push(request as PasswordRequest);
          answer(true);
        },
        onMessage(listener) {
          answer = listener;
        },
        onError: () => undefined,
        hold: () => undefined,
        release: () => undefined,
        terminate: async () => Promise.resolve(),
      };
    },
  };
  const passwords = bcryptPasswords(threads, 7);
  const real = `$2a$12$${"x".repeat(53)}`;
  assert.equal(await passwords.verify("p", real), true);
  const none = ["", "no hash", "$2a$12$short", `$2a$03$${"x".repeat(53)}`, `${real}x`];
  for (const hash of none) {
    assert.equal(await passwords.verify("p", hash), false);
  }
  const hashes = asked.map((request) => (request.kind === "verify" ? request.hash : ""));
  assert.equal(hashes.shift(), real);
  assert.equal(hashes.length, none.length);
  for (const hash of hashes) {
    assert.match(hash, /^\$2a\$07\$[./A-Za-z0-9]{53}$/);
  }
});

test("passwords are hashed elsewhere: the event loop goes on meanwhile", async () => {
  const passwords = bcryptPasswords(nodeThreads, 8);
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 1);
  await passwords.hash("warm");
  turns = 0;
  await Promise.all(Array.from({ length: 4 }, async () => passwords.hash("x")));
  clearInterval(ticking);
  await passwords.close();
  assert.ok(turns > 0);
});
