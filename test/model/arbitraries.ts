// Random commands over a key space so small that they meet: the same keys, empty ranges, revisions just compacted.
import fc from "../support/fast-check.js";
import type {
  Command,
  Compare,
  DeleteRangeOperation,
  Operation,
  PutOperation,
  RangeOperation,
  TxnOperation,
} from "../../src/core/command.js";
import type { KeyRange } from "../../src/core/range/key-range.js";

const keys = ["\0", "a", "a\0", "ab", "b", "\xc3\xa9", "\xff"];

export const arbitraryKey: fc.Arbitrary<string> = fc.constantFrom(...keys);

export const arbitraryRange: fc.Arbitrary<KeyRange> = fc.oneof(
  arbitraryKey.map((key) => ({ kind: "key" as const, key })),
  fc.record({
    kind: fc.constant("interval" as const),
    start: arbitraryKey,
    end: fc.option(arbitraryKey),
  }),
);

const arbitraryValue = fc.uint8Array({ maxLength: 2 });
const arbitraryLease = fc.constantFrom(0n, 0n, 0n, 1n, 2n, -5n);
const arbitraryRevision = fc.integer({ min: -2, max: 30 });

export const arbitraryPut: fc.Arbitrary<PutOperation> = fc
  .record({
    kind: fc.constant("put" as const),
    key: arbitraryKey,
    value: arbitraryValue,
    lease: arbitraryLease,
    prevKv: fc.boolean(),
    ignoreValue: fc.nat(7).map((n) => n === 0),
    ignoreLease: fc.nat(7).map((n) => n === 0),
  })
  .map((put) => ({
    ...put,
    value: put.ignoreValue ? new Uint8Array(0) : put.value,
    lease: put.ignoreLease ? 0n : put.lease,
  }));

export const arbitraryDeleteRange: fc.Arbitrary<DeleteRangeOperation> = fc.record({
  kind: fc.constant("delete-range" as const),
  range: arbitraryRange,
  prevKv: fc.boolean(),
});

const arbitraryBound = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat(20) },
);

export const arbitraryRead: fc.Arbitrary<RangeOperation> = fc.record({
  kind: fc.constant("range" as const),
  range: arbitraryRange,
  revision: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: arbitraryRevision },
  ),
  limit: fc.integer({ min: -1, max: 4 }),
  sort: fc.option(
    fc
      .record({
        target: fc.constantFrom("key", "version", "create", "mod", "value"),
        descending: fc.boolean(),
        limitFirst: fc.boolean(),
      })
      .map((sort) => ({ ...sort, limitFirst: sort.limitFirst && sort.target !== "key" })),
  ),
  keysOnly: fc.boolean(),
  countOnly: fc.nat(4).map((n) => n === 0),
  minModRevision: arbitraryBound,
  maxModRevision: arbitraryBound,
  minCreateRevision: arbitraryBound,
  maxCreateRevision: arbitraryBound,
});

const arbitraryResult = fc.constantFrom("equal", "greater", "less", "not-equal");

export const arbitraryCompare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({
    range: arbitraryRange,
    result: arbitraryResult,
    target: fc.constantFrom("version", "create", "mod"),
    operand: fc.nat(10),
  }),
  fc.record({
    range: arbitraryRange,
    result: arbitraryResult,
    target: fc.constant("value" as const),
    operand: arbitraryValue,
  }),
  fc.record({
    range: arbitraryRange,
    result: arbitraryResult,
    target: fc.constant("lease" as const),
    operand: arbitraryLease,
  }),
);

const { txn } = fc.letrec<{ txn: TxnOperation; operation: Operation }>((tie) => ({
  operation: fc.oneof(
    { depthSize: "small", maxDepth: 2 },
    { weight: 4, arbitrary: arbitraryPut },
    { weight: 2, arbitrary: arbitraryDeleteRange },
    { weight: 3, arbitrary: arbitraryRead },
    { weight: 2, arbitrary: tie("txn") },
  ),
  txn: fc.record({
    kind: fc.constant("txn" as const),
    compares: fc.array(arbitraryCompare, { maxLength: 2 }),
    success: fc.array(tie("operation"), { maxLength: 4 }),
    failure: fc.array(tie("operation"), { maxLength: 3 }),
  }),
}));

export const arbitraryTxn: fc.Arbitrary<TxnOperation> = txn;

export const arbitraryCommand: fc.Arbitrary<Command | RangeOperation> = fc.oneof(
  { weight: 6, arbitrary: arbitraryPut },
  { weight: 3, arbitrary: arbitraryDeleteRange },
  { weight: 6, arbitrary: arbitraryTxn },
  { weight: 6, arbitrary: arbitraryRead },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("compact" as const), revision: arbitraryRevision }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("lease-grant" as const),
      lease: fc.constantFrom(1n, 2n, -5n),
      ttlSeconds: fc.constantFrom(-5, 0, 1, 2, 60, 9_000_000_000, 9_000_000_001),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("lease-revoke" as const),
      lease: fc.constantFrom(1n, 2n, -5n),
    }),
  },
);
