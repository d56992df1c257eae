import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { Stream } from "./stream.js";
import { StreamTable } from "./stream-table.js";

// Ids in several bands that begin at the same slot, so that many stand behind their own.
const id = fc
  .record({ band: fc.nat(6), step: fc.nat(9) })
  .map(({ band, step }) => band * 256 + step * 2 + 1);

test("streams are found by their ids, whichever came and went before", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ id, opens: fc.boolean() }), { maxLength: 200 }), (steps) => {
      const table = new StreamTable();
      const model = new Map<number, Stream>();
      for (const { id: one, opens } of steps) {
        if (!opens) {
          table.delete(one);
          model.delete(one);
        } else if (!model.has(one)) {
          const stream = new Stream(one, 0, 0, false);
          table.add(stream);
          model.set(one, stream);
        }
        assert.equal(table.size, model.size);
        assert.equal(table.get(one), model.get(one));
      }
      for (let any = 1; any < 2048; any += 2) {
        assert.equal(table.get(any), model.get(any));
        assert.equal(table.has(any), model.has(any));
      }
      assert.deepEqual(new Set(table.all()), new Set(model.values()));
    }),
  );
});
