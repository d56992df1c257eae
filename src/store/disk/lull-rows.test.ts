import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreDriver } from "../../../test/sim/store-driver.js";
import type { Revision } from "../../core/words.js";
import { latin1, latin1Bytes } from "../../lib/bytes.js";

test("a row that was read thousands of times is the new one after a write, a delete, a flush", async () => {
  const driver = new StoreDriver({ backend: "disk" });
  const { store } = driver;
  const read = (): string | undefined => {
    let value: Uint8Array | undefined;
    for (let i = 0; i < 6_000; i += 1) {
      value = store.get("key", driver.tipRevision as Revision)?.value;
    }
    return value === undefined ? undefined : latin1(value, 0, value.length);
  };
  const put = (value: string): void => {
    driver.write([{ key: "key", value: latin1Bytes(value) }]);
    driver.commit();
  };
  put("one");
  const first = driver.tipRevision as Revision;
  assert.equal(read(), "one");
  put("two");
  assert.equal(read(), "two");
  assert.equal(latin1Of(store.get("key", first)?.value), "one");
  await driver.flush();
  assert.equal(read(), "two");
  put("three");
  assert.equal(read(), "three");
  driver.write([{ key: "key", value: null }]);
  driver.commit();
  assert.equal(read(), undefined);
  await driver.clock.resolve(store.close());
});

function latin1Of(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : latin1(value, 0, value.length);
}
