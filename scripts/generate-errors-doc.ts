// Writes docs/errors.md from the table of error codes: `npm run compile && node build/scripts/generate-errors-doc.js`.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ERROR_CODES } from "../src/core/errors.js";

export const ERRORS_DOC: URL = new URL("../../docs/errors.md", import.meta.url);

export function errorsDoc(): string {
  const sections = Object.entries(ERROR_CODES).map(([code, text]) => `## ${code}\n\n${text}\n`);
  return [
    "# Error codes\n",
    "Every error that the package throws on purpose is a `T4Error` with one of these codes in `code`. Codes are stable;",
    "messages are for people and may change.\n",
    "_Generated from `src/core/errors.ts`._\n",
    ...sections,
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(ERRORS_DOC, errorsDoc());
}
