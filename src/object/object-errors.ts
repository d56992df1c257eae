// How failures of an object store look to whoever embeds or runs a node.
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import type { ObjectStoreError, ObjectStoreErrorCode } from "./object-store.js";

const CODES: Readonly<Record<ObjectStoreErrorCode, T4ErrorCode>> = {
  unavailable: "T4_UNAVAILABLE",
  denied: "T4_OBJECT_STORE_UNUSABLE",
  "not-found": "T4_OBJECT_STORE_UNUSABLE",
  full: "T4_OBJECT_STORE_UNUSABLE",
  unsupported: "T4_OBJECT_STORE_UNUSABLE",
  damaged: "T4_CORRUPT",
  cancelled: "T4_CANCELLED",
};

/** The message says already what, of which store, and what to do about it. */
export function objectStoreT4Error(error: ObjectStoreError): T4Error {
  return new T4Error(CODES[error.code], error.message, { cause: error });
}
