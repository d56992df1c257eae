// Single requests that change as much as one may: memory stays bounded, and what changes is one revision.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer } from "../support/process/t4-command.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

const RANGE = "/etcdserverpb.KV/Range";
const RESIDENT_BYTES_MAX = 700e6;

test("transactions of 128 large puts and one delete of 200,000 keys leave a server's memory bounded", async () => {
  const path = await makeTempDirectory("large");
  try {
    using server = await startServer(join(path, "data"));
    using client = new GrpcClient(server.address);
    const key = (at: number): Buffer => Buffer.from(`many/${at}`);
    let at = 0;
    const fill = async (): Promise<void> => {
      while (at < 200_000) {
        const first = at;
        at += 128;
        const success = Array.from({ length: Math.min(128, 200_000 - first) }, (_, i) => ({
          request_put: { key: key(first + i), value: Buffer.from("v") },
        }));
        await client.must("/etcdserverpb.KV/Txn", { success });
      }
    };
    await Promise.all(Array.from({ length: 8 }, fill));
    const large = Array.from({ length: 128 }, (_, i) => ({
      request_put: { key: Buffer.from(`large/${i}`), value: Buffer.alloc(12_000, i) },
    }));
    for (let round = 0; round < 20; round += 1) {
      await client.must("/etcdserverpb.KV/Txn", { success: large });
    }
    using watch = client.open("/etcdserverpb.Watch/Watch");
    const range = { key: Buffer.from("many/"), range_end: Buffer.from("many0") };
    watch.send({ create_request: { ...range, filters: [0] } });
    await watch.until("created", () => watch.received.length > 0);
    const { deleted, header } = await client.must("/etcdserverpb.KV/DeleteRange", range);
    assert.equal(deleted, "200000");
    const events = (): { kv: { mod_revision: string } }[] =>
      watch.received.flatMap((message) => message["events"] as { kv: { mod_revision: string } }[]);
    await watch.until("every delete", () => events().length >= 200_000);
    const { revision } = header as { revision: string };
    assert.ok(
      events().every(({ kv }) => kv.mod_revision === revision),
      "one revision",
    );
    assert.equal((await client.must(RANGE, { ...range, count_only: true }))["count"], "0");
    if (process.platform === "linux") {
      const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
      const residentMost = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
      assert.ok(residentMost < RESIDENT_BYTES_MAX, `${residentMost} bytes were resident`);
    }
    server.kill("SIGTERM");
    assert.equal((await server.ended).code, 0, server.stderr());
  } finally {
    await removeTempDirectory(path);
  }
});
