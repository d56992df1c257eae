// `t4 import` and `t4 export`, and their help. What a command does is loaded when it runs.
import { Option, type Command } from "commander";
import { parseNodeId } from "../flag-parsers.js";
import { dataDirOption } from "../flags.js";
import { CommandError, EXIT_USAGE } from "../exit.js";
import type { ExportFlags } from "./export.js";
import type { ImportSnapshotFlags } from "./import-snapshot.js";

const IMPORT_EXAMPLES = `
Examples:
  etcdctl snapshot save snapshot.db && t4 import --from snapshot.db --data-dir ./t4-data
  t4 import --from /var/lib/etcd/member/snap/db --skip-hash-check --data-dir ./t4-data

All is kept: every revision since the last compaction, versions, leases. Nothing counts before the import is over; one that
was interrupted is simply run again. Then: t4 run --data-dir ./t4-data`;

const EXPORT_EXAMPLES = `
Examples:
  t4 export snapshot.db --data-dir ./t4-data     offline, or beside a server that runs on it
  etcdctl snapshot status snapshot.db
  etcdctl snapshot restore snapshot.db --data-dir ./etcd-data`;

type Exit = (code: number) => void;

const jsonOption = (): Option => new Option("--json", "print the result as one JSON object");

interface ImportFlags extends Omit<ImportSnapshotFlags, "from"> {
  readonly from?: string;
}

/** `exit` is told the exit code of the command that ran. */
export function addMigrationCommands(program: Command, exit: Exit): void {
  program
    .command("import")
    .description("make a data directory of an etcd snapshot")
    .addHelpText("after", IMPORT_EXAMPLES)
    .allowExcessArguments(false)
    .option("--from <file>", "a snapshot of etcd (etcdctl snapshot save), or a member's db file")
    .addOption(dataDirOption())
    .addOption(
      new Option("--node-id <name>", "this node's name (default: random)").argParser(parseNodeId),
    )
    .option("--skip-hash-check", "take a file without a hash at its end, or with a wrong one")
    .option("--without-auth", "leave users and roles out: whoever reaches the server may do all")
    .addOption(jsonOption())
    .action(async ({ from, ...flags }: ImportFlags) => {
      if (from === undefined) {
        throw new CommandError("say what to import: --from snapshot.db", EXIT_USAGE);
      }
      const { importSnapshot } = await import("./import-snapshot.js");
      exit(await importSnapshot({ ...flags, from }));
    });
  program
    .command("export")
    .description("write an etcd snapshot: etcdctl and etcdutl check and restore it")
    .argument("<file>", "the snapshot to write")
    .addHelpText("after", EXPORT_EXAMPLES)
    .allowExcessArguments(false)
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action(async (file: string, flags: ExportFlags) => {
      exit(await (await import("./export.js")).exportSnapshot(file, flags));
    });
}
