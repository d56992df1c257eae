import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.js";

test("waiters are served one a turn, in order, and refused once closed", async () => {
  const turns = new Turns(setImmediate);
  const served: string[] = [];
  const work = async (name: string, slices: number): Promise<void> => {
    for (let slice = 0; slice < slices; slice += 1) {
      await turns.next();
      served.push(name);
    }
  };
  const counted: number[] = [];
  const count = (): void => {
    counted.push(served.length);
    if (counted.length < 5) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  await Promise.all([work("a", 3), work("b", 2), work("c", 1)]);
  assert.deepEqual(served, ["a", "b", "c", "a", "b", "a"]);
  assert.ok(
    counted.every((value, at) => value <= at + 1),
    "at most one slice a turn",
  );
  const late = work("late", 1);
  turns.close(new Error("over"));
  await assert.rejects(late, /over/);
  await assert.rejects(work("later", 1), /over/);
});
