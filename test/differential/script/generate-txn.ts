// Transactions: all targets and results of compares, ranges among them, nested to a depth of three, with duplicates,
// empty operations and too many of them.
import type { SeededRandom } from "../../support/seeded-random.js";
import * as kv from "./generate-kv.js";

const DEPTH_MAX = 3;

type Request = Record<string, unknown>;

function compare(random: SeededRandom): Request {
  const request: Request = {
    key: kv.keyOrNone(random),
    result: random.weighted([
      [20, random.below(4)],
      [0.1, 9],
    ]),
  };
  if (random.chance(0.2)) {
    request["range_end"] = kv.rangeEnd(random);
  }
  const targets: (() => Request)[] = [
    () => ({ target: 0, version: String(random.below(4)) }),
    () => ({ target: 1, create_revision: random.chance(0.5) ? "0" : kv.revision(random) }),
    () => ({ target: 2, mod_revision: random.chance(0.3) ? "0" : kv.revision(random) }),
    () => ({ target: 3, value: kv.value(random) }),
    () => ({ target: 4, lease: kv.leaseOrNone(random) }),
  ];
  Object.assign(request, random.pick(targets)());
  if (random.chance(0.02)) {
    // The target says one field, another one is filled.
    request["target"] = random.below(5);
  }
  if (request["lease"] !== undefined && isOrder(request["result"])) {
    // Leases that two servers have chosen are both above 0, and in no order that both know.
    request["lease"] = "0";
  }
  return request;
}

/** GREATER or LESS. */
function isOrder(result: unknown): boolean {
  return result === 1 || result === 2;
}

function operation(random: SeededRandom, depth: number): Request {
  return random.weighted<() => Request>([
    [8, () => ({ request_put: kv.put(random) })],
    // An unknown sort order is refused by one etcd and not by the other: the stores would part.
    [6, () => ({ request_range: kv.range(random, { invalidSort: false }) })],
    [3, () => ({ request_delete_range: kv.deleteRange(random) })],
    [depth < DEPTH_MAX ? 3 : 0, () => ({ request_txn: txn(random, depth + 1) })],
    [0.1, () => ({})],
  ])();
}

function txn(random: SeededRandom, depth: number): Request {
  return {
    compare: random.list(depth === 1 ? 3 : 2, () => compare(random)),
    success: random.list(3, () => operation(random, depth)),
    failure: random.list(3, () => operation(random, depth)),
  };
}

/** As many operations as there may be, and one more. */
function large(random: SeededRandom): Request {
  const count = random.pick([127, 128, 129]);
  const puts = Array.from({ length: count }, (_, at) => ({
    request_put: { key: `k/${at}`, value: kv.value(random) },
  }));
  const many = random.pick(["compare", "success", "failure", "nested"]);
  const compares = Array.from({ length: count }, () => compare(random));
  switch (many) {
    case "compare":
      return { compare: compares, success: [operation(random, 1)], failure: [] };
    case "nested":
      // What the parent has, its child may not have again.
      return {
        compare: [],
        success: [{ request_txn: { compare: [], success: puts.slice(1), failure: [] } }],
        failure: [],
      };
    default:
      return { compare: [compare(random)], success: [], failure: [], [many]: puts };
  }
}

/** Every operation of a transaction, at every depth. */
function* operationsOf(request: Request): Generator<Request> {
  for (const each of [request["success"], request["failure"]].flat() as Request[]) {
    yield each;
    if (each["request_txn"] !== undefined) {
      yield* operationsOf(each["request_txn"] as Request);
    }
  }
}

/**
 * etcd does not see that a deletion without end overlaps a put. If that put then needs the key that the deletion took,
 * etcd panics halfway through the transaction: such puts must bring their own value and lease.
 */
function withoutPanic(request: Request): Request {
  const operations = [...operationsOf(request)];
  const deletesWithoutEnd = operations.some((each) => {
    const deletion = each["request_delete_range"] as Request | undefined;
    return deletion?.["range_end"] === "\0";
  });
  for (const each of deletesWithoutEnd ? operations : []) {
    const put = each["request_put"] as Request | undefined;
    delete put?.["ignore_value"];
    delete put?.["ignore_lease"];
  }
  return request;
}

export function generateTxn(random: SeededRandom): Request {
  return random.chance(0.02) ? large(random) : withoutPanic(txn(random, 1));
}
