// Operations on leases. Times to live are either far longer than a script or over before the operation is.
import type { SeededRandom } from "../../support/seeded-random.js";
import { key, LEASE_IDS } from "./generate-kv.js";
import type { LeaseReference, Operation } from "./operation.js";

const LONG_TTLS = ["60", "100", "3600", "86400", "8999999999", "9000000000"];
const TOO_LARGE_TTLS = ["9000000001", "9223372036854775807"];
const SHORT_TTLS = ["0", "1", "2", "3", "-1", "-5", "-9223372036854775808"];

const id = (random: SeededRandom): string | LeaseReference =>
  random.chance(0.5) ? random.pick([...LEASE_IDS, "404"]) : { $lease: random.below(4) };

export function generateLeaseOperation(random: SeededRandom): Operation {
  const call = (method: string, request: Record<string, unknown>): Operation => ({
    kind: "call",
    method: `Lease/${method}`,
    request,
  });
  return random.weighted<() => Operation>([
    [
      10,
      () =>
        call("LeaseGrant", {
          TTL: random.chance(0.9) ? random.pick(LONG_TTLS) : random.pick(TOO_LARGE_TTLS),
          ID: random.chance(0.4) ? "0" : random.pick(LEASE_IDS),
        }),
    ],
    [4, () => call("LeaseRevoke", { ID: id(random) })],
    [4, () => call("LeaseTimeToLive", { ID: id(random), keys: random.chance(0.7) })],
    [2, () => call("LeaseLeases", {})],
    [
      3,
      () => ({
        kind: "keep-alive",
        ids: [
          id(random),
          ...random.list(2, () => id(random)),
          ...(random.chance(0.1) ? ["0"] : []),
        ],
      }),
    ],
    [
      2,
      () => ({
        kind: "short-lease",
        id: random.pick(["77", "-77"]),
        ttl: random.pick(SHORT_TTLS),
        key: random.chance(0.5) ? key(random) : undefined,
      }),
    ],
  ])();
}
