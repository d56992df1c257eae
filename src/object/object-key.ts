// What a key may be, in one place for every store: names that every object store and every file system can hold.
import { assert } from "../lib/assert.js";
import {
  OBJECT_KEY_BYTES_MAX,
  OBJECT_SEGMENT_BYTES_MAX,
  ObjectStoreError,
} from "./object-store.js";

const SEGMENT = new RegExp(`^[A-Za-z0-9._~-]{1,${OBJECT_SEGMENT_BYTES_MAX}}$`);

export function isObjectSegment(segment: string): boolean {
  return SEGMENT.test(segment) && segment !== "." && segment !== "..";
}

export function isObjectKey(key: string): boolean {
  return key.length <= OBJECT_KEY_BYTES_MAX && key.split("/").every(isObjectSegment);
}

/** Keys are made by the program, so a bad one is a bug. */
export function assertObjectKey(key: string): void {
  assert(isObjectKey(key), `not a key of an object: ${JSON.stringify(key)}`);
}

/**
 * The prefix that `path` names from `prefix`, as in a relative URL: both are empty or end in "/". `storeUrl` is for the
 * message when it leads above the root.
 */
export function resolvePrefix(prefix: string, path: string, storeUrl: string): string {
  const segments = prefix.split("/").slice(0, -1);
  for (const segment of path.split("/")) {
    if (segment === "..") {
      if (segments.pop() === undefined) {
        throw new ObjectStoreError(
          "unsupported",
          `"${path}" leads above the root of ${storeUrl}: name a place within it`,
        );
      }
    } else if (segment !== "" && segment !== ".") {
      assert(isObjectSegment(segment), `not a path in an object store: ${JSON.stringify(path)}`);
      segments.push(segment);
    }
  }
  return segments.map((segment) => `${segment}/`).join("");
}
