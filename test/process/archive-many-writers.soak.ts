// 100,000 keys, kill -9, no disk: every object store and both modes.
import { test } from "node:test";
import { skipWithout } from "../support/process/foreign-tool.js";
import { buildVersitygw } from "../support/process/versitygw.js";
import { directoryPlaces, fakePlaces, versitygwPlaces } from "./archive-harness.js";
import { runManyWriters } from "./archive-many-writers.js";

for (const [name, make, skip] of [
  ["a directory", directoryPlaces, false],
  ["a fake S3", fakePlaces, false],
  ["versitygw", versitygwPlaces, buildVersitygw()],
] as const) {
  for (const mode of ["sync", "async"] as const) {
    const what = mode === "sync" ? "nothing is lost" : "no more is lost than was told";
    test(
      `${what} of 100,000 keys with the disk (${mode}, ${name})`,
      { skip: skip === false ? skipWithout("etcdctl") : skip },
      async (context) => {
        await using places = await make();
        context.diagnostic(JSON.stringify(await runManyWriters(places, mode)));
      },
    );
  }
}
