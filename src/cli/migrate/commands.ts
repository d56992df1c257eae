// `t4 import` and `t4 export`, and their help. What a command does is loaded when it runs.
import { Option, type Command } from "../commander.js";
import { clientOptions } from "../flags/client-flags.js";
import { parseList } from "../flags/flag-parsers.js";
import { dataDirOption, newNodeIdOption } from "../flags/flags.js";
import { CommandError, EXIT_USAGE } from "../exit.js";
import type { ExportFlags } from "./export.js";
import type { ImportEndpointsFlags } from "./import-endpoints.js";
import type { ImportSnapshotFlags } from "./import-snapshot.js";

const IMPORT_EXAMPLES = `
Examples:
  etcdctl snapshot save snapshot.db && t4 import --from snapshot.db --data-dir ./t4-data
  t4 import --from /var/lib/etcd/member/snap/db --skip-hash-check --data-dir ./t4-data
  t4 import --endpoints 10.0.0.1:2379,10.0.0.2:2379 --prefix app/ --data-dir ./t4-data
  t4 import --endpoints https://10.0.0.1:2379 --cacert ca.pem --user root:secret --to 127.0.0.1:3379

From a snapshot all is kept: every revision since the last compaction, versions, leases. Nothing counts before the import is
over; one that was interrupted is simply run again. From a running etcd the keys and their leases are copied as they are at
one revision; they get revisions of their own. The same command goes on where it was interrupted. --to without a scheme is
http; --cacert, --cert and --key are the source's, and also the target's if that is https://host:port.`;

const EXPORT_EXAMPLES = `
Examples:
  t4 export snapshot.db --data-dir ./t4-data     offline, or beside a server that runs on it
  t4 export snapshot.db --endpoint 127.0.0.1:3379
  etcdctl snapshot status snapshot.db
  etcdctl snapshot restore snapshot.db --data-dir ./etcd-data`;

type Exit = (code: number) => void;

const jsonOption = (): Option => new Option("--json", "print the result as one JSON object");

type ImportFlags = Partial<Pick<ImportSnapshotFlags, "from">> &
  Omit<ImportSnapshotFlags, "from"> &
  Partial<Pick<ImportEndpointsFlags, "endpoints">> &
  Omit<ImportEndpointsFlags, "endpoints">;

async function runImport({ from, endpoints, ...flags }: ImportFlags): Promise<number> {
  if (from !== undefined && endpoints === undefined) {
    if (flags.to !== undefined || flags.prefix !== undefined) {
      throw new CommandError("--to and --prefix go with --endpoints, not with --from", EXIT_USAGE);
    }
    const { importSnapshot } = await import("./import-snapshot.js");
    return importSnapshot({ ...flags, from });
  }
  if (endpoints !== undefined && endpoints.length > 0 && from === undefined) {
    const { importEndpoints } = await import("./import-endpoints.js");
    return importEndpoints({ ...flags, endpoints });
  }
  throw new CommandError(
    "say what to import, one of: --from snapshot.db, --endpoints host:port",
    EXIT_USAGE,
  );
}

/** `exit` is told the exit code of the command that ran. */
export function addMigrationCommands(program: Command, exit: Exit): void {
  const importing = program
    .command("import")
    .description("make a data directory of an etcd snapshot, or copy the keys of a running etcd")
    .addHelpText("after", IMPORT_EXAMPLES)
    .allowExcessArguments(false)
    .option("--from <file>", "a snapshot of etcd (etcdctl snapshot save), or a member's db file")
    .option("--skip-hash-check", "take a file without a hash at its end, or with a wrong one")
    .option("--without-auth", "leave users and roles out: whoever reaches the server may do all")
    .addOption(
      new Option("--endpoints <list>", "a running etcd or t4, as host:port,...").argParser(
        parseList,
      ),
    )
    .option("--prefix <text>", "copy only keys that start with this")
    .addOption(dataDirOption())
    .addOption(newNodeIdOption())
    .option("--to <endpoint>", "copy into a running server instead of a data directory")
    .addOption(new Option("--to-user <name:password>", "who --to knows us as").env("T4_TO_USER"))
    .option(
      "--state <file>",
      "where a copy into a server keeps how far it has come",
      "./t4-import.json",
    )
    .addOption(jsonOption());
  const exporting = program
    .command("export")
    .description("write an etcd snapshot: etcdctl and etcdutl check and restore it")
    .argument("<file>", "the snapshot to write")
    .addHelpText("after", EXPORT_EXAMPLES)
    .allowExcessArguments(false)
    .addOption(dataDirOption())
    .option("--endpoint <endpoint>", "a running server instead of a data directory")
    .addOption(jsonOption());
  for (const command of [importing, exporting]) {
    clientOptions().forEach((each) => command.addOption(each));
  }
  importing.action(async (flags: ImportFlags) => {
    exit(await runImport(flags));
  });
  exporting.action(async (file: string, flags: ExportFlags) => {
    exit(await (await import("./export.js")).exportSnapshot(file, flags));
  });
}
