// The list of methods that are not served yet is exactly what our server refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcClient, methodPaths } from "../support/grpc-client.js";
import { startT4 } from "../support/process/server-process.js";
import { notYetServed } from "./not-yet-served.js";

const UNIMPLEMENTED = 12;

/** A wire type that does not exist: a method that is there says so, be it a call or a stream. */
const malformed = Buffer.from([0x0f]);

test("every method of the protos is served, or is listed and answers UNIMPLEMENTED", async () => {
  await using server = await startT4();
  using client = new GrpcClient(server.address);
  const refused: string[] = [];
  for (const path of methodPaths) {
    const outcome = await client.callRaw(path, malformed);
    assert.ok(!outcome.ok, path);
    if (outcome.code === UNIMPLEMENTED) {
      assert.match(outcome.message, /^unknown (method \w+ for )?service /, path);
      refused.push(path);
    } else {
      assert.match(outcome.message, /^grpc: (error|failed to) unmarshal/, path);
    }
  }
  assert.deepEqual(refused.sort(), [...notYetServed].sort());
});
