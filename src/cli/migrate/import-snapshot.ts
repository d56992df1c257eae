// `t4 import --from`: a data directory made of an etcd snapshot.
import { resolve } from "node:path";
import { EtcdSnapshot } from "../../etcd/snapshot/snapshot-reader.js";
import { importDirectory, type Imported } from "../../node/import/import-directory.js";
import { DiskError } from "../../runtime/disk/disk.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import { note, print, printJson, Progress, shellWord, shownBytes } from "../archive/output.js";
import { CommandError, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "../exit.js";
import { abortedBySignal } from "../signals.js";

export interface ImportSnapshotFlags {
  readonly from: string;
  readonly dataDir: string;
  readonly nodeId?: string;
  readonly skipHashCheck?: boolean;
  readonly withoutAuth?: boolean;
  readonly json?: boolean;
}

export async function importSnapshot(flags: ImportSnapshotFlags): Promise<number> {
  const from = resolve(flags.from);
  const path = resolve(flags.dataDir);
  const runtime = systemRuntime();
  const file = openSource(from, () => runtime.disk.open(from, { mode: "read" }));
  const progress = new Progress();
  try {
    const snapshot = openSource(
      from,
      () =>
        new EtcdSnapshot(file, {
          path: from,
          skipHashCheck: flags.skipHashCheck === true,
          withoutAuth: flags.withoutAuth === true,
        }),
    );
    const imported = await importDirectory({
      path,
      nodeId: flags.nodeId ?? null,
      runtime,
      source: snapshot,
      signal: abortedBySignal(
        (name) =>
          new CommandError(
            `interrupted by ${name}: nothing in ${path} counts, and the same command begins anew`,
            EXIT_FAILED,
          ),
      ),
      progress: ({ rows, bytes, revision }) => {
        progress.show(
          () =>
            `importing: ${String(rows)} rows, ${shownBytes(bytes)} of ${shownBytes(snapshot.bytes)}, revision ${String(revision)}`,
        );
      },
    });
    progress.end();
    tell(flags, path, snapshot, imported);
    return EXIT_OK;
  } finally {
    progress.end();
    file.close();
  }
}

/** Runs what reads the file; what the file system refuses is about the file that was named, not about our own. */
function openSource<Result>(path: string, open: () => Result): Result {
  try {
    return open();
  } catch (error) {
    if (error instanceof DiskError) {
      throw new CommandError(`${path} cannot be read: ${error.message}`, EXIT_USAGE, error);
    }
    throw error;
  }
}

function tell(
  flags: ImportSnapshotFlags,
  path: string,
  snapshot: EtcdSnapshot,
  imported: Imported,
): void {
  const { revision, keys, rows, leases, strayKeys } = imported;
  const compactRevision = Math.max(imported.compactRevision, 0);
  const { alarms, auth } = snapshot;
  const run = `t4 run --data-dir ${shellWord(path)}`;
  if (alarms > 0) {
    note(`${String(alarms)} alarms are left out: they say something of the disks that etcd ran on`);
  }
  if (strayKeys > 0) {
    note(`${String(strayKeys)} keys name leases that the snapshot does not hold: they stay`);
  }
  if (flags.json === true) {
    printJson({
      dataDir: path,
      revision,
      compactRevision,
      keys,
      rows,
      leases,
      users: auth.users.size,
      roles: auth.roles.size,
      authEnabled: auth.enabled,
      alarmsLeftOut: alarms,
      keysOfUnknownLeases: strayKeys,
      run,
    });
    return;
  }
  print(
    `imported ${String(keys)} keys (${String(rows)} rows) and ${String(leases)} leases into ${path}: ` +
      `revision ${String(revision)}, compacted at ${String(compactRevision)}`,
  );
  if (auth.users.size > 0 || auth.roles.size > 0) {
    print(
      `with ${String(auth.users.size)} users and ${String(auth.roles.size)} roles; authentication is ${auth.enabled ? "enabled" : "disabled"}`,
    );
  }
  print("Next:");
  print(`  ${run}`);
}
