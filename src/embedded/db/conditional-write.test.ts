import assert from "node:assert/strict";
import { test } from "node:test";
import { propose, startPlainNode } from "../../../test/node/plain-node.js";
import type { TxnOperation } from "../../core/command.js";
import type { Node } from "../../node/node.js";
import { utf8Codec } from "../encoding.js";
import { putOperation } from "../operations.js";
import {
  conditionalResult,
  deleteIfUnchanged,
  putIfMissing,
  putIfUnchanged,
  type ConditionalResult,
} from "./conditional-write.js";

const putOf = (value: string): ReturnType<typeof putOperation> =>
  putOperation(utf8Codec, "a", value);

async function write(node: Node, txn: TxnOperation): Promise<ConditionalResult<string>> {
  const outcome = await propose(node, txn);
  assert.ok(outcome.kind === "txn");
  return conditionalResult(outcome, utf8Codec);
}

/** What stands there instead, with the revision of its last change. */
function current(result: ConditionalResult<string>): readonly unknown[] | undefined {
  assert.equal(result.succeeded, false);
  return result.current && [result.current.value, result.current.modRevision];
}

test("a conditional write changes the key if it is as expected; if not it reads it and changes nothing", async () => {
  const { node } = await startPlainNode();
  assert.equal(current(await write(node, putIfUnchanged(putOf("0"), 0))), undefined);
  assert.equal(current(await write(node, deleteIfUnchanged("a", 1))), undefined);
  assert.deepEqual(await write(node, putIfMissing(putOf("1"))), { succeeded: true, revision: 2 });
  assert.deepEqual(await write(node, putIfMissing(putOf("2"))), {
    succeeded: false,
    revision: 2,
    current: undefined,
  });
  assert.deepEqual(await write(node, putIfUnchanged(putOf("3"), 0)), {
    succeeded: true,
    revision: 3,
  });
  assert.deepEqual(current(await write(node, putIfUnchanged(putOf("4"), 2))), ["3", 3]);
  assert.deepEqual(await write(node, putIfUnchanged(putOf("5"), 3)), {
    succeeded: true,
    revision: 4,
  });
  assert.deepEqual(current(await write(node, deleteIfUnchanged("a", 3))), ["5", 4]);
  assert.deepEqual(await write(node, deleteIfUnchanged("a", 4)), { succeeded: true, revision: 5 });
  assert.equal(current(await write(node, deleteIfUnchanged("a", 4))), undefined);
  assert.equal(node.revision, 5);
  await node.close();
});
