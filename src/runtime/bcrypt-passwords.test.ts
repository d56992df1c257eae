import assert from "node:assert/strict";
import { test } from "node:test";
import { bcryptPasswords } from "./bcrypt-passwords.js";
import { nodeThreads } from "./node-threads.js";

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
