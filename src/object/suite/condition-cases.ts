// Conditional puts: exactly one writer wins, and a loser has changed nothing.
import type { ObjectStore, PutCondition } from "../object-store.js";
import {
  body,
  check,
  keysOf,
  mustLose,
  mustPut,
  onStore,
  RACERS,
  same,
  textOf,
  tryPut,
  type ObjectStoreCase,
} from "./checks.js";

const RACES = 10;
const COUNTERS = 4;
const INCREMENTS = 12;
const ABSENT: PutCondition = { kind: "absent" };

export const conditionCases: readonly ObjectStoreCase[] = [
  onStore("a create wins where there is nothing, and its tag is the object's", async (store) => {
    const tag = await mustPut(store, "d/k", "one", ABSENT);
    const found = await store.get("d/k");
    same(found?.tag, tag, "the tag");
    same(await textOf(store, "d/k"), "one", "the object");
  }),
  onStore("a create loses where there is an object, and changes nothing", async (store) => {
    const tag = await mustPut(store, "k", "one", ABSENT);
    await mustLose(store, "k", "two", ABSENT);
    await mustLose(store.at(""), "k", "three", ABSENT);
    same((await store.get("k"))?.tag, tag, "the tag");
    await store.put("plain", body("one"));
    await mustLose(store, "plain", "two", ABSENT);
    same(await textOf(store, "plain"), "one", "the object");
  }),
  onStore("a swap wins with the current tag, however the object came to be", async (store) => {
    let tag = await mustPut(store, "k", "0", ABSENT);
    for (let at = 1; at <= 5; at += 1) {
      tag = await mustPut(store, "k", `${at}`, { kind: "match", tag });
      same(await textOf(store, "k"), `${at}`, "the object");
    }
    await store.put("k", body("put"));
    const found = await store.get("k");
    check(found !== null, "the object is gone");
    check(found.tag !== tag, "an object with other bytes has the same tag");
    await mustPut(store, "k", "swapped", { kind: "match", tag: found.tag });
    same(await textOf(store, "k"), "swapped", "the object");
  }),
  onStore("a swap loses with a tag of before, and changes nothing", async (store) => {
    const first = await mustPut(store, "k", "one", ABSENT);
    const second = await mustPut(store, "k", "two", { kind: "match", tag: first });
    await mustLose(store, "k", "three", { kind: "match", tag: first });
    await store.put("k", body("four"));
    await mustLose(store, "k", "five", { kind: "match", tag: second });
    same(await textOf(store, "k"), "four", "the object");
    same(await keysOf(store, ""), ["k"], "all keys");
  }),
  onStore("a swap loses where there is no object, and makes none", async (store) => {
    const tag = await mustPut(store, "d/k", "one", ABSENT);
    await mustLose(store, "none", "two", { kind: "match", tag });
    await store.delete(["d/k"]);
    await mustLose(store, "d/k", "three", { kind: "match", tag });
    same(await store.get("d/k"), null, "the deleted object");
    same(await store.get("none"), null, "the one that never was");
  }),
  onStore("an object can be created again after it was deleted", async (store) => {
    const tag = await mustPut(store, "k", "one", ABSENT);
    await store.delete(["k"]);
    await mustPut(store, "k", "two", ABSENT);
    await mustLose(store, "k", "three", { kind: "match", tag });
    same(await textOf(store, "k"), "two", "the object");
  }),
  onStore(`of ${RACERS} creates at once exactly one wins`, async (store) => {
    for (let race = 0; race < RACES; race += 1) {
      await runRace(store, { race, key: `race/${race}`, condition: ABSENT });
    }
  }),
  onStore(`of ${RACERS} swaps at once exactly one wins`, async (store) => {
    let tag = await mustPut(store, "k", "start", ABSENT);
    for (let race = 0; race < RACES; race += 1) {
      tag = await runRace(store, { race, key: "k", condition: { kind: "match", tag } });
    }
  }),
  onStore("no increment is lost by counters that swap", async (store) => {
    await mustPut(store, "count", "0 by nobody", ABSENT);
    await Promise.all(
      Array.from({ length: COUNTERS }, async (_, at) => count(store.at(""), `writer ${at}`)),
    );
    const [total] = (await textOf(store, "count"))?.split(" ") ?? [];
    // One whose answer was lost may count twice: swapped over by another, it cannot be told from one that never was.
    check(Number(total) >= COUNTERS * INCREMENTS, `the counter is ${total}: increments are lost`);
  }),
  onStore("a swap never goes over a put that it has not seen", async (store) => {
    let tag = await mustPut(store, "k", "start", ABSENT);
    for (let round = 0; round < RACES; round += 1) {
      await Promise.all([
        store.put("k", body(`put ${round}`)),
        tryPut(store, "k", `swap ${round}`, { kind: "match", tag }),
      ]);
      const found = await store.get("k");
      check(found !== null, "the object is gone");
      // A put that comes second overwrites the swap; one that comes first makes it lose.
      same(await textOf(store, "k"), `put ${round}`, "what a put and a swap left");
      tag = found.tag;
    }
  }),
];

interface Race {
  readonly race: number;
  readonly key: string;
  readonly condition: PutCondition;
}

/** All racers send the same condition; returns the winner's tag. */
async function runRace(store: ObjectStore, { race, key, condition }: Race): Promise<string> {
  // No two races have a body in common: equal bytes may have equal tags, and a second swap would rightly win.
  const text = (at: number): string => `racer ${at} of race ${race}`;
  const tags = await Promise.all(
    Array.from({ length: RACERS }, async (_, at) => tryPut(store.at(""), key, text(at), condition)),
  );
  const winners = tags.flatMap((tag, at) => (tag === null ? [] : [{ tag, at }]));
  same(winners.length, 1, `winners of a race for ${key}`);
  const [winner] = winners;
  check(winner !== undefined, "nobody won");
  same(await textOf(store, key), text(winner.at), "what the race left");
  same((await store.get(key))?.tag, winner.tag, "its tag");
  return winner.tag;
}

async function count(store: ObjectStore, writer: string): Promise<void> {
  for (let done = 0; done < INCREMENTS;) {
    const found = await store.get("count");
    check(found !== null, "the counter is gone");
    const value = Number.parseInt(String.fromCharCode(...found.body), 10);
    const next = `${value + 1} by ${writer}, its ${done + 1}.`;
    if ((await tryPut(store, "count", next, { kind: "match", tag: found.tag })) !== null) {
      done += 1;
    }
  }
}
