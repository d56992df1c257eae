import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../../test/sim/seeded-random.js";
import { VirtualClock } from "../../../test/sim/virtual-clock.js";
import { recordingLogger } from "../../../test/support/recording-logger.js";
import { NO_HASH } from "../../archive/chain.js";
import { foundLatestManifest, type Base } from "../../archive/latest-manifest.js";
import type { StoreContext } from "../../archive/store-context.js";
import type { HistoryTarget } from "../../checkpoint/restore/history.js";
import { T4Error } from "../../core/errors.js";
import type { LogIndex, Revision, Term } from "../../core/words.js";
import { memoryObjectStore } from "../../object/memory-object-store.js";
import { readOrFork } from "./begin-as-branch.js";

const NEWEST: HistoryTarget = { kind: "newest" };
const AT_5: HistoryTarget = { kind: "revision", revision: 5 as Revision };
const BASE: Base = {
  checkpoint: null,
  legs: [],
  index: 4 as LogIndex,
  revision: 5 as Revision,
  term: 1 as Term,
};

function emptyPrefix(): StoreContext {
  const { signal } = new AbortController();
  const random = new SeededRandom(1);
  return { store: memoryObjectStore(), clock: new VirtualClock(1), random, signal };
}

async function prefixWith(base: Base | null): Promise<StoreContext> {
  const context = emptyPrefix();
  const chain = { term: 1 as Term, firstIndex: 5 as LogIndex, previousHash: NO_HASH };
  await foundLatestManifest(context, { clusterId: 3n, term: 1 as Term, chain, base });
  return context;
}

/** What the prefix holds, and how often the log was told something. */
async function begin(
  context: StoreContext,
  target: HistoryTarget,
  branch: { readonly source: StoreContext; readonly id: string } | null,
): Promise<{ readonly clusterId: bigint | null; readonly lines: number }> {
  const logger = recordingLogger();
  const archive = {
    store: context.store,
    target,
    branch: branch === null ? null : { source: branch.source.store, id: branch.id },
  };
  const read = await readOrFork(context, archive, logger);
  return { clusterId: read?.manifest.clusterId ?? null, lines: logger.lines.length };
}

async function refused(run: Promise<unknown>, text: RegExp): Promise<void> {
  await assert.rejects(
    run,
    (error) =>
      error instanceof T4Error && error.code === "T4_INVALID_ARGUMENT" && text.test(error.message),
  );
}

test("without another point or a source a prefix is what it is", async () => {
  assert.deepEqual(await begin(emptyPrefix(), NEWEST, null), { clusterId: null, lines: 0 });
  assert.deepEqual(await begin(await prefixWith(null), NEWEST, null), { clusterId: 3n, lines: 0 });
});

test("a database of its own is not rewound, and does not become a branch", async () => {
  const own = await prefixWith(null);
  await refused(begin(own, AT_5, null), /restore revision 5 into a new prefix/);
  const branch = { source: await prefixWith(null), id: "b" };
  await refused(begin(own, NEWEST, branch), /holds a database of its own/);
});

test("an empty prefix has no point to begin at without a source", async () => {
  await refused(begin(emptyPrefix(), AT_5, null), /is empty, .* as the branch's source/);
});

test("a later start of a branch goes on with it, and says that its beginning is not asked again", async () => {
  const branch = { source: await prefixWith(null), id: "b" };
  const again = await begin(await prefixWith(BASE), AT_5, branch);
  assert.deepEqual(again, { clusterId: 3n, lines: 1 });
});
