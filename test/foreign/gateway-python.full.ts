// Programs in Python over the JSON gateway: urllib3, which reads a watch by its chunks, and the client that is inside
// Patroni.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { suite, test } from "node:test";
import { repositoryPath } from "../support/paths.js";
import { startSubject } from "../support/process/server-process.js";

/** Debian's: that is where its packages are. */
const PYTHON = "/usr/bin/python3";

function skipWithoutPatroni(): string | false {
  const { status } = spawnSync(PYTHON, ["-c", "import patroni.dcs.etcd3, urllib3"]);
  if (status === 0) {
    return false;
  }
  const reason = "not installed: patroni and python3-urllib3";
  if (process.env["CI"] === "true") {
    throw new Error(`${reason}; CI must have what the tests drive`);
  }
  console.log(`skipped: ${reason}`);
  return reason;
}

suite("Python over the gateway", { skip: skipWithoutPatroni() }, () => {
  test("urllib3 gets each event as one chunk, and Patroni's client does its work", async () => {
    await using server = await startSubject();
    const script = repositoryPath("test/foreign/gateway_client.py");
    const output = execFileSync(PYTHON, [script, String(server.port)], { timeout: 60_000 });
    const steps = output
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, unknown]);
    const chunk = ["chunk", [true, 1, 1]];
    assert.deepEqual(steps, [
      ["created", true],
      chunk,
      chunk,
      chunk,
      ["version", ["/v3", [3, 6, 0]]],
      ["machines", [server.endpoint]],
      ["lease", true],
      ["kept", "30"],
      // No time to live in the answer: the lease is gone.
      ["kept gone", null],
      ["created", true],
      ["created again", null],
      ["node", ["/service/p/leader", "1", true]],
      ["updated", true],
      [
        "put with a lease that is gone",
        {
          code: 5,
          codeText: "NotFound",
          error: "etcdserver: requested lease not found",
          status: 404,
        },
      ],
      [
        "events",
        [
          ["PUT", "/service/p/status"],
          ["DELETE", "/service/p/leader"],
        ],
      ],
    ]);
  });
});
