// kill -9 of our server under load, on fixed seeds.
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { subjectName } from "../support/process/server-process.js";
import { runKillRounds } from "./kill-rounds.js";

const ROUNDS = 20;
const skip = subjectName === "etcd" ? skipWithout("etcd") : false;

test("nothing acknowledged is lost by 20 kills under load", { skip }, async (t) => {
  const result = await runKillRounds(Array.from({ length: ROUNDS }, (_, at) => at + 1));
  t.diagnostic(JSON.stringify(result));
});
