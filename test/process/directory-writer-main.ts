// A process that counts in a directory store until it is killed: each increment that it won is one line on stdout.
import { openDirectoryObjectStore } from "../../src/object/directory/directory-object-store.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { systemRandom } from "../../src/runtime/system-random.js";

const [directory = "", writer = ""] = process.argv.slice(2);
const store = await openDirectoryObjectStore({
  directory,
  clock: systemClock,
  random: systemRandom,
});
for (let at = 0; ; at += 1) {
  const found = await store.get("locks/counter");
  const value = Number.parseInt(Buffer.from(found?.body ?? "0").toString(), 10) + 1;
  const outcome = await store.putIf(
    "locks/counter",
    Buffer.from(`${value} by ${writer}, its ${at}`),
    found === null ? { kind: "absent" } : { kind: "match", tag: found.tag },
  );
  if (outcome.kind === "won") {
    process.stdout.write(`${value}\n`);
  }
}
