// Branches of a database in an object store, made and removed by a program that need not be its node.
import type { StoreContext } from "../../archive/store-context.js";
import { unfork } from "../../checkpoint/branch/unfork.js";
import { findRunner } from "../../election/find-runner.js";
import type { Runtime } from "../../runtime/runtime.js";

/** Waits, if the branch's lock is held, for one time to live of it. Throws as `unfork`. */
export async function unforkBranch(
  context: StoreContext,
  branchId: string,
  runtime: Runtime,
): Promise<void> {
  const { signal } = context;
  await unfork({
    context,
    branchId,
    findRunner: async (store) => {
      const runner = await findRunner({ runtime, store, signal });
      return runner === null ? null : `node ${runner.nodeId} at ${runner.address}`;
    },
    logger: runtime.logger,
  });
}
