// The kill rounds themselves: a store that loses what it acknowledged must not pass them.
import assert from "node:assert/strict";
import { cp, lstat, rm } from "node:fs/promises";
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { subjectName } from "../support/process/server-process.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { runKillRounds } from "./kill-rounds.js";

const skip = subjectName === "etcd" ? skipWithout("etcd") : false;

/** The lock on a directory is a socket: it dies with its process, and cannot be copied. */
const isFile = async (path: string): Promise<boolean> => !(await lstat(path)).isSocket();

test("a store whose files go back to before the load is found out", { skip }, async () => {
  const copy = await makeTempDirectory("older-files");
  try {
    const lossy = runKillRounds([1, 2], {
      async beforeLoad(dataDirectory) {
        await rm(copy, { recursive: true });
        await cp(dataDirectory, copy, { recursive: true, filter: isFile });
      },
      async afterKill(dataDirectory) {
        await rm(dataDirectory, { recursive: true });
        await cp(copy, dataDirectory, { recursive: true });
      },
    });
    await assert.rejects(lossy, (error: Error) => {
      assert.match(String(error.cause), /the store went back|not in the history|nobody tried/);
      return true;
    });
  } finally {
    await removeTempDirectory(copy);
  }
});
