import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { startPlainNode, put, remove } from "../../test/node/plain-node.js";
import type { Command } from "../core/command.js";
import { SystemState } from "./system-state.js";
import type { SnapshotSection } from "./system/sections.js";

const lease = fc.constantFrom(-(2n ** 63n), -1n, 1n, 7n, 2n ** 63n - 1n);
const key = fc.constantFrom("a", "b", "\u00ff\u0000", "long ".repeat(60));
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant("lease-grant" as const),
    lease,
    ttlSeconds: fc.constantFrom(2, 60, 9_000_000_000),
  }),
  fc.record({ kind: fc.constant("lease-revoke" as const), lease }),
  fc.tuple(key, lease).map(([each, attached]) => put(each, "v", attached)),
  key.map((each) => put(each, "v")),
  key.map(remove),
);

function shown(state: SystemState): unknown {
  return {
    keysTotal: state.keysTotal,
    leases: [...state.leases.all()].map((each) => [each.id, each.ttlSeconds, [...each.keys]]),
  };
}

test("a snapshot restores what it was taken of, at any point, and goes on as the original", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 60, size: "max" }),
      fc.nat(60),
      async (commands, cut) => {
        const { node, log } = await startPlainNode();
        for (const each of commands) {
          node.propose(each, () => {});
        }
        await node.close();
        const original = new SystemState();
        let restored = new SystemState();
        log.entries.forEach((entry, at) => {
          if (at === cut) {
            restored = new SystemState();
            restored.restore(original.encode() ?? new Uint8Array([1, 0, 0]), 5_000);
            assert.equal(restored.encode(), null, "nothing has changed since");
          }
          original.commit(entry, 5_000);
          restored.commit(entry, 5_000);
        });
        assert.deepEqual(shown(restored), shown(original));
      },
    ),
    { numRuns: 100 },
  );
});

test("the snapshot's bytes are as documented", () => {
  const state = new SystemState();
  state.leases.grant(-2n, 300, 0);
  state.leases.attach(-2n, "\u00e9");
  assert.equal(
    Buffer.from(state.encode() ?? []).toString("hex"),
    "01" + "00" + "01" + "feffffffffffffff" + "ac02" + "01" + "01e9",
  );
  assert.equal(state.encode(), null);
});

test("a snapshot of a newer format is refused, and a damaged one named so", () => {
  const restore = (bytes: readonly number[]) => () => {
    new SystemState().restore(new Uint8Array(bytes), 0);
  };
  assert.throws(restore([3, 0, 0]), { code: "T4_FORMAT_TOO_NEW" });
  assert.throws(restore([]), { code: "T4_CORRUPT" });
  assert.throws(restore([1, 0, 1]), { code: "T4_CORRUPT" });
  assert.throws(restore([1, 0, 0, 0]), { code: "T4_CORRUPT" });
});

/** A section that holds one number. */
function numberSection(tag: number): SnapshotSection & { held: number; version: number } {
  return {
    tag,
    held: 0,
    version: 0,
    encode() {
      return this.held === 0 ? null : new Uint8Array([this.held]);
    },
    restore(bytes) {
      this.held = bytes[0] ?? 0;
    },
  };
}

test("a section is written while there is something in it, and the first format without any", () => {
  const sections = [numberSection(1), numberSection(9)] as const;
  const state = new SystemState(sections);
  const encoded = (): string => Buffer.from(state.encode() ?? []).toString("hex");
  assert.equal(encoded(), "010000");
  assert.equal(encoded(), "", "nothing has changed");
  sections[1].held = 7;
  sections[1].version += 1;
  const bytes = encoded();
  assert.equal(bytes, "020000" + "09" + "01" + "07");
  const restored = [numberSection(1), numberSection(9)] as const;
  new SystemState(restored).restore(Buffer.from(bytes, "hex"), 0);
  assert.deepEqual(
    restored.map(({ held }) => held),
    [0, 7],
  );
});

test("a section that is not known is of a newer program; one that is cut or out of order is damage", () => {
  const restore = (bytes: readonly number[]) => () => {
    new SystemState([numberSection(1), numberSection(9)]).restore(new Uint8Array(bytes), 0);
  };
  restore([2, 0, 0, 1, 1, 5])();
  assert.throws(restore([2, 0, 0, 3, 1, 5]), { code: "T4_FORMAT_TOO_NEW" });
  assert.throws(restore([2, 0, 0, 1, 2, 5]), { code: "T4_CORRUPT" });
  assert.throws(restore([2, 0, 0, 1]), { code: "T4_CORRUPT" });
  assert.throws(restore([2, 0, 0, 9, 1, 5, 1, 1, 5]), { code: "T4_CORRUPT" });
  assert.throws(restore([1, 0, 0, 1, 1, 5]), { code: "T4_CORRUPT" });
});
