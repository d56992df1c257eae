// Inspection of a directory while a server writes to it: each look shows one moment, never an error, never the past of
// an earlier look.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openReadOnly } from "../../src/node/read-only.js";
import { readAll } from "../node/plain-node.js";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { sleep } from "../support/process/wait.js";
import { systemRuntime } from "../../src/runtime/system-runtime.js";

const WRITERS = 8;
/** With values of this size memtables are flushed every few dozen writes, and files merged now and then. */
const VALUE = Buffer.alloc(200 * 1024, "v");
const KEYS = 10;
const WRITES = 400;

test("a directory under write load can be looked into at any moment", async () => {
  const path = await makeTempDirectory("live");
  const data = join(path, "data");
  using server = await startServer(data, ["--segment-max-size-mb", "2"]);
  try {
    using client = new GrpcClient(server.address);
    let written = 0;
    const write = async (writer: number): Promise<void> => {
      while (written < WRITES) {
        written += 1;
        const key = Buffer.from(`${writer}/${written % KEYS}`);
        const { header } = await client.must("/etcdserverpb.KV/Put", { key, value: VALUE });
        if (written % 100 === 0) {
          const { revision } = header as { revision: string };
          await client.call("/etcdserverpb.KV/Compact", { revision });
        }
      }
    };
    const writers = Promise.all(Array.from({ length: WRITERS }, async (_, at) => write(at)));
    let revision = 0;
    let looks = 0;
    const manifests = new Set<number>();
    while (written < WRITES) {
      const node = await openReadOnly(data, systemRuntime());
      const status = node.status();
      const { count, rows } = await node.range({ ...readAll, keysOnly: true });
      await node.close();
      assert.ok(status.revision >= revision, "time does not go back");
      assert.deepEqual([count, rows.length], [status.keys, status.keys]);
      revision = status.revision;
      manifests.add(status.persistedIndex);
      looks += 1;
      // A look takes this thread, which the writers need too.
      await sleep(30);
    }
    await writers;
    assert.ok(looks > 3 && manifests.size > 2, `${looks} looks at ${manifests.size} manifests`);
    const meta = await t4(["inspect", "meta", "--json", "--data-dir", data]);
    assert.equal(meta.code, 0, meta.stderr);
    assert.equal((JSON.parse(meta.stdout) as { revision: number }).revision, written + 1);
  } finally {
    server.kill("SIGTERM");
    await server.ended;
    await removeTempDirectory(path);
  }
});
