// Writes docs/etcd-flags.md from the table of etcd's flags: `npm run compile && node build/scripts/generate-etcd-flags-doc.js`.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describeTreatment, ETCD_FLAG_GROUPS } from "../src/cli/etcd/flag-table.js";

export const ETCD_FLAGS_DOC: URL = new URL("../../docs/etcd-flags.md", import.meta.url);

const cell = (text: string): string => text.replaceAll("|", "\\|");

export function etcdFlagsDoc(): string {
  const lines = [
    "# etcd's flags and `t4 etcd`",
    "",
    "Every flag that etcd 3.4 to 3.7 knows. Each is also a variable (`--listen-client-urls` is `ETCD_LISTEN_CLIENT_URLS`) and a",
    "key of the configuration file. An ignored flag is named once at start with its reason; one that would mean another cluster",
    "or other data ends the start. How to use it: [drop-in-etcd.md](drop-in-etcd.md).",
    "",
  ];
  for (const [title, group] of Object.entries(ETCD_FLAG_GROUPS)) {
    lines.push(`## ${title}`, "", "| flag | etcd's default | here |", "| --- | --- | --- |");
    for (const [name, flag] of Object.entries(group)) {
      const normal = flag.normal === "" ? "" : `\`${flag.normal}\``;
      lines.push(`| \`--${name}\` | ${normal} | ${cell(describeTreatment(flag))} |`);
    }
    lines.push("");
  }
  lines.push("_Generated from `src/cli/etcd/flag-table.ts`._", "");
  return lines.join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(ETCD_FLAGS_DOC, etcdFlagsDoc());
}
