// Deletes what a list finds, page by page.
import type { ObjectStore } from "../object/object-store.js";

/** As many as S3 takes in one call. */
export const DELETE_KEYS_MAX: number = 1_000;

/** Deletes the objects below `prefix` whose keys `isOurs` knows, and returns how many. Throws an ObjectStoreError. */
export async function deleteListed(
  store: ObjectStore,
  prefix: string,
  isOurs: (key: string) => boolean,
): Promise<number> {
  let deleted = 0;
  let page: string[] = [];
  for await (const { key } of store.list(prefix)) {
    if (isOurs(key)) {
      page.push(key);
    }
    if (page.length === DELETE_KEYS_MAX) {
      await store.delete(page);
      deleted += page.length;
      page = [];
    }
  }
  if (page.length > 0) {
    await store.delete(page);
  }
  return deleted + page.length;
}
