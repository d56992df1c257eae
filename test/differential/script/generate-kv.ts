// Requests of the KV service that are biased towards edges.
import type { SeededRandom } from "../../support/seeded-random.js";
import type { LeaseReference, RevisionReference } from "./operation.js";

/** Neighbours, prefixes of each other, and bytes that break UTF-8 and signed comparison. */
const KEYS: readonly string[] = [
  "a",
  "a\0",
  "aa",
  "ab",
  "b",
  "c",
  "k/1",
  "k/2",
  "k/2/",
  "\0",
  "\x7f",
  "\x80",
  "\xff",
  "\xff\xff",
];
const BOUNDS: readonly string[] = [...KEYS, "d", "k/", "k0", "\x01", "z", "\xfe", "\xff\xff\xff"];
const VALUES = ["", "1", "2", "10", "x\0y", "\xff"];
export const LEASE_IDS: readonly string[] = [
  "1",
  "7",
  "9",
  "-5",
  "9223372036854775807",
  "-9223372036854775808",
];

export function key(random: SeededRandom): string {
  // Half of all on three keys.
  return random.chance(0.5) ? random.pick(["a", "b", "k/1"]) : random.pick(KEYS);
}

/** As `key`, sometimes none: that is refused. */
export const keyOrNone = (random: SeededRandom): string =>
  random.chance(0.006) ? "" : key(random);

export const value = (random: SeededRandom): string =>
  random.chance(0.02)
    ? String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))
    : random.pick(VALUES);

export function rangeEnd(random: SeededRandom): string {
  return random.weighted([
    [4, ""],
    [2, "\0"],
    [4, random.pick(BOUNDS)],
  ]);
}

export function bounds(random: SeededRandom): { key: string; range_end: string } {
  if (random.chance(0.15)) {
    return { key: "\0", range_end: "\0" };
  }
  return random.chance(0.2)
    ? { key: "k/", range_end: "k0" }
    : { key: keyOrNone(random), range_end: rangeEnd(random) };
}

/** Around now and around the compaction, mostly readable. */
export function revision(random: SeededRandom): RevisionReference | string {
  return random.weighted<() => RevisionReference | string>([
    [4, () => "0"],
    [8, () => ({ $revision: "current", plus: -random.between(0, 12) })],
    [1, () => ({ $revision: "current", plus: random.between(1, 3) })],
    [2, () => ({ $revision: "compacted", plus: random.between(0, 2) })],
    [1, () => ({ $revision: "compacted", plus: -1 })],
    [0.5, () => "-1"],
    [0.3, () => "-9223372036854775808"],
    [0.3, () => "9223372036854775807"],
  ])();
}

/** Mostly none; else one that may or may not exist. */
export function leaseOrNone(random: SeededRandom): string | LeaseReference {
  return random.weighted<() => string | LeaseReference>([
    [20, () => "0"],
    [2, () => random.pick(LEASE_IDS)],
    [3, () => ({ $lease: random.below(4) })],
    [0.1, () => "404"],
  ])();
}

export function put(random: SeededRandom): Record<string, unknown> {
  const request: Record<string, unknown> = {
    key: keyOrNone(random),
    value: value(random),
    lease: leaseOrNone(random),
    prev_kv: random.chance(0.3),
  };
  if (random.chance(0.08)) {
    request["ignore_value"] = true;
    request["value"] = random.chance(0.9) ? "" : value(random);
  }
  if (random.chance(0.08)) {
    request["ignore_lease"] = true;
    request["lease"] = random.chance(0.9) ? "0" : request["lease"];
  }
  return request;
}

export function deleteRange(random: SeededRandom): Record<string, unknown> {
  const { key: first, range_end } = bounds(random);
  return {
    key: first,
    // Whole ranges seldom: the store would always be empty.
    range_end: random.chance(0.6) ? "" : range_end,
    prev_kv: random.chance(0.5),
  };
}

export function range(
  random: SeededRandom,
  { invalidSort }: { readonly invalidSort: boolean },
): Record<string, unknown> {
  const request: Record<string, unknown> = { ...bounds(random) };
  const sometimes = (probability: number, name: string, make: () => unknown): void => {
    if (random.chance(probability)) {
      request[name] = make();
    }
  };
  sometimes(0.3, "limit", () =>
    random.weighted([
      [6, String(random.between(1, 4))],
      [1, "0"],
      [1, "-1"],
      [1, "9223372036854775807"],
    ]),
  );
  sometimes(0.35, "revision", () => revision(random));
  sometimes(0.35, "sort_order", () => random.below(3));
  sometimes(0.35, "sort_target", () => random.below(5));
  if (invalidSort) {
    sometimes(0.01, "sort_order", () => random.pick([3, 7, -1]));
  }
  sometimes(0.2, "serializable", () => true);
  sometimes(0.12, "keys_only", () => true);
  sometimes(0.12, "count_only", () => true);
  for (const name of [
    "min_mod_revision",
    "max_mod_revision",
    "min_create_revision",
    "max_create_revision",
  ]) {
    sometimes(0.08, name, () => revision(random));
  }
  return request;
}

export function compaction(random: SeededRandom): Record<string, unknown> {
  return {
    revision: random.weighted<() => RevisionReference | string>([
      [6, () => ({ $revision: "current", plus: -random.between(0, 15) })],
      [2, () => ({ $revision: "compacted", plus: random.between(-1, 3) })],
      [1, () => ({ $revision: "current", plus: 1 })],
      [1, () => random.pick(["0", "-1", "-9223372036854775808", "9223372036854775807"])],
    ])(),
    physical: random.chance(0.7),
  };
}
