// What the cases share: checks that need no test runner, bodies, and readings.
import { AssertionError } from "../../lib/assert.js";
import { compareBytes, latin1Bytes, utf8 } from "../../lib/bytes.js";
import {
  ObjectStoreError,
  type ObjectSource,
  type ObjectStore,
  type ObjectStoreErrorCode,
  type ObjectTag,
  type PutCondition,
} from "../object-store.js";

/** Puts that race: as many as a start-up with many nodes would have. */
export const RACERS = 16;

export interface ObjectStoreCase {
  /** A sentence that says what must hold. */
  readonly name: string;
  /** `make` gives an empty store, which the case closes. Throws if the store does not hold to it. */
  readonly run: (make: () => Promise<ObjectStore>) => Promise<void>;
}

/** A case whose store is made for it and closed after it. */
export function onStore(name: string, run: (store: ObjectStore) => Promise<void>): ObjectStoreCase {
  return {
    name,
    async run(make) {
      const store = await make();
      try {
        await run(store);
      } finally {
        await store.close();
      }
    },
  };
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new AssertionError(message);
  }
}

/** Compares plain data. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(left === right, `${what}: ${left} instead of ${right}`);
}

export function sameBytes(actual: Uint8Array | null, expected: Uint8Array, what: string): void {
  check(actual !== null, `${what}: there is no object`);
  check(
    compareBytes(actual, expected) === 0,
    `${what}: other bytes than were written (${actual.length} of ${expected.length})`,
  );
}

export async function throwsCode(
  code: ObjectStoreErrorCode,
  what: string,
  run: () => Promise<unknown> | undefined,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    check(error instanceof ObjectStoreError, `${what}: threw ${String(error)}`);
    same(error.code, code, what);
    return;
  }
  throw new AssertionError(`${what}: did not throw "${code}"`);
}

/** An object's bytes for a short text. */
export function body(text: string): Uint8Array {
  return latin1Bytes(text);
}

/** Bytes in which no part is like another. */
export function mixedBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

/** A large body that is read in parts, each of which may be asked for again. */
export function sourceOf(bytes: Uint8Array): ObjectSource {
  return {
    bytes: bytes.length,
    read: async (offset, length) => {
      check(offset + length <= bytes.length, "a source is asked for more than it has");
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}

/** The object's text; null if there is none. */
export async function textOf(store: ObjectStore, key: string): Promise<string | null> {
  const found = await store.get(key);
  return found === null ? null : utf8(found.body, 0, found.body.length);
}

export async function keysOf(
  store: ObjectStore,
  prefix: string,
  after?: string,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, after === undefined ? {} : { after })) {
    keys.push(key);
  }
  return keys;
}

/** A conditional put whose outcome must be known; a store that cannot tell is asked what it holds. */
export async function tryPut(
  store: ObjectStore,
  key: string,
  text: string,
  condition: PutCondition,
): Promise<ObjectTag | null> {
  for (let tries = 0; tries < 50; tries += 1) {
    const outcome = await store.putIf(key, body(text), condition);
    if (outcome.kind === "won") {
      return outcome.tag;
    }
    const found = outcome.kind === "unknown" || tries > 0 ? await store.get(key) : null;
    if (found !== null && compareBytes(found.body, body(text)) === 0) {
      return found.tag;
    }
    if (outcome.kind === "lost") {
      return null;
    }
  }
  throw new AssertionError(`the store never knew what a conditional put of ${key} did`);
}

/** As `tryPut`; it must win. */
export async function mustPut(
  store: ObjectStore,
  key: string,
  text: string,
  condition: PutCondition,
): Promise<ObjectTag> {
  const tag = await tryPut(store, key, text, condition);
  check(tag !== null, `a put of "${text}" to ${key} lost, though its condition held`);
  return tag;
}

/** As `tryPut`; it must lose. */
export async function mustLose(
  store: ObjectStore,
  key: string,
  text: string,
  condition: PutCondition,
): Promise<void> {
  const tag = await tryPut(store, key, text, condition);
  check(tag === null, `a put of "${text}" to ${key} won, though its condition did not hold`);
}
