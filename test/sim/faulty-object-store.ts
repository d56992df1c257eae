// An object store as it is on a bad day, for simulations: on a clock that a test moves, every call takes time, may fail
// before or after it took effect, stall until long after its caller has given up and then still take effect, or give back
// damage; and the store may be out for a while. Everything that it does is in `trace`.
import { onAbort } from "../../src/lib/abort-listeners.js";
import { ObjectStoreError } from "../../src/object/object-store.js";
import type {
  ByteRange,
  CallOptions,
  ObjectInfo,
  ObjectSource,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from "../../src/object/object-store.js";
import type { Clock, Timer } from "../../src/runtime/clock.js";
import type { SeededRandom } from "./seeded-random.js";

/** Probabilities are of each call, and independent. */
export interface ObjectStoreFaults {
  /** Shortest and longest time from a call to its effect, and again to its answer. */
  readonly wayMs: readonly [min: number, max: number];
  /** It fails, and had no effect. */
  readonly failBefore: number;
  /** It has its effect, and its answer is lost. */
  readonly failAfter: number;
  /** It takes `stallMs` longer until it has its effect. */
  readonly stall: number;
  readonly stallMs: number;
  /** A read gives back fewer bytes than there are, and says so. */
  readonly damage: number;
  /** A caller waits no longer for a call. */
  readonly deadlineMs: number;
}

export const NO_FAULTS: ObjectStoreFaults = {
  wayMs: [1, 20],
  failBefore: 0,
  failAfter: 0,
  stall: 0,
  stallMs: 60_000,
  damage: 0,
  deadlineMs: 10_000,
};

/** What goes wrong now and then, everywhere. */
export const BAD_DAY: ObjectStoreFaults = {
  wayMs: [1, 200],
  failBefore: 0.1,
  failAfter: 0.1,
  stall: 0.03,
  stallMs: 30_000,
  damage: 0.02,
  deadlineMs: 5_000,
};

interface Weather {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly trace: { readonly atMs: number; readonly what: string; readonly outcome: string }[];
  faults: ObjectStoreFaults;
  outages: { readonly fromMs: number; readonly untilMs: number }[];
}

/** What becomes of one call: drawn when it is made, so that nothing that happens meanwhile changes the others' luck. */
interface Fate {
  readonly callMs: number;
  readonly answerMs: number;
  readonly stallMs: number;
  readonly failsBefore: boolean;
  readonly failsAfter: boolean;
  readonly isDamaged: boolean;
  /** In an outage: no answer at all, rather than a refused connection. */
  readonly hangs: boolean;
}

function drawFate({ random, faults }: Weather): Fate {
  const [min, max] = faults.wayMs;
  const way = (): number => min + random.fraction() * (max - min);
  return {
    callMs: way(),
    answerMs: way(),
    stallMs: random.chance(faults.stall) ? faults.stallMs : 0,
    failsBefore: random.chance(faults.failBefore),
    failsAfter: random.chance(faults.failAfter),
    isDamaged: random.chance(faults.damage),
    hangs: random.chance(0.5),
  };
}

function unavailable(what: string): ObjectStoreError {
  return new ObjectStoreError("unavailable", what);
}

export class FaultyObjectStore implements ObjectStore {
  readonly url: string;
  readonly #inner: ObjectStore;
  readonly #weather: Weather;

  private constructor(inner: ObjectStore, weather: Weather) {
    this.url = inner.url;
    this.#inner = inner;
    this.#weather = weather;
  }

  /** The objects of `inner` as one process reaches them. */
  static of(
    inner: ObjectStore,
    clock: Clock,
    random: SeededRandom,
    faults: ObjectStoreFaults = NO_FAULTS,
  ): FaultyObjectStore {
    return new FaultyObjectStore(inner, { clock, random, faults, outages: [], trace: [] });
  }

  /** "1203.5 put wal/1 absent: won", for all views together. */
  get trace(): readonly string[] {
    return this.#weather.trace.map(
      ({ atMs, what, outcome }) => `${atMs.toFixed(1)} ${what}: ${outcome}`,
    );
  }

  /** What may happen to calls from now on. */
  setFaults(faults: ObjectStoreFaults): void {
    this.#weather.faults = faults;
  }

  /** Nothing arrives, and no answer leaves, between these times of the clock. */
  addOutage(fromMs: number, untilMs: number): void {
    this.#weather.outages.push({ fromMs, untilMs });
  }

  endOutages(): void {
    this.#weather.outages = [];
  }

  at(path: string): FaultyObjectStore {
    return new FaultyObjectStore(this.#inner.at(path), this.#weather);
  }

  /** The same objects as another process reaches them: with its own faults and outages, and its own trace. */
  elsewhere(random: SeededRandom, faults: ObjectStoreFaults = NO_FAULTS): FaultyObjectStore {
    return FaultyObjectStore.of(this.#inner.at(""), this.#weather.clock, random, faults);
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject | null> {
    return this.#call(`get ${key}`, options, async () => this.#inner.get(key), hasObject);
  }

  async getRange(key: string, range: ByteRange, options?: CallOptions): Promise<Uint8Array | null> {
    const what = `get ${key} ${range.offset}+${range.length}`;
    return this.#call(what, options, async () => this.#inner.getRange(key, range), hasObject);
  }

  async head(key: string, options?: CallOptions): Promise<ObjectInfo | null> {
    return this.#call(`head ${key}`, options, async () => this.#inner.head(key));
  }

  async put(key: string, body: Uint8Array | ObjectSource, options?: CallOptions): Promise<void> {
    const bytes =
      body instanceof Uint8Array ? new Uint8Array(body) : await body.read(0, body.bytes);
    await this.#call(`put ${key}`, options, async () => this.#inner.put(key, bytes));
  }

  async putIf(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    options?: CallOptions,
  ): Promise<PutOutcome> {
    if (options?.signal?.aborted === true) {
      throw new ObjectStoreError("cancelled", "given up before it began");
    }
    const bytes = new Uint8Array(body);
    const what = `put ${key} ${condition.kind === "absent" ? "absent" : condition.tag}`;
    try {
      return await this.#call(what, options, async () => this.#inner.putIf(key, bytes, condition));
    } catch (error) {
      if (
        error instanceof ObjectStoreError &&
        (error.code === "unavailable" || error.code === "cancelled")
      ) {
        return { kind: "unknown", cause: error };
      }
      throw error;
    }
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    const what = `delete ${keys.slice(0, 3).join(" ")}${keys.length > 3 ? " …" : ""}`;
    await this.#call(what, options, async () => this.#inner.delete(keys));
  }

  async *list(
    prefix: string,
    options?: CallOptions & { readonly after?: string },
  ): AsyncGenerator<ObjectInfo> {
    const pageMax = 1_000;
    for (let after = options?.after; ;) {
      const from = after === undefined ? {} : { after };
      const page = await this.#call(`list ${prefix} after ${after ?? ""}`, options, async () => {
        const infos: ObjectInfo[] = [];
        for await (const info of this.#inner.list(prefix, from)) {
          infos.push(info);
          if (infos.length === pageMax) {
            break;
          }
        }
        return infos;
      });
      yield* page;
      if (page.length < pageMax) {
        return;
      }
      after = page.at(-1)?.key;
    }
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  #isOut(): boolean {
    const nowMs = this.#weather.clock.monotonicMs();
    return this.#weather.outages.some(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
  }

  async #call<Result>(
    what: string,
    options: CallOptions | undefined,
    apply: () => Promise<Result>,
    canBeDamaged: (result: Result) => boolean = () => false,
  ): Promise<Result> {
    const { clock, faults, trace } = this.#weather;
    const fate = drawFate(this.#weather);
    const signal = options?.signal;
    const travelMs = fate.callMs + fate.stallMs;
    return new Promise((resolve, reject) => {
      let release = (): void => {};
      let deadline: Timer | null = null;
      const note = (outcome: string): void => {
        trace.push({ atMs: clock.monotonicMs(), what, outcome });
      };
      const end = (): void => {
        release();
        deadline?.cancel();
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      const giveUpAfter = (delayMs: number): void => {
        deadline = clock.after(delayMs, () => {
          fail(unavailable(`${what} did not end within ${faults.deadlineMs} ms`));
        });
      };
      const answer = (result: Result): void => {
        if (fate.failsAfter || this.#isOut()) {
          note(`${outcomeOf(result)}, and the answer is lost`);
          fail(unavailable(`the answer to ${what} was lost`));
        } else if (fate.isDamaged && canBeDamaged(result)) {
          note("comes back short");
          fail(new ObjectStoreError("damaged", `${what} came back short`));
        } else {
          note(outcomeOf(result));
          end();
          resolve(result);
        }
      };
      const arrive = (): void => {
        if (this.#isOut()) {
          note("does not arrive");
          if (!fate.hangs) {
            fail(unavailable("refused"));
          } else if (travelMs + fate.answerMs < faults.deadlineMs) {
            giveUpAfter(faults.deadlineMs - travelMs);
          }
        } else if (fate.failsBefore) {
          note("fails");
          fail(unavailable(`${what} failed`));
        } else {
          // It has its effect, and its answer is on its way, whether or not its caller still waits.
          apply().then((result) => {
            clock.after(fate.answerMs, () => {
              answer(result);
            });
          }, fail);
        }
      };
      const cancel = (): void => {
        const cause: unknown = signal?.reason;
        fail(new ObjectStoreError("cancelled", `${what} was given up`, { cause }));
      };
      if (signal?.aborted === true) {
        cancel();
        return;
      }
      release = signal === undefined ? release : onAbort(signal, cancel);
      clock.after(travelMs, arrive);
      // A clock that is asked for every deadline would have little else to do.
      if (travelMs + fate.answerMs >= faults.deadlineMs) {
        giveUpAfter(faults.deadlineMs);
      }
    });
  }
}

function hasObject(result: unknown): boolean {
  return result !== null;
}

function outcomeOf(result: unknown): string {
  if (result === null) {
    return "nothing";
  }
  return (result as { kind?: string } | undefined)?.kind ?? "done";
}
