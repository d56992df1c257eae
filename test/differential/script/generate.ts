// Makes a script from a seed. Few keys, few values and many edges, so that operations meet each other: a script that
// spreads over a large key space would compare empty answers.
import { SeededRandom } from "../../support/seeded-random.js";
import { generateTxn } from "./generate-txn.js";
import { generateWatch } from "./generate-watch.js";
import * as make from "./generate-kv.js";
import * as lease from "./generate-lease.js";
import type { Operation, Script } from "./operation.js";

const call = (method: string, request: Record<string, unknown>): Operation => ({
  kind: "call",
  method,
  request,
});

type Generator = (random: SeededRandom) => Operation;

const generators: readonly (readonly [number, Generator])[] = [
  [24, (random) => call("KV/Put", make.put(random))],
  [24, (random) => call("KV/Range", make.range(random, { invalidSort: true }))],
  [8, (random) => call("KV/DeleteRange", make.deleteRange(random))],
  [22, (random) => call("KV/Txn", generateTxn(random))],
  [10, lease.generateLeaseOperation],
  [3, (random) => call("KV/Compact", make.compaction(random))],
  [5, generateWatch],
  [1, (random) => call("Maintenance/HashKV", { revision: make.revision(random) })],
  [0.5, () => call("Maintenance/Status", {})],
  [0.5, (random) => call("Cluster/MemberList", { linearizable: random.chance(0.5) })],
  [0.5, generateRaw],
  [0.5, () => call("Auth/AuthStatus", {})],
];

/** Broken encodings and paths that do not exist. */
function generateRaw(random: SeededRandom): Operation {
  const paths = [
    "KV/Range",
    "KV/Put",
    "KV/Txn",
    "Lease/LeaseTimeToLive",
    "KV/Nothing",
    "Nothing/Range",
  ];
  const broken = [
    "0a", // a length is missing
    "0aff", // an unfinished varint
    "0a05616263", // bytes are missing
    "0801", // a number where bytes belong (or one that fits: Lease/LeaseTimeToLive)
    "ffffffffffffffffffff01", // a tag beyond 32 bits
    "00", // field number 0
    "0f", // wire type 7
    "f2ff7f03616263", // an unknown field alone: a message without what it needs
  ];
  return {
    kind: "raw",
    path: `/etcdserverpb.${random.pick(paths)}`,
    hex: random.pick(broken),
  };
}

export function generateScript(seed: number, length: number): Script {
  const random = new SeededRandom(seed);
  return Array.from({ length }, (_, at) =>
    // A few leases first, or most of what names one would be refused.
    at < 3 && length > 20
      ? call("Lease/LeaseGrant", { TTL: "3600", ID: at === 0 ? "7" : "0" })
      : random.weighted(generators)(random),
  );
}
