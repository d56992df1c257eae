import assert from "node:assert/strict";
import { test } from "node:test";
import { startPlainNode } from "../../../test/node/plain-node.js";
import { T4Error } from "../../core/errors.js";
import { ALL_KEYS } from "../../core/range/key-range.js";
import { utf8Codec } from "../encoding.js";
import type { Watch } from "../watch.js";
import { OpenWatches } from "./open-watches.js";

async function read(watch: Watch<string>): Promise<void> {
  for await (const batch of watch) {
    assert.fail(`there is nothing to give, but ${batch.revision} came`);
  }
}

test("watches that have not ended end together, with one error; those that have stay as they are", async () => {
  const { node, clock } = await startPlainNode();
  const watches = new OpenWatches(clock, utf8Codec);
  const cancelled = watches.open(node, ALL_KEYS, {});
  const isRead = watches.open(node, ALL_KEYS, {});
  const notReadYet = watches.open(node, ALL_KEYS, {});
  cancelled.cancel();
  const ended = new T4Error("T4_CLOSED", "over");
  const reading = assert.rejects(read(isRead), ended);
  watches.end(ended);
  await reading;
  await assert.rejects(read(notReadYet), ended);
  await read(cancelled);
  await node.close();
});
