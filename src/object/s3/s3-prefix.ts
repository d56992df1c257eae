// The prefix of a store within its bucket: "" for the whole bucket, or segments that each end in "/".
import { T4Error } from "../../core/errors.js";
import { OBJECT_KEY_BYTES_MAX } from "../object-store.js";

/** S3 allows names of 1,024 bytes, and a key within the prefix takes up to OBJECT_KEY_BYTES_MAX of them. */
const PREFIX_BYTES_MAX = 1024 - OBJECT_KEY_BYTES_MAX;

/** "a/b", "/a/b/" and "a//b/" are all "a/b/". Throws T4_INVALID_ARGUMENT for what no store could hold. */
export function normalizePrefix(prefix: string): string {
  const segments = prefix.split("/").filter((segment) => segment !== "");
  // URL libraries fold such segments away, so requests would go elsewhere than they were signed for.
  if (segments.some((segment) => segment === "." || segment === "..")) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `the prefix "${prefix}" has a segment "." or "..": S3 names have none`,
    );
  }
  const normalized = segments.map((segment) => `${segment}/`).join("");
  if (Buffer.byteLength(normalized) > PREFIX_BYTES_MAX) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `the prefix has ${Buffer.byteLength(normalized)} bytes: at most ${PREFIX_BYTES_MAX} leave room for keys`,
    );
  }
  return normalized;
}
