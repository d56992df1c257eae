// Branches of a database in an object store, removed by a program that need not be its node.
import type { StoreContext } from "../../archive/store-context.js";
import { unfork } from "../../checkpoint/branch/unfork.js";
import { findRunner, type FindRunnerOptions } from "../../election/find-runner.js";
import type { Runtime } from "../../runtime/runtime.js";

/** Waits, if the branch's lock is held, for one time to live of it, and tells `waiting`. Throws as `unfork`. */
export async function unforkBranch(
  context: StoreContext,
  branchId: string,
  runtime: Runtime,
  waiting?: FindRunnerOptions["waiting"],
): Promise<void> {
  const { signal } = context;
  await unfork({
    context,
    branchId,
    findRunner: async (store) => {
      const told = waiting === undefined ? {} : { waiting };
      const runner = await findRunner({ runtime, store, signal, ...told });
      return runner === null ? null : `node ${runner.nodeId} at ${runner.address}`;
    },
    logger: runtime.logger,
  });
}
