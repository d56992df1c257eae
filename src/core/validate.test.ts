import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../test/support/fast-check.js";
import { arbitraryTxn } from "../../test/model/arbitraries.js";
import type { Compare, Operation, PutOperation, RangeOperation, TxnOperation } from "./command.js";
import { T4Error, type T4ErrorCode } from "./errors.js";
import { keyRangeFromWire, prefixRange } from "./range/key-range.js";
import { validateDeleteRange, validatePut, validateRange, validateTxn } from "./validate.js";

function fails(code: T4ErrorCode, run: () => void): void {
  assert.throws(run, (error) => error instanceof T4Error && error.code === code);
}

function put(key: string, more: Partial<PutOperation> = {}): PutOperation {
  return {
    kind: "put",
    key,
    value: new Uint8Array(0),
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
    ...more,
  };
}

function del(key: string, rangeEnd = ""): Operation {
  return { kind: "delete-range", range: keyRangeFromWire(key, rangeEnd), prevKv: false };
}

function read(key: string): RangeOperation {
  return {
    kind: "range",
    range: keyRangeFromWire(key, ""),
    revision: 0,
    limit: 0,
    sort: null,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

function txn(
  success: Operation[],
  failure: Operation[] = [],
  compares: Compare[] = [],
): TxnOperation {
  return { kind: "txn", compares, success, failure };
}

const emptyCompare: Compare = {
  range: keyRangeFromWire("", ""),
  result: "equal",
  target: "version",
  operand: 0,
};

test("an empty key is refused everywhere", () => {
  fails("T4_KEY_EMPTY", () => {
    validatePut(put(""));
  });
  fails("T4_KEY_EMPTY", () => {
    validateRange(read(""));
  });
  fails("T4_KEY_EMPTY", () => {
    validateRange({ ...read("a"), range: prefixRange("") });
  });
  fails("T4_KEY_EMPTY", () => {
    validateDeleteRange({ kind: "delete-range", range: keyRangeFromWire("", "b"), prevKv: false });
  });
  fails("T4_KEY_EMPTY", () => {
    validateTxn(txn([], [], [emptyCompare]));
  });
  fails("T4_KEY_EMPTY", () => {
    validateTxn(txn([txn([], [read("")])]));
  });
});

test("what is to be kept cannot be given", () => {
  const value = new Uint8Array(1);
  fails("T4_VALUE_PROVIDED", () => {
    validatePut(put("a", { value, ignoreValue: true }));
  });
  fails("T4_LEASE_PROVIDED", () => {
    validatePut(put("a", { lease: 1n, ignoreLease: true }));
  });
  fails("T4_VALUE_PROVIDED", () => {
    validateTxn(txn([put("a", { value, ignoreValue: true, lease: 1n, ignoreLease: true })]));
  });
});

test("the first thing wrong is told, in etcd's order", () => {
  const tooMany = Array.from({ length: 129 }, () => read(""));
  fails("T4_TOO_MANY_OPERATIONS", () => {
    validateTxn(txn(tooMany, [], [emptyCompare]));
  });
  fails("T4_KEY_EMPTY", () => {
    validateTxn(txn([put("a"), put("a")], [put("")]));
  });
  fails("T4_KEY_EMPTY", () => {
    validateTxn(txn([txn(tooMany)], [], [emptyCompare]));
  });
});

test("nested transactions share what the longest list of their parent leaves over", () => {
  const reads = (count: number): Operation[] => Array.from({ length: count }, () => read("a"));
  validateTxn(txn(reads(128), reads(128)));
  validateTxn(txn([txn(reads(127))]));
  fails("T4_TOO_MANY_OPERATIONS", () => {
    validateTxn(txn([txn(reads(128))]));
  });
  fails("T4_TOO_MANY_OPERATIONS", () => {
    validateTxn(txn([txn(reads(28))], reads(101)));
  });
  validateTxn(txn([txn(reads(27))], reads(101)));
  validateTxn(txn(reads(3)), 3);
  fails("T4_TOO_MANY_OPERATIONS", () => {
    validateTxn(txn(reads(4)), 3);
  });
});

test("duplicate keys are found as etcd finds them", () => {
  const duplicate = (...operations: Operation[]): void => {
    fails("T4_DUPLICATE_KEY", () => {
      validateTxn(txn(operations));
    });
    fails("T4_DUPLICATE_KEY", () => {
      validateTxn(txn([], operations));
    });
  };
  const allowed = (...operations: Operation[]): void => {
    validateTxn(txn(operations));
  };
  duplicate(put("a"), put("a"));
  duplicate(put("a"), del("a"));
  duplicate(del("a", "c"), put("b"));
  duplicate(put("a"), txn([put("a")]));
  duplicate(txn([put("a")]), txn([], [put("a")]));
  duplicate(del("a"), txn([put("a")]));
  duplicate(txn([del("a")]), txn([put("a")]));
  allowed(del("a"), del("a", "c"));
  allowed(txn([put("a")], [put("a")]));
  allowed(put("c"), del("a", "c"));
  // What etcd lets pass.
  allowed(txn([put("a")]), txn([del("a")]));
  allowed(del("a", "\0"), put("b"));
  allowed(txn([put("a"), txn([del("b")])], [del("a")]));
});

/** etcd's checkIntervals without its data structures. */
function naiveWrites(operations: readonly Operation[]): {
  puts: string[];
  deletes: [string, string][];
} {
  const duplicate = new T4Error("T4_DUPLICATE_KEY", "");
  const deletes: [string, string][] = [];
  const puts: string[] = [];
  const isDeleted = (key: string): boolean =>
    deletes.some(([start, end]) => start <= key && key < end);
  for (const operation of operations) {
    if (operation.kind === "delete-range") {
      const { range } = operation;
      deletes.push(
        range.kind === "key" ? [range.key, `${range.key}\0`] : [range.start, range.end ?? "\0"],
      );
    }
  }
  for (const operation of operations) {
    if (operation.kind === "txn") {
      const then = naiveWrites(operation.success);
      const otherwise = naiveWrites(operation.failure);
      for (const key of then.puts) {
        if (puts.includes(key) || isDeleted(key)) {
          throw duplicate;
        }
        puts.push(key);
      }
      for (const key of otherwise.puts) {
        if ((puts.includes(key) && !then.puts.includes(key)) || isDeleted(key)) {
          throw duplicate;
        }
        if (!puts.includes(key)) {
          puts.push(key);
        }
      }
      deletes.push(...then.deletes, ...otherwise.deletes);
    }
  }
  for (const operation of operations) {
    if (operation.kind === "put") {
      if (puts.includes(operation.key) || isDeleted(operation.key)) {
        throw duplicate;
      }
      puts.push(operation.key);
    }
  }
  return { puts, deletes };
}

function throws(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    assert.ok(error instanceof T4Error && error.code === "T4_DUPLICATE_KEY");
    return true;
  }
}

test("duplicate keys are found wherever the naive check finds them, and nowhere else", () => {
  fc.assert(
    fc.property(arbitraryTxn, (command) => {
      assert.equal(
        throws(() => {
          validateTxn(command);
        }),
        throws(() => {
          naiveWrites(command.success);
          naiveWrites(command.failure);
        }),
      );
    }),
    { numRuns: 2_000 },
  );
});
