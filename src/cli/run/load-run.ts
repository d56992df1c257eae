// Loads what serves, some 250 modules, in the shortest time: the log's thread starts meanwhile, and the files are read one
// after the other where Node can load ES modules so. That takes two thirds of the time that import() takes, which sends
// each file through the thread pool.
// Must never: be called while an import() goes on that shares modules with the server; Node refuses to load these twice.
import { createRequire } from "node:module";
import type { RunFlags } from "../flags/flags.js";
import type { RunManner } from "./run.js";

const require = createRequire(import.meta.url);

/** `path` is what is imported, as this module names it. */
async function loadAtOnce<Module>(path: string, importIt: () => Promise<Module>): Promise<Module> {
  return process.features.require_module ? (require(path) as Module) : importIt();
}

/** Resolves to `run`, for one call. */
export async function loadRun(): Promise<(flags: RunFlags, manner?: RunManner) => Promise<number>> {
  const [{ startLogThread }, { nodeThreads }] = [
    await loadAtOnce("../../log/log-thread.js", async () => import("../../log/log-thread.js")),
    await loadAtOnce(
      "../../runtime/node-threads.js",
      async () => import("../../runtime/node-threads.js"),
    ),
  ];
  const logThread = startLogThread(nodeThreads);
  const { run } = await loadAtOnce("./run.js", async () => import("./run.js"));
  return async (flags, manner) => run(flags, logThread, manner);
}
