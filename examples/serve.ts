// An embedded database that etcd's clients reach as well, with the figures of both at /metrics.
import { open } from "t4db";
import { createMetrics, serve } from "t4db/server";

const metrics = createMetrics();
await using db = await open({ memory: true, metrics });
const server = await serve(db, { port: 0, metrics });
const { host, port } = server.address;

// As `etcdctl put config/theme dark` would, here as JSON over HTTP: keys and values are base64.
const base64 = (text: string): string => Buffer.from(text).toString("base64");
await fetch(`http://${host}:${port}/v3/kv/put`, {
  method: "POST",
  body: JSON.stringify({ key: base64("config/theme"), value: base64("dark") }),
});

console.log((await db.get("config/theme"))?.value); // dark
await server.close();
