// Writes docs/configuration.md from the table of flags: `npm run compile && node build/scripts/generate-configuration-doc.js`.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Option } from "commander";
import { runOptions } from "../src/cli/flags/flags.js";

export const CONFIGURATION_DOC: URL = new URL("../../docs/configuration.md", import.meta.url);

function shownDefault(option: Option): string {
  if (option.defaultValueDescription !== undefined) {
    return `\`${option.defaultValueDescription}\``;
  }
  return option.defaultValue === undefined ? "" : `\`${String(option.defaultValue)}\``;
}

function row(option: Option): string {
  const choices =
    option.argChoices === undefined
      ? ""
      : ` (${option.argChoices.map((choice) => `\`${choice}\``).join(", ")})`;
  return `| \`${option.flags}\` | \`${option.envVar ?? ""}\` | ${shownDefault(option)} | ${option.description}${choices} |`;
}

export function configurationDoc(): string {
  return [
    "# Configuration of `t4 run`",
    "",
    "Every flag is also a variable. A flag on the command line wins over its variable; a variable that starts with `T4_` and",
    "means nothing is warned about at start. A bad value of either ends the start with exit code 2 and says what is expected.",
    "",
    "| flag | variable | default | what |",
    "| --- | --- | --- | --- |",
    ...runOptions().map(row),
    "",
    "_Generated from `src/cli/flags/flags.ts`._",
    "",
    "## Exit codes",
    "",
    "| code | meaning |",
    "| --- | --- |",
    "| 0 | stopped by SIGTERM or SIGINT after running calls were answered |",
    "| 1 | could not start (the message says why), or stopped by itself because a file could not be written |",
    "| 2 | wrong use: an unknown flag, a bad value, a file of a flag that cannot be read |",
    "",
    "A second SIGTERM or SIGINT ends the process at once.",
    "",
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(CONFIGURATION_DOC, configurationDoc());
}
