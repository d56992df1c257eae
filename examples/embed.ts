// A database in a directory: write, read, read the past.
import { open } from "t4db";

await using db = await open({ dataDir: process.argv[2] ?? "./data" });

const { revision } = await db.put("config/theme", "dark");
await db.put("config/theme", "light");

console.log((await db.get("config/theme"))?.value); // light
console.log((await db.get("config/theme", { revision }))?.value); // dark
