// The commands around an object store and their help. What a command does is loaded when it runs.
import { Option, type Command } from "../commander.js";
import { archiveOptions, objectStoreOptions } from "../flags/archive-flags.js";
import { clientOptions } from "../flags/client-flags.js";
import { option, wholeNumber } from "../flags/flag-parsers.js";
import { dataDirOption, newNodeIdOption, runOptions } from "../flags/flags.js";
import type { ForkFlags } from "./branch.js";
import type { DoctorFlags } from "./doctor.js";
import type { GcFlags } from "./gc.js";
import { pointOptions } from "./point.js";
import type { RestoreFlags, RestoreToFlags } from "./restore.js";
import type { RestorePointFlags } from "./restore-point.js";
import type { StoreCommandFlags } from "./session.js";

const STORE_EXAMPLE = "--object-store s3://bucket/prod/";

const RESTORE_EXAMPLES = `
Examples:
  t4 restore list ${STORE_EXAMPLE}
  t4 restore to ${STORE_EXAMPLE} --data-dir ./restored --revision 4711
  t4 restore to ${STORE_EXAMPLE} --data-dir ./restored --time 2026-05-04T12:30:00Z
  t4 restore point ${STORE_EXAMPLE} --out ./point.json
  t4 restore to --restore-point ./point.json --data-dir ./restored
  t4 restore checkpoint checkpoint/0000000000000001/0000000000000042.json ${STORE_EXAMPLE} --data-dir ./restored

A restore point names the versions of all objects that one state needs, in a bucket that has versioning: it can be restored as long
as the bucket keeps them, also after the objects were deleted.

What is restored is a database of its own that needs no object store. To go on with a database after its disk was lost, start
t4 run with an empty data directory and the same object store instead; to begin a branch, t4 branch fork.`;

const BRANCH_EXAMPLES = `
Examples:
  t4 branch fork ${STORE_EXAMPLE} --branch-id experiment
  t4 branch fork ${STORE_EXAMPLE} --branch-id before-the-accident --time 2026-05-04T12:30:00Z
  t4 branch list ${STORE_EXAMPLE}
  t4 branch unfork experiment ${STORE_EXAMPLE}`;

const STATUS_EXAMPLES = `
Examples:
  t4 status ${STORE_EXAMPLE}
  t4 status --object-store file:///var/lib/t4-objects --json`;

const GC_EXAMPLES = `
Examples:
  t4 gc ${STORE_EXAMPLE} --dry-run                what would be condemned and deleted
  t4 gc ${STORE_EXAMPLE} --restore-window 1h
  t4 gc ${STORE_EXAMPLE} --endpoint https://10.0.0.1:3379 --cacert ca.pem --user root:secret

A node that runs collects by itself after each checkpoint; this asks it to do so now, through its client port. For a database that
nobody runs it takes the lock. What is needed no more is condemned first, and deleted by a run after the grace.`;

const VERIFY_EXAMPLES = `
Examples:
  t4 verify ${STORE_EXAMPLE}
  t4 verify --object-store file:///var/lib/t4-objects --json`;

const DOCTOR_EXAMPLES = `
Examples:
  t4 doctor ${STORE_EXAMPLE} --data-dir /var/lib/t4
  t4 doctor ${STORE_EXAMPLE} --wal-sync-upload false    the bill with other settings
  t4 doctor --data-dir /var/lib/t4                            only the disk and the clock`;

type Exit = (code: number) => void;

/** `exit` is told the exit code of the command that ran. */
export function addArchiveCommands(program: Command, exit: Exit): void {
  storeCommand(program, "status", "what an object store holds of a database, and who leads")
    .addHelpText("after", STATUS_EXAMPLES)
    .action(async (flags: StoreCommandFlags) => {
      exit(await (await import("./status.js")).status(flags));
    });
  addRestoreCommands(program, exit);
  addBranchCommands(program, exit);
  addGc(program, exit);
  storeCommand(program, "verify", "read all that a restore may need again, and check every hash")
    .addHelpText("after", VERIFY_EXAMPLES)
    .action(async (flags: StoreCommandFlags) => {
      exit(await (await import("./verify.js")).verify(flags));
    });
  addDoctor(program, exit);
}

function storeCommand(parent: Command, name: string, description: string): Command {
  const command = parent.command(name).description(description).allowExcessArguments(false);
  return withOptions(command, [
    ...objectStoreOptions(),
    new Option("--json", "one JSON object a line"),
  ]);
}

function withOptions(command: Command, options: readonly Option[]): Command {
  for (const each of options) {
    command.addOption(each);
  }
  return command;
}

/** Those of `t4 run` that a command shares, with the same defaults and variables. */
function sharedOptions(names: readonly string[]): Option[] {
  return runOptions().filter(({ long }) => names.includes(long ?? ""));
}

function addRestoreCommands(program: Command, exit: Exit): void {
  const restore = program
    .command("restore")
    .description("list what can be restored, and restore it into a new data directory")
    .addHelpText("after", RESTORE_EXAMPLES);
  storeCommand(restore, "list", "checkpoints, and which revisions can be restored").action(
    async (flags: StoreCommandFlags) => {
      exit(await (await import("./restore.js")).restoreList(flags));
    },
  );
  withOptions(
    storeCommand(
      restore,
      "point",
      "pin a state by the versions of its objects, in a bucket with versioning",
    ),
    [
      ...pointOptions(),
      new Option("--out <file>", "a new file for the restore point (default: standard output)"),
    ],
  ).action(async (flags: RestorePointFlags) => {
    exit(await (await import("./restore-point.js")).restorePoint(flags));
  });
  const target = (): Option[] => [
    option("--data-dir <dir>", "a new or empty directory").makeOptionMandatory(),
    newNodeIdOption(),
    new Option(
      "--bump-revision <n>",
      "raise the revision by so much at its first start, for clients that have seen later ones",
    ).argParser(wholeNumber(0, 1_000_000_000_000)),
    new Option(
      "--mark-compacted",
      "say that all before is compacted, so that watchers begin anew; with --bump-revision, and only then",
    ),
  ];
  withOptions(
    storeCommand(restore, "checkpoint", "restore a checkpoint").argument(
      "<key>",
      "the checkpoint, as t4 restore list names it",
    ),
    target(),
  ).action(async (key: string, flags: RestoreFlags) => {
    exit(await (await import("./restore.js")).restoreCheckpoint(key, flags));
  });
  withOptions(
    storeCommand(restore, "to", "restore a revision, a moment, a checkpoint or a restore point"),
    [
      ...pointOptions(),
      new Option(
        "--restore-point <file>",
        "what t4 restore point has made; without --object-store, from where it was made",
      ),
      ...target(),
    ],
  ).action(async (flags: RestoreToFlags) => {
    exit(await (await import("./restore.js")).restoreTo(flags));
  });
}

function addBranchCommands(program: Command, exit: Exit): void {
  const branch = program
    .command("branch")
    .description("fork a database without copying it, list branches, remove them")
    .addHelpText("after", BRANCH_EXAMPLES);
  withOptions(storeCommand(branch, "fork", "begin a branch of a database, at once"), [
    new Option(
      "--branch-id <id>",
      "its name: letters, digits, '.', '_', '-'",
    ).makeOptionMandatory(),
    new Option(
      "--prefix <prefix>",
      "where its objects go: a prefix of the bucket, or an absolute directory (default: branch/<id>/ below the source)",
    ),
    ...pointOptions(),
  ]).action(async (flags: ForkFlags) => {
    exit(await (await import("./branch.js")).branchFork(flags));
  });
  storeCommand(branch, "unfork", "remove a branch and its objects")
    .argument("<id>", "the branch's name")
    .action(async (id: string, flags: StoreCommandFlags) => {
      exit(await (await import("./branch.js")).branchUnfork(id, flags));
    });
  storeCommand(branch, "list", "the branches of a database").action(
    async (flags: StoreCommandFlags) => {
      exit(await (await import("./branch.js")).branchList(flags));
    },
  );
}

function addGc(program: Command, exit: Exit): void {
  const shared = archiveOptions().filter(({ long }) =>
    ["--restore-window", "--gc-grace"].includes(long ?? ""),
  );
  withOptions(storeCommand(program, "gc", "remove what nothing needs from an object store"), [
    new Option("--keep <n>", "checkpoints that are kept at least")
      .env("T4_CHECKPOINT_KEEP")
      .default(3)
      .argParser(wholeNumber(1, 1000)),
    ...shared,
    new Option("--dry-run", "say what would be done, and do nothing"),
    new Option(
      "--endpoint <address>",
      "client port of the node that runs, as host:port or a URL (default: what its lock says)",
    ),
    ...clientOptions(),
  ])
    .addHelpText("after", GC_EXAMPLES)
    .action(async (flags: GcFlags) => {
      exit(await (await import("./gc.js")).gc(flags));
    });
}

function addDoctor(program: Command, exit: Exit): void {
  withOptions(
    storeCommand(
      program,
      "doctor",
      "whether object store, disk and clock are fit, and what S3 costs",
    ),
    [
      dataDirOption(),
      ...sharedOptions([
        "--wal-sync-upload",
        "--wal-puts-per-second-max",
        "--checkpoint-interval-min",
        "--checkpoint-objects",
        "--segment-max-age-sec",
      ]),
    ],
  )
    .addHelpText("after", DOCTOR_EXAMPLES)
    .action(async (flags: DoctorFlags) => {
      exit(await (await import("./doctor.js")).doctor(flags));
    });
}
