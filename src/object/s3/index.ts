// `import { s3ObjectStore } from "t4db/s3"`. Loads the AWS SDK; `t4db` itself does not.
export { openS3ObjectStore as s3ObjectStore } from "./s3-object-store.js";
export type { S3Ports } from "./s3-object-store.js";
export type { S3StoreOptions } from "./s3-options.js";
export type {
  ByteRange,
  CallOptions,
  ObjectInfo,
  ObjectSource,
  ObjectStore,
  ObjectStoreErrorCode,
  ObjectTag,
  PutCondition,
  PutOutcome,
  StoredObject,
} from "../object-store.js";
export { ObjectStoreError } from "../object-store.js";
