// Commands that look into an object store which does not answer: the first Ctrl-C ends them.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { internalError } from "../s3/fake/faults.js";
import { startServer, t4, t4Signalled } from "../support/t4-command.js";
import { eventually, fakePlaces } from "./archive-harness.js";

test("a command outlives the time between two tries", async () => {
  await using places = await fakePlaces();
  {
    using server = await startServer(places.data, places.flags);
    server.kill("SIGTERM");
    await server.ended;
  }
  places.fake.faults.next("*", internalError, 2);
  const { code, stdout, stderr } = await t4(["status", ...places.flags]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /leader +none; the last was node/);
});

describe("an object store that does not answer", { concurrency: true }, () => {
  for (const command of [
    ["status"],
    ["restore", "list"],
    ["branch", "list"],
    ["verify"],
    ["restore", "to", "--time", "2999-01-01T00:00:00Z", "--data-dir"],
  ]) {
    // The first read is of the manifest; what comes behind it is not alike in any two.
    for (const answered of [0, 1]) {
      test(`t4 ${command.slice(0, 2).join(" ")} is ended by SIGINT after ${answered} answers`, async () => {
        await using places = await fakePlaces();
        const { fake, data, root, flags } = places;
        {
          using server = await startServer(data, flags);
          server.kill("SIGTERM");
          await server.ended;
        }
        fake.faults.next("*", { kind: "delay", delayMs: 0 }, answered);
        fake.faults.always("*", { kind: "hang" });
        const before = fake.requests.length;
        const target = join(root, "restored");
        const args = command.at(-1) === "--data-dir" ? [...command, target] : command;
        const { code, stdout, stderr } = await t4Signalled(
          [...args, ...flags],
          "SIGINT",
          async () => eventually(() => fake.requests.length > before + answered),
        );
        assert.equal(code, 130, stdout + stderr);
        assert.match(stderr, /error: stopped by SIGINT\n$/);
        assert.equal(stdout, "");
        assert.ok(!existsSync(join(target, "identity.json")));
      });
    }
  }
});
