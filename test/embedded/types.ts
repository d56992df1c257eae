// What the compiler must accept and refuse of the embedded API. Never run: `tsc` is the test.
/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unused-expressions, @typescript-eslint/no-unnecessary-type-parameters -- nothing here runs: names exist to have their types looked at */
import type { Db } from "../../src/embedded/db.js";
import type { KeyInfo, KeyValue } from "../../src/embedded/key-value.js";
import { compare, op } from "../../src/embedded/txn.js";

type Equal<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
function expect<_Condition extends true>(): void {}

interface Settings {
  readonly theme: string;
}

export async function text(db: Db): Promise<void> {
  await db.put("k", "v");
  await db.put(new Uint8Array(1), new Uint8Array(1), { lease: 1n, prevKv: true });
  await db.put("k", undefined, { ignoreValue: true, lease: 1n });
  await db.put("k", "v", { ignoreLease: true });
  // @ts-expect-error a value is kept or given, not both
  await db.put("k", "v", { ignoreValue: true });
  // @ts-expect-error without ignoreValue there must be a value
  await db.put("k", undefined);
  // @ts-expect-error a lease is kept or given, not both
  await db.put("k", "v", { ignoreLease: true, lease: 1n });
  // @ts-expect-error lease ids are bigints
  await db.put("k", "v", { lease: 1 });
  // @ts-expect-error this database holds text
  await db.put("k", { theme: "dark" });
  // @ts-expect-error keys are text or bytes
  await db.get(1);

  const row = await db.get("k");
  expect<Equal<typeof row, KeyValue<string> | undefined>>();
  const { items } = await db.list("k", { keysOnly: true });
  expect<Equal<typeof items, readonly KeyInfo[]>>();
  const whole = await db.list({ prefix: "k", after: "k1" }, { reverse: true });
  expect<Equal<typeof whole.items, readonly KeyValue<string>[]>>();
  // @ts-expect-error what was read without values has none
  items[0]?.value;

  // @ts-expect-error a prefix or a range, not both
  db.watch({ prefix: "a", start: "b" });
  // @ts-expect-error a key or a prefix, not both
  db.watch({ key: "a", prefix: "b" });
  // @ts-expect-error a range has a start
  db.watch({ end: "b" });
  // @ts-expect-error a whole range is not deleted by a bare prefix that might be meant as a key
  await db.deleteRange("k");
  for await (const { events } of db.watch({ start: "a", end: "b" }, { filters: { puts: false } })) {
    for (const event of events) {
      if (event.type === "put") {
        expect<Equal<typeof event.value, string>>();
      } else {
        expect<Equal<typeof event.value, undefined>>();
      }
    }
  }

  const result = await db.update("k", "v", { ifRevision: 1 });
  if (result.succeeded) {
    // @ts-expect-error there is nothing in the way
    result.current;
  } else {
    expect<Equal<typeof result.current, KeyValue<string> | undefined>>();
  }
}

export async function transactions(db: Db): Promise<void> {
  const answer = await db.txn({
    if: [compare.missing("k"), compare.value("l").notEquals("v"), compare.lease("m").equals(0n)],
    then: [op.put("k", "v"), op.count("k"), op.txn({ then: [op.get("n")] })],
    else: [op.get("k"), op.list("l", { keysOnly: true }), op.deleteRange({ prefix: "m" })],
  });
  if (answer.succeeded) {
    const [put, count, nested] = answer.responses;
    expect<Equal<typeof put.previous, KeyValue<string> | undefined>>();
    expect<Equal<typeof count, number>>();
    if (nested.succeeded) {
      const [row] = nested.responses;
      expect<Equal<typeof row, KeyValue<string> | undefined>>();
    }
  } else {
    const [row, list, deleted] = answer.responses;
    expect<Equal<typeof row, KeyValue<string> | undefined>>();
    expect<Equal<typeof list.items, readonly KeyInfo[]>>();
    expect<Equal<typeof deleted.deleted, number>>();
  }
  // @ts-expect-error versions are numbers
  compare.version("k").equals("1");
  // @ts-expect-error a value is kept or given, not both
  op.put("k", "v", { ignoreValue: true });
  // @ts-expect-error this database holds text
  await db.txn({ then: [op.put("k", 1)] });
  // @ts-expect-error this database holds text
  await db.txn({ if: [compare.value("k").equals(1)] });
}

export async function json(db: Db<Settings, Settings>): Promise<void> {
  await db.put("k", { theme: "dark" });
  // @ts-expect-error not of the type of values
  await db.put("k", { color: "dark" });
  expect<Equal<NonNullable<Awaited<ReturnType<typeof db.get>>>["value"], Settings>>();
  await db.txn({
    if: [compare.value("k").equals({ theme: "dark" })],
    then: [op.put("k", { theme: "light" })],
  });
  // @ts-expect-error not of the type of values
  await db.txn({ then: [op.put("k", { color: "light" })] });
}
