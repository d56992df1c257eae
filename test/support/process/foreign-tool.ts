// Foreign programs that some tests need. On a developer's machine a missing one skips the test and says why; in CI
// (`CI=true`) it fails, so that nobody takes a suite that ran nothing for a green one.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const missing = (tool: string): boolean =>
  !(process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** For `test(name, { skip: skipWithout("etcd") }, …)`: the reason to skip, or false to run. Throws in CI. */
export function skipWithout(...tools: readonly string[]): string | false {
  return skipIfAbsent(tools.filter(missing));
}

/** The same for a module of the system's own Python, where Debian puts its packages. */
export function skipWithoutPythonModule(name: string): string | false {
  const { status } = spawnSync("/usr/bin/python3", ["-c", `import ${name}`]);
  return skipIfAbsent(status === 0 ? [] : [`the Python module ${name}`]);
}

function skipIfAbsent(absent: readonly string[]): string | false {
  if (absent.length === 0) {
    return false;
  }
  const reason = `not installed: ${absent.join(", ")}`;
  if (process.env["CI"] === "true") {
    throw new Error(`${reason}; CI must have what the tests drive`);
  }
  console.log(`skipped: ${reason}`);
  return reason;
}
