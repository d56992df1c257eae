import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeNode } from "../../../test/support/fake-node.js";
import { T4Error } from "../../core/errors.js";
import { silentLogger } from "../../runtime/logger.js";
import { systemClock } from "../../runtime/system-clock.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import { ROOT_PASSWORD_VARIABLE, type AuthFlags } from "../flags/auth-flags.js";
import { enforceAuth } from "./auth.js";
import { CommandError, EXIT_FAILED, EXIT_USAGE } from "../exit.js";

const FLAGS: AuthFlags = {
  authEnabled: true,
  authToken: { kind: "simple" },
  tokenTtl: 300,
  bcryptCost: 4,
};

async function failure(node: FakeNode, password: string): Promise<unknown> {
  process.env[ROOT_PASSWORD_VARIABLE] = password;
  try {
    await enforceAuth(FLAGS, node, systemRuntime({ logger: silentLogger }));
    return null;
  } catch (error) {
    return error;
  } finally {
    Reflect.deleteProperty(process.env, ROOT_PASSWORD_VARIABLE);
  }
}

test("the advice about root is given where root is what is missing, and nowhere else", async () => {
  const missing = await failure(new FakeNode(systemClock), "");
  assert.ok(missing instanceof CommandError, String(missing));
  assert.equal(missing.exitCode, EXIT_FAILED);
  assert.match(missing.message, /no user root\. Give root's first password in T4_ROOT_PASSWORD/);
  const node = new FakeNode(systemClock);
  node.failWith = new T4Error("T4_NO_SPACE", "the disk is full");
  assert.equal(await failure(node, "secret"), node.failWith);
});

test("a first password that cannot be one is named by its variable", async () => {
  const error = await failure(new FakeNode(systemClock), "x".repeat(73));
  assert.ok(error instanceof CommandError, String(error));
  assert.equal(error.exitCode, EXIT_USAGE);
  assert.match(error.message, /^T4_ROOT_PASSWORD: .*72 bytes/);
});
