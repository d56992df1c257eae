// A leader that stands still for longer than its lock lives is replaced; when it goes on it acknowledges and shows nothing more.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { GrpcClient } from "../support/grpc-client.js";
import { startServer, t4 } from "../support/process/t4-command.js";
import { sleep } from "../support/process/wait.js";
import { Acknowledged, ASYNC, eventually, fakePlaces, metric } from "./archive-harness.js";

const RANGE = "/etcdserverpb.KV/Range";

describe("a frozen leader", { concurrency: true }, () => {
  for (const mode of ["sync", "async"] as const) {
    test(`a frozen ${mode} leader is replaced, and does nothing more when it goes on`, async () => {
      await using places = await fakePlaces();
      const { fake, root, data } = places;
      const flags = [...places.flags, ...(mode === "async" ? ASYNC : [])];
      const written = new Acknowledged();
      using frozen = await startServer(data, [...flags, "--node-id", "frozen"]);
      using client = new GrpcClient(frozen.address);
      await written.fill(client, 0, 1_000);
      if (mode === "async") {
        // All but the last hundred are in the archive.
        await eventually(
          async () => (await metric(frozen.address, "t4_archive_backlog_entries")) === 0,
        );
      }
      // What comes now is in the local log and not in the archive.
      fake.faults.always("PutObject", { kind: "hang" });
      const tail = new Acknowledged();
      const tailing = Array.from({ length: 8 }, async (_, at) =>
        tail.put(client, `tail/${at}`, "x"),
      );
      if (mode === "async") {
        await Promise.all(tailing);
      } else {
        await sleep(200);
      }
      frozen.kill("SIGSTOP");
      fake.faults.none();
      // Asked while it stands still: it finds them when it goes on.
      const late = new Acknowledged();
      const lateWrites = Array.from({ length: 8 }, async (_, at) =>
        late.put(client, `late/${at}`, "x"),
      );
      const lateRead = client.call(RANGE, { key: Buffer.from("key/00000000") });
      const lateCompare = client.call("/etcdserverpb.KV/Txn", {
        success: [{ request_range: { key: Buffer.from("key/00000000") } }],
      });

      const other = join(root, "other");
      {
        using second = await startServer(other, [...flags, "--node-id", "second"]);
        using secondClient = new GrpcClient(second.address);
        await written.verify(secondClient);
        await written.put(secondClient, "key/00000000", "changed");
        frozen.kill("SIGCONT");
        const { code, stderr } = await frozen.ended;
        assert.equal(code, 1, stderr);
        assert.match(stderr, /T4_FENCED/);
        assert.doesNotMatch(stderr, /MaxListeners/);
        assert.ok((await Promise.all(lateWrites)).every((isDone) => !isDone));
        if (mode === "sync") {
          assert.ok((await Promise.all(tailing)).every((isDone) => !isDone));
        }
        for (const outcome of [await lateRead, await lateCompare]) {
          assert.ok(!outcome.ok, "a replaced leader shows the past");
        }
        if (mode === "async") {
          assert.match(stderr, /entries \d+ to \d+/);
        }
        await written.fill(secondClient, 5_000, 100);
        await written.verify(secondClient);
        second.kill("SIGTERM");
        assert.equal((await second.ended).code, 0, second.stderr());
      }

      assert.ok(existsSync(join(data, "identity.json")), "the directory is kept");
      if (mode === "async") {
        const again = await t4(["run", "--data-dir", data, "--listen", "127.0.0.1:0", ...flags]);
        assert.equal(again.code, 1, again.stderr);
        assert.match(again.stderr, /T4_FENCED/);
        assert.match(again.stderr, /acknowledged and not in the archive/);
        using empty = await startServer(other, flags);
        using emptyClient = new GrpcClient(empty.address);
        await written.verify(emptyClient);
      } else {
        using again = await startServer(data, flags);
        using againClient = new GrpcClient(again.address);
        await written.verify(againClient);
        assert.match(again.stderr(), /it is kept, and restored anew/);
      }
    });
  }
});
