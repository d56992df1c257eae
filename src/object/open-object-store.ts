// An object store by its URL, as `--object-store` takes it.
import { T4Error } from "../core/errors.js";
import type { Metrics } from "../runtime/metrics/metrics.js";
import { openDirectoryObjectStore } from "./directory/directory-object-store.js";
import { directoryOfUrl } from "./directory/node-files.js";
import type { ObjectStore } from "./object-store.js";
import type { RetryWorld } from "./retry.js";
import type { S3StoreOptions } from "./s3/s3-options.js";

const FORMS = "file:///path for a directory, s3://bucket/prefix for S3";

function unknownUrl(url: string, what: string, cause?: unknown): T4Error {
  return new T4Error("T4_INVALID_ARGUMENT", `"${url}" is no object store: ${what}. Give ${FORMS}`, {
    cause,
  });
}

/** What a URL does not say of an S3 store. */
export type S3Options = Omit<S3StoreOptions, "bucket" | "prefix">;

/** Throws T4_INVALID_ARGUMENT for a URL that is none, or the store's own ObjectStoreError. */
export async function openObjectStore(
  url: string,
  world: RetryWorld & { readonly metrics?: Metrics },
  s3: S3Options = {},
): Promise<ObjectStore> {
  const scheme = /^([a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case "file":
      return openDirectoryObjectStore({ ...world, directory: directoryIn(url) });
    case "s3": {
      const { bucket, prefix } = bucketIn(url);
      // Loaded only here: the SDK takes 200 ms.
      const { openS3ObjectStore } = await import("./s3/s3-object-store.js");
      return openS3ObjectStore({ ...s3, bucket, prefix }, world);
    }
    case "memory":
      throw unknownUrl(url, "what is in memory is lost with the process, so it keeps nothing");
    case undefined:
      throw unknownUrl(url, "it does not begin with a scheme");
    default:
      throw unknownUrl(url, `nothing is known by "${scheme}:"`);
  }
}

function bucketIn(url: string): { readonly bucket: string; readonly prefix: string } {
  const match = /^s3:\/\/([^/?#]+)(?:\/([^?#]*))?$/i.exec(url);
  if (match === null) {
    throw unknownUrl(url, "a bucket is named as s3://bucket/prefix");
  }
  return { bucket: match[1] ?? "", prefix: match[2] ?? "" };
}

function directoryIn(url: string): string {
  if (!/^file:\/\/\/[^?#]+$/i.test(url)) {
    throw unknownUrl(url, "a directory is named by its absolute path, after three slashes");
  }
  try {
    return directoryOfUrl(url);
  } catch (cause) {
    throw unknownUrl(url, (cause as Error).message, cause);
  }
}
