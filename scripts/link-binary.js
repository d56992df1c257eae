// Makes `npx t4` work in a checkout: tsc writes files without the run bit, and npm links the binaries of dependencies only,
// not the package's own.
import { chmodSync, existsSync, rmSync, symlinkSync, writeFileSync } from "node:fs";

const target = "dist/cli/main.js";
const link = "node_modules/.bin/t4";

chmodSync(target, 0o755);
if (existsSync("node_modules/.bin")) {
  rmSync(link, { force: true });
  if (process.platform === "win32") {
    writeFileSync(`${link}.cmd`, `@node "%~dp0\\..\\..\\dist\\cli\\main.js" %*\r\n`);
  } else {
    symlinkSync("../../dist/cli/main.js", link);
  }
}
