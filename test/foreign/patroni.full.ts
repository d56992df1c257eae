// Patroni with PostgreSQL over the JSON gateway: two members agree who leads, one is killed, the other takes over.
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { suite, test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { startSubject } from "../support/process/server-process.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { sleep } from "../support/process/wait.js";
import { LOOP_WAIT_SECONDS, PatroniMember, postgresUser, TTL_SECONDS } from "./patroni.js";

const START_DEADLINE_MS = 90_000;
/** What a slow machine adds to the time in which Patroni promises a new primary. */
const SLACK_MS = 15_000;

async function until(
  what: string,
  members: readonly PatroniMember[],
  deadlineMs: number,
  isTrue: () => Promise<boolean>,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > end) {
      const told = members.map(({ name, lines }) => `--- ${name}\n${lines.slice(-40).join("\n")}`);
      throw new Error(`not within ${deadlineMs} ms: ${what}\n${told.join("\n")}`);
    }
    await sleep(100);
  }
}

/** Lines in which Patroni complains of the server that it is given as etcd. */
const complaints = (lines: readonly string[]): string[] =>
  lines.filter((line) => /etcd|retry|DCS|Exception|Traceback/i.test(line) && !/ INFO: /.test(line));

function skip(): string | false {
  const missing = skipWithout("patroni");
  if (missing !== false) {
    return missing;
  }
  if (process.getuid?.() !== 0 || postgresUser() === null) {
    const reason = "only root can start PostgreSQL as the user postgres";
    assert.notEqual(process.env["CI"], "true", `${reason}; CI must be able to`);
    console.log(`skipped: ${reason}`);
    return reason;
  }
  return false;
}

suite("Patroni", { skip: skip() }, () => {
  test("a killed primary is replaced in time, and nobody has complained", async () => {
    await using server = await startSubject();
    const parent = await makeTempDirectory("patroni");
    chmodSync(parent, 0o755);
    try {
      await using one = await PatroniMember.start("one", parent, server.address);
      await until("the first member leads", [one], START_DEADLINE_MS, async () => one.isPrimary());
      await using two = await PatroniMember.start("two", parent, server.address);
      const both = [one, two];
      await until("the second follows", both, START_DEADLINE_MS, async () => two.isReplica());
      one.sql(
        "create table accounts (id int primary key); insert into accounts select generate_series(1, 1000)",
      );
      await until("the second has the rows", both, START_DEADLINE_MS, async () =>
        Promise.resolve(
          two.sql("select to_regclass('accounts')") !== "" &&
            two.sql("select count(*) from accounts") === "1000",
        ),
      );
      await sleep(3 * LOOP_WAIT_SECONDS * 1000);
      assert.equal(await one.isPrimary(), true);
      const quiet = both.flatMap(({ lines }) => complaints(lines));
      assert.deepEqual(quiet, []);

      await one.kill();
      const bound = (TTL_SECONDS + LOOP_WAIT_SECONDS) * 1000 + SLACK_MS;
      await until("the second leads", [two], bound, async () => two.isPrimary());
      const elected = two.lines.length;
      two.sql("insert into accounts values (1001)");
      assert.equal(two.sql("select count(*) from accounts"), "1001");
      await sleep(3 * LOOP_WAIT_SECONDS * 1000);
      assert.equal(await two.isPrimary(), true);
      assert.deepEqual(complaints(two.lines.slice(elected)), []);
    } finally {
      await removeTempDirectory(parent);
    }
    assert.doesNotMatch(server.output, /\b(WARN|ERROR|FATAL)\b/);
  });
});
