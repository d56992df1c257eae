// Follow a set of keys: first what happened since a revision, then what happens. To go on after a restart, keep the
// revision of the last batch and start at the next.
import { open } from "t4db";

await using db = await open({ memory: true });

await db.put("config/theme", "dark");
const watch = db.watch("config/", { startRevision: 2, prevKv: true });
await db.put("config/theme", "light");
await db.delete("config/theme");

for await (const { revision, events } of watch) {
  for (const event of events) {
    const { modRevision, type, key, value, previous } = event;
    console.log(modRevision, type, key, value, "was", previous?.value);
  }
  if (revision >= 4) {
    break;
  }
}
