// Work on a database in an object store without being its node.
import type { StoreContext } from "../../archive/store-context.js";
import { objectStoreT4Error } from "../../object/object-errors.js";
import { ObjectStoreError, type ObjectStore } from "../../object/object-store.js";
import { openObjectStore } from "../../object/open-object-store.js";
import type { Runtime } from "../../runtime/runtime.js";

export type { StoreContext };

/**
 * Opens the store if it is named by its URL, and closes it then. What fails in the store rejects with a T4Error; an abort
 * rejects with its reason.
 */
export async function withStore<Result>(
  given: string | ObjectStore,
  runtime: Runtime,
  signal: AbortSignal,
  use: (context: StoreContext) => Promise<Result>,
): Promise<Result> {
  const { clock, random } = runtime;
  try {
    signal.throwIfAborted();
    if (typeof given !== "string") {
      return await use({ clock, random, store: given, signal });
    }
    const store = await openObjectStore(given, runtime);
    try {
      return await use({ clock, random, store, signal });
    } finally {
      await store.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ObjectStoreError ? objectStoreT4Error(error) : error;
  }
}
