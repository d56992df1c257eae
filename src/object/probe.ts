// What the store under this prefix really does. "S3-compatible" says nothing about it: stores were shipped that ignore
// conditions, check them without a lock, answer "lost" for what they wrote, or list in no order. Each of these loses
// acknowledged writes or elects two leaders, so a node asks before it relies on any.
import { T4Error } from "../core/errors.js";
import { compareBytes, latin1Bytes, utf8Bytes } from "../lib/bytes.js";
import { ObjectStoreError, type ObjectStore, type PutCondition } from "./object-store.js";
import { settlePut, type SettledPut } from "./settle-put.js";
import type { RetryWorld } from "./retry.js";

export interface Finding {
  readonly name: FindingName;
  readonly ok: boolean;
  /** What was seen, for people. */
  readonly detail: string;
}

export type FindingName =
  | "create"
  | "reject-create"
  | "swap"
  | "reject-stale"
  | "reject-swap-of-absent"
  | "race-of-creates"
  | "race-of-swaps"
  | "read-after-write"
  | "list-order"
  | "delete";

/** Writers in a race: a store that checks and writes in two steps lets several of so many win. */
const RACERS = 16;
const PROBES = "probe/";
/** How old what another probe left must be by this machine's clock; a probe takes seconds. */
const LEFTOVER_AGE_MS = 60 * 60 * 1_000;
/** In byte order. Stores have been seen that sort as people do, or not at all. */
const ORDERED: readonly string[] = [
  "-",
  "0",
  "1",
  "10",
  "9",
  "A",
  "Z",
  "_",
  "a-",
  "a/b",
  "aa",
  "~",
];
const ABSENT: PutCondition = { kind: "absent" };

/**
 * Tries everything that a node relies on, under keys of its own that it removes again. A store that cannot be asked at all
 * throws its ObjectStoreError ("denied", "not-found", "unavailable", …); one that can and lies is in the findings.
 */
export async function probeObjectStore(
  store: ObjectStore,
  world: RetryWorld,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const nowMs = Math.floor(world.clock.wallMs());
  const name = `${String(nowMs).padStart(15, "0")}-${hex(world.random.bytes(8))}`;
  const probe = new Probe(store.at(`${PROBES}${name}/`), world, signal);
  try {
    return await probe.run();
  } finally {
    if (!signal.aborted) {
      await removeProbes(store, name, nowMs);
    }
  }
}

/** Throws T4_OBJECT_STORE_UNFIT unless every finding is good. */
export function assertFit(findings: readonly Finding[], url: string): void {
  const bad = findings.filter(({ ok }) => !ok);
  if (bad.length > 0) {
    const list = bad.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
    throw new T4Error(
      "T4_OBJECT_STORE_UNFIT",
      `the object store ${url} does not do what safety rests on (${list}). Use one that has atomic conditional writes ` +
        "and lists in byte order, such as AWS S3, Cloudflare R2 or a directory (--object-store file:///path), or a newer " +
        "version of this one; in a bucket with versioning, try one without",
    );
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Removes this probe's objects, and those of probes that were killed long ago. */
async function removeProbes(store: ObjectStore, own: string, nowMs: number): Promise<void> {
  try {
    const keys: string[] = [];
    for await (const { key } of store.list(PROBES)) {
      const name = key.slice(PROBES.length).split("/")[0] ?? "";
      const match = /^(\d{15})-[0-9a-f]{16}$/.exec(name);
      if (name === own || (match !== null && nowMs - Number(match[1]) > LEFTOVER_AGE_MS)) {
        keys.push(key);
      }
    }
    await store.delete(keys);
  } catch (error) {
    // The next probe removes them; what this one found counts.
    if (!(error instanceof ObjectStoreError)) {
      throw error;
    }
  }
}

class Probe {
  readonly #store: ObjectStore;
  readonly #world: RetryWorld;
  readonly #signal: AbortSignal;
  readonly #findings: Finding[] = [];
  #puts = 0;

  constructor(store: ObjectStore, world: RetryWorld, signal: AbortSignal) {
    this.#store = store;
    this.#world = world;
    this.#signal = signal;
  }

  async run(): Promise<readonly Finding[]> {
    await this.#conditions();
    await this.#race("race-of-creates", "races/create", ABSENT);
    await this.#raceOfSwaps();
    await this.#readAfterWrite();
    await this.#listOrder();
    await this.#delete();
    return this.#findings;
  }

  #found(name: FindingName, ok: boolean, detail: string): void {
    this.#findings.push({ name, ok, detail });
  }

  /** A body that nobody else puts. */
  #body(): Uint8Array {
    this.#puts += 1;
    return utf8Bytes(`probe ${this.#puts} ${hex(this.#world.random.bytes(16))}`);
  }

  /** A put under a condition; "unsupported" if the store does not know conditions. */
  async #put(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    signal: AbortSignal = this.#signal,
  ): Promise<SettledPut | { readonly kind: "unsupported"; readonly detail: string }> {
    try {
      return await settlePut(this.#store, key, body, condition, this.#world, signal);
    } catch (error) {
      if (error instanceof ObjectStoreError && error.code === "unsupported") {
        return { kind: "unsupported", detail: error.message };
      }
      throw error;
    }
  }

  /** Checks that a put did what it must have, and that the object shows it. Returns the tag of what is there then. */
  async #expect(
    name: FindingName,
    key: string,
    condition: PutCondition,
    wanted: "won" | "lost",
    before: Uint8Array | null,
  ): Promise<{ readonly tag: string; readonly body: Uint8Array } | null> {
    const body = this.#body();
    const outcome = await this.#put(key, body, condition);
    const found = await this.#store.get(key, { signal: this.#signal });
    const must = wanted === "won" ? body : before;
    const isThere =
      must === null ? found === null : found !== null && compareBytes(found.body, must) === 0;
    const answered = outcome.kind === "unsupported" ? outcome.detail : `answered "${outcome.kind}"`;
    if (outcome.kind !== wanted) {
      this.#found(name, false, `a put that must have ${wanted} was ${answered}`);
    } else if (!isThere) {
      const left = found === null ? "there is no object" : "the object has other bytes";
      this.#found(name, false, `a put was ${answered}, and then ${left}`);
    } else if (outcome.kind === "won" && found !== null && found.tag !== outcome.tag) {
      this.#found(
        name,
        false,
        `the tag of a put (${outcome.tag}) is not the object's (${found.tag})`,
      );
    } else {
      this.#found(name, true, answered);
    }
    return found;
  }

  async #conditions(): Promise<void> {
    const first = await this.#expect("create", "object", ABSENT, "won", null);
    await this.#expect("reject-create", "object", ABSENT, "lost", first?.body ?? null);
    const now = await this.#store.get("object", { signal: this.#signal });
    const tag = now?.tag ?? "none";
    const swap: PutCondition = { kind: "match", tag };
    const second = await this.#expect("swap", "object", swap, "won", null);
    await this.#expect("reject-stale", "object", swap, "lost", second?.body ?? null);
    await this.#expect("reject-swap-of-absent", "absent", swap, "lost", null);
  }

  async #raceOfSwaps(): Promise<void> {
    const key = "races/swap";
    await this.#store.put(key, this.#body(), { signal: this.#signal });
    const found = await this.#store.get(key, { signal: this.#signal });
    await this.#race("race-of-swaps", key, { kind: "match", tag: found?.tag ?? "none" });
  }

  async #race(name: FindingName, key: string, condition: PutCondition): Promise<void> {
    const bodies = Array.from({ length: RACERS }, () => this.#body());
    const outcomes = await this.#putAll(key, bodies, condition);
    const winners = bodies.filter((_, at) => outcomes[at]?.kind === "won");
    const found = await this.#store.get(key, { signal: this.#signal });
    const [winner] = winners;
    const isWinners =
      winner !== undefined && found !== null && compareBytes(found.body, winner) === 0;
    const count = `${winners.length} of ${RACERS} writers at once won`;
    if (winners.length === 1 && !isWinners) {
      this.#found(name, false, `${count}, and the object is not what it wrote`);
    } else {
      this.#found(name, winners.length === 1, count);
    }
  }

  /** Each racer listens to a signal of its own: Node takes many listeners on one for a leak, and warns. */
  async #putAll(
    key: string,
    bodies: readonly Uint8Array[],
    condition: PutCondition,
  ): Promise<readonly { readonly kind: string }[]> {
    const controllers = bodies.map(() => new AbortController());
    const stop = (): void => {
      for (const controller of controllers) {
        controller.abort(this.#signal.reason);
      }
    };
    if (this.#signal.aborted) {
      stop();
    }
    this.#signal.addEventListener("abort", stop);
    try {
      return await Promise.all(
        bodies.map(async (body, at) => this.#put(key, body, condition, controllers[at]?.signal)),
      );
    } finally {
      this.#signal.removeEventListener("abort", stop);
    }
  }

  async #readAfterWrite(): Promise<void> {
    const key = "read";
    const signal = this.#signal;
    let stale = 0;
    const rounds = 4;
    for (let round = 0; round < rounds; round += 1) {
      const body = this.#body();
      await this.#store.put(key, body, { signal });
      const found = await this.#store.get(key, { signal });
      const isRead = found !== null && compareBytes(found.body, body) === 0;
      const info = await this.#store.head(key, { signal });
      stale += isRead && info?.bytes === body.length ? 0 : 1;
    }
    this.#found(
      "read-after-write",
      stale === 0,
      `${stale} of ${rounds} reads missed the write before`,
    );
  }

  async #listOrder(): Promise<void> {
    const signal = this.#signal;
    const prefix = "list/";
    const keys = ORDERED.map((name) => prefix + name);
    for (const key of [...keys].reverse()) {
      await this.#store.put(key, latin1Bytes("x"), { signal });
    }
    const after = keys[4] ?? "";
    const seen = await this.#list(prefix, { signal });
    const seenAfter = await this.#list(prefix, { signal, after });
    const text = (each: readonly string[]): string =>
      each.map((key) => key.slice(prefix.length)).join(" ");
    if (text(seen) !== text(keys)) {
      this.#found("list-order", false, `listed ${text(seen)} instead of ${text(keys)}`);
    } else if (text(seenAfter) !== text(keys.slice(5))) {
      this.#found("list-order", false, `listed ${text(seenAfter)} after ${text([after])}`);
    } else {
      this.#found("list-order", true, "in byte order, from any place on");
    }
  }

  async #list(
    prefix: string,
    options: { readonly signal: AbortSignal; readonly after?: string },
  ): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.#store.list(prefix, options)) {
      keys.push(key);
    }
    return keys;
  }

  async #delete(): Promise<void> {
    const signal = this.#signal;
    const key = "deleted";
    await this.#store.put(key, this.#body(), { signal });
    await this.#store.delete([key, "never-there"], { signal });
    const found = await this.#store.get(key, { signal });
    const listed = await this.#list(key, { signal });
    if (found !== null || listed.length > 0) {
      const where = found === null ? "listed" : "read";
      this.#found("delete", false, `a deleted object can still be ${where}`);
      return;
    }
    const outcome = await this.#put(key, this.#body(), ABSENT);
    const ok = outcome.kind === "won";
    this.#found("delete", ok, ok ? "gone, and can be created again" : "cannot be created again");
  }
}
