// The commands of `t4` and their help. What a command does is loaded when it runs, so that help and errors are instant.
import { Command, Option } from "./commander.js";
import { wholeNumber } from "./flags/flag-parsers.js";
import { dataDirOption, runOptions, type RunFlags } from "./flags/flags.js";
import type { InspectFlags, ReadFlags } from "./inspect.js";
import { loadRun } from "./run/load-run.js";

const RUN_EXAMPLES = `
Examples:
  t4 run                                          data in ./t4-data, clients on 0.0.0.0:3379
  t4 run --data-dir /var/lib/t4 --listen 127.0.0.1:2379
  T4_DATA_DIR=/var/lib/t4 T4_LOG_FORMAT=json t4 run
  t4 run --client-tls-cert server.pem --client-tls-key server-key.pem

Every flag can be set in the environment as well; the command line wins.
Then: etcdctl --endpoints 127.0.0.1:3379 put greeting hello`;

const INSPECT_EXAMPLES = `
Examples:
  t4 inspect meta --data-dir ./t4-data
  t4 inspect list config/ --limit 10
  t4 inspect get config/theme --revision 42
  t4 inspect history config/theme --json
  t4 inspect diff 2                               every change from revision 2 on
  t4 inspect diff 2 10`;

const revisionOption = (): Option =>
  new Option("--revision <n>", "read as of this revision (0: the newest)")
    .default(0)
    .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER));

const jsonOption = (): Option => new Option("--json", "one JSON object a line");

/** The program for these arguments; `exit` is told the exit code of the command that ran. */
export async function buildProgram(
  args: readonly string[],
  version: string,
  exit: (code: number) => void,
): Promise<Command> {
  const program = new Command("t4")
    .description("A durable, versioned key-value store that speaks etcd v3.")
    .version(version, "-V, --version", "print the version")
    .showHelpAfterError("(see --help)")
    .configureHelp({ showGlobalOptions: true });

  const run = program
    .command("run")
    .description("serve etcd v3 clients from a data directory")
    .addHelpText("after", RUN_EXAMPLES)
    .allowExcessArguments(false)
    .action(async (flags: RunFlags) => {
      const run = await loadRun();
      exit(await run(flags));
    });
  for (const option of runOptions()) {
    run.addOption(option);
  }

  // A server is waited for: it starts without all the others.
  if (args[0] !== "run") {
    await addOtherCommands(program, exit);
  }
  return program;
}

async function addOtherCommands(program: Command, exit: (code: number) => void): Promise<void> {
  // For the list of commands; main.ts reads its arguments by other rules.
  program
    .command("etcd")
    .description("the same, started as etcd is: with etcd's flags and variables")
    .allowUnknownOption();

  const inspect = program
    .command("inspect")
    .description("read a data directory offline, also while a server uses it; writes nothing")
    .addHelpText("after", INSPECT_EXAMPLES);
  addInspectCommands(inspect, exit);
  const { addArchiveCommands } = await import("./archive/commands.js");
  addArchiveCommands(program, exit);
  const { addMigrationCommands } = await import("./migrate/commands.js");
  addMigrationCommands(program, exit);
}

function addInspectCommands(inspect: Command, exit: (code: number) => void): void {
  const command = (name: string, description: string): Command =>
    inspect
      .command(name)
      .description(description)
      .allowExcessArguments(false)
      .addOption(dataDirOption())
      .addOption(jsonOption());

  command("meta", "ids, revision, sizes").action(async (flags: InspectFlags) => {
    exit(await (await import("./inspect.js")).inspectMeta(flags));
  });
  command("get", "print the value of a key")
    .argument("<key>", "the key, as UTF-8")
    .addOption(revisionOption())
    .action(async (key: string, flags: ReadFlags) => {
      exit(await (await import("./inspect.js")).inspectGet(key, flags));
    });
  command("list", "list keys and values: revision, key, value")
    .argument("[prefix]", "only keys that start with this")
    .addOption(revisionOption())
    .addOption(
      new Option("--limit <n>", "most keys to list (0: all)")
        .default(0)
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    )
    .option("--keys-only", "leave the values out")
    .action(async (prefix: string | undefined, flags: ReadFlags) => {
      exit(await (await import("./inspect.js")).inspectList(prefix, flags));
    });
  command("count", "count keys")
    .argument("[prefix]", "only keys that start with this")
    .addOption(revisionOption())
    .action(async (prefix: string | undefined, flags: ReadFlags) => {
      exit(await (await import("./inspect.js")).inspectCount(prefix, flags));
    });
  command("history", "every version of a key since the last compaction, oldest first")
    .argument("<key>", "the key, as UTF-8")
    .action(async (key: string, flags: InspectFlags) => {
      exit(await (await import("./inspect.js")).inspectHistory(key, flags));
    });
  const revision = wholeNumber(1, Number.MAX_SAFE_INTEGER);
  command("diff", "every change from one revision to another, both included")
    .argument("<from>", "first revision", revision)
    .argument("[to]", "last revision (default: the newest)", revision)
    .action(async (from: number, to: number | undefined, flags: InspectFlags) => {
      exit(await (await import("./inspect.js")).inspectDiff(from, to, flags));
    });
}
