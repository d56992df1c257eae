// The methods of etcd's API that our server does not have yet: the one place that tests look at to leave them out. A test
// holds the list to the running server in both directions, so that it shrinks with every service that is added.
import { subjectName } from "../support/process/server-process.js";

const methodsByService: Readonly<Record<string, readonly string[]>> = {};

/** Paths such as `/etcdserverpb.KV/RangeStream`. Each is answered UNIMPLEMENTED. */
export const notYetServed: ReadonlySet<string> = new Set(
  Object.entries(methodsByService).flatMap(([service, methods]) =>
    methods.map((method) => `/${service}/${method}`),
  ),
);

/** For `test(name, { skip: skipUntilServed(path) }, …)`: the reason to skip, or false to run. */
export function skipUntilServed(...paths: readonly string[]): string | false {
  const missing = paths.filter((path) => subjectName === "t4" && notYetServed.has(path));
  if (missing.length === 0) {
    return false;
  }
  const reason = `not served yet: ${missing.join(", ")}`;
  console.log(`skipped: ${reason}`);
  return reason;
}
