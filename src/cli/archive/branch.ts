// `t4 branch`: forks, lists and removes branches of a database.
import { pathToFileURL } from "node:url";
import { fork, type Branch } from "../../checkpoint/branch/fork.js";
import { listBranches } from "../../checkpoint/branch/list-branches.js";
import { pathBetween } from "../../checkpoint/prefix-path.js";
import { hexOfId } from "../../lib/hex.js";
import { unforkBranch } from "../../node/offline/branches.js";
import type { ObjectStore } from "../../object/object-store.js";
import type { ObjectStoreFlags } from "../flags/archive-flags.js";
import { EXIT_OK } from "../exit.js";
import { sourceUrl } from "../object-store.js";
import { note, print, printJson, printTable, shellWord, shownTime } from "./output.js";
import { pointOf, type PointFlags } from "./point.js";
import { readDatabase, withReadStore, withStore, type StoreCommandFlags } from "./session.js";

export interface ForkFlags extends StoreCommandFlags, PointFlags {
  readonly branchId: string;
  readonly prefix?: string;
}

export async function branchFork(flags: ForkFlags): Promise<number> {
  const target = pointOf(flags) ?? { kind: "newest" };
  return withStore(flags, async ({ store, context, runtime }) => {
    const branch = await fork({
      context,
      branchId: flags.branchId,
      target,
      ...(flags.prefix === undefined ? {} : { path: pathOf(store, flags.prefix) }),
      logger: runtime.logger,
    });
    printBranch(branch, flags);
    return EXIT_OK;
  });
}

/** Where a prefix of the same store lies as seen from the source. */
function pathOf(store: ObjectStore, prefix: string): string {
  const isDirectory = store.url.startsWith("file:") && !prefix.includes("://");
  const url = isDirectory
    ? pathToFileURL(prefix.startsWith("/") ? prefix : `/${prefix}`).href
    : sourceUrl(store.url, prefix);
  return pathBetween(store.url, url);
}

function printBranch(branch: Branch, flags: ForkFlags): void {
  const { branchId, url, path, clusterId, index, revision } = branch;
  const run = runCommand(branchId, url, flags);
  if (flags.json === true) {
    printJson({ branchId, url, path, clusterId: hexOfId(clusterId), index, revision, run });
    return;
  }
  print(`branch ${branchId} begins at revision ${String(revision)}: ${url}`);
  print("Run it with:");
  print(`  ${run}`);
}

/** The command that serves a branch. Credentials are left to the environment. */
function runCommand(branchId: string, url: string, flags: ObjectStoreFlags): string {
  const { s3Endpoint, s3Region, s3Profile } = flags;
  const words = ["t4", "run", "--data-dir", `./t4-data-${branchId}`, "--object-store", url];
  const more: [string, string | undefined][] = [
    ["--s3-endpoint", s3Endpoint],
    ["--s3-region", s3Region],
    ["--s3-profile", s3Profile],
  ];
  for (const [flag, value] of more) {
    words.push(...(value === undefined ? [] : [flag, value]));
  }
  return words.map(shellWord).join(" ");
}

export async function branchUnfork(branchId: string, flags: StoreCommandFlags): Promise<number> {
  return withStore(flags, async ({ store, context, runtime }) => {
    await readDatabase(store);
    await unforkBranch(context, branchId, runtime, ({ nodeId, address }) => {
      note(`looking for up to 10 s whether node ${nodeId} at ${address} still runs on the branch`);
    });
    if (flags.json === true) {
      printJson({ branchId, removed: true });
    } else {
      print(`branch ${branchId} is removed`);
    }
    return EXIT_OK;
  });
}

export async function branchList(flags: StoreCommandFlags): Promise<number> {
  return withReadStore(flags, async ({ store }) => {
    await readDatabase(store);
    const branches = await listBranches(store);
    if (flags.json === true) {
      for (const { branchId, url, path, index, revision, createdMs, state } of branches) {
        printJson({ branchId, url, path, index, revision, created: shownTime(createdMs), state });
      }
      return EXIT_OK;
    }
    if (branches.length === 0) {
      print("no branches");
      return EXIT_OK;
    }
    printTable(
      ["branch", "from revision", "created", "state", "url"],
      branches.map(({ branchId, revision, createdMs, state, url }) => [
        branchId,
        String(revision),
        shownTime(createdMs),
        state,
        url,
      ]),
    );
    return EXIT_OK;
  });
}
