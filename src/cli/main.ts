#!/usr/bin/env node
// The entry of `t4`: parses, runs, and ends the process with an exit code.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CommanderError } from "./commander.js";
import { CommandError, describeError, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "./exit.js";
import { buildProgram } from "./program.js";

/** From the package file nearest above: this module runs from dist/ and, in tests, from build/src/. */
function packageVersion(): string {
  for (const above of ["../../package.json", "../../../package.json"]) {
    try {
      const text = readFileSync(new URL(above, import.meta.url), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not there: one level further up.
    }
  }
  return "unknown";
}

// A reader that has seen enough (`t4 inspect list | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT_OK : EXIT_FAILED);
});

/** The arguments of `t4 etcd`, whose flags are not commander's; null for another command. */
function etcdArguments(): string[] | null {
  const [, path = "", first, ...rest] = process.argv;
  // A link with that name stands for it.
  if (basename(path) === "etcd") {
    return process.argv.slice(2);
  }
  return first === "etcd" ? rest : null;
}

async function runProgram(): Promise<void> {
  const program = await buildProgram(process.argv.slice(2), packageVersion(), (code) => {
    process.exitCode = code;
  });
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((c) => c.commands),
  ]) {
    command.exitOverride();
  }
  await program.parseAsync();
}

try {
  const args = etcdArguments();
  if (args === null) {
    await runProgram();
  } else {
    const { runEtcd } = await import("./etcd/run-etcd.js");
    process.exitCode = await runEtcd(args, packageVersion());
  }
} catch (error) {
  if (error instanceof CommanderError) {
    // Already printed. Help and version end with 0.
    process.exitCode = error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
  } else {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = error instanceof CommandError ? error.exitCode : EXIT_FAILED;
  }
}
