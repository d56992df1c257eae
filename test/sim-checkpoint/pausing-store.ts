// An object store as a process sees it that is frozen now and then, between two of its calls, for longer than anybody waits, and
// that may not read some objects for a while.
import { ObjectStoreError, type ObjectStore } from "../../src/object/object-store.js";
import type { Clock } from "../../src/runtime/clock.js";
import type { SeededRandom } from "../sim/seeded-random.js";

export interface Pauses {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Of each call. */
  readonly probability: number;
  readonly pauseMsMax: number;
  readonly isUnreadable: (key: string) => boolean;
}

export function pausingStore(inner: ObjectStore, pauses: Pauses): ObjectStore {
  const pause = async (): Promise<void> => {
    const { clock, random, probability, pauseMsMax } = pauses;
    if (random.chance(probability)) {
      await clock.sleep(random.fraction() * pauseMsMax);
    }
  };
  return {
    url: inner.url,
    at: (path) => pausingStore(inner.at(path), pauses),
    get: async (...call) => {
      await pause();
      if (pauses.isUnreadable(call[0])) {
        throw new ObjectStoreError("unavailable", `${call[0]} cannot be read`);
      }
      return inner.get(...call);
    },
    getRange: async (...call) => pause().then(async () => inner.getRange(...call)),
    head: async (...call) => pause().then(async () => inner.head(...call)),
    put: async (...call) => pause().then(async () => inner.put(...call)),
    putIf: async (...call) => pause().then(async () => inner.putIf(...call)),
    delete: async (...call) => pause().then(async () => inner.delete(...call)),
    list: async function* (...call) {
      await pause();
      yield* inner.list(...call);
    },
    close: async () => inner.close(),
  };
}
