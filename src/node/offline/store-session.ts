// Work on a database in an object store without being its node.
import type { StoreContext } from "../../archive/store-context.js";
import { objectStoreT4Error } from "../../object/object-errors.js";
import { ObjectStoreError, type ObjectStore } from "../../object/object-store.js";
import { openObjectStore } from "../../object/open-object-store.js";
import type { Runtime } from "../../runtime/runtime.js";
import { stayAlive } from "../../runtime/stay-alive.js";

export type { StoreContext };

/**
 * Uses a store that is open, or opens one, by its URL or as it is told, and closes it then. What fails in the store rejects
 * with a T4Error; an abort rejects with its reason.
 */
export async function withStore<Result>(
  given: string | ObjectStore | (() => Promise<ObjectStore>),
  runtime: Runtime,
  signal: AbortSignal,
  use: (context: StoreContext) => Promise<Result>,
): Promise<Result> {
  const { clock, random } = runtime;
  const isOpen = typeof given === "object";
  // Retries and waits hang on timers that do not keep a process.
  return stayAlive(async () => {
    try {
      signal.throwIfAborted();
      const store = isOpen ? given : await opened(given, runtime);
      try {
        return await use({ clock, random, store, signal });
      } finally {
        if (!isOpen) {
          await store.close();
        }
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof ObjectStoreError ? objectStoreT4Error(error) : error;
    }
  });
}

async function opened(
  given: string | (() => Promise<ObjectStore>),
  runtime: Runtime,
): Promise<ObjectStore> {
  return typeof given === "string" ? openObjectStore(given, runtime) : given();
}
