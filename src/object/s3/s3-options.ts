// What a user sets of an S3 store, and the values of what is left out.
import { T4Error } from "../../core/errors.js";

export interface S3StoreOptions {
  readonly bucket: string;
  /** Within the bucket; slashes at its ends mean nothing. Default: the whole bucket. */
  readonly prefix?: string;
  /** URL of a store other than AWS. */
  readonly endpoint?: string;
  /** Default: AWS_REGION, then the profile's, then us-east-1. */
  readonly region?: string;
  /** A profile of the shared AWS configuration. Default: AWS_PROFILE, then "default". */
  readonly profile?: string;
  /** With `secretAccessKey`: these credentials instead of those of the environment. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** The bucket in the path of a URL rather than in its host name. Default: true if there is an endpoint. */
  readonly forcePathStyle?: boolean;
  /** A request that takes longer, plus the time its bytes may take, is given up. Default 10,000. */
  readonly attemptTimeoutMs?: number;
  /** Requests that may be repeated are, until this long after the first. Default 30,000. */
  readonly retryTimeoutMs?: number;
  /** The slowest link on which a request still gets the time it needs. Default 262,144. */
  readonly bytesPerSecondMin?: number;
}

export interface S3Deadlines {
  readonly attemptTimeoutMs: number;
  readonly retryTimeoutMs: number;
  readonly bytesPerSecondMin: number;
}

export function deadlinesOf(options: S3StoreOptions): S3Deadlines {
  const deadlines = {
    attemptTimeoutMs: options.attemptTimeoutMs ?? 10_000,
    retryTimeoutMs: options.retryTimeoutMs ?? 30_000,
    bytesPerSecondMin: options.bytesPerSecondMin ?? 256 * 1024,
  };
  for (const [name, value] of Object.entries(deadlines)) {
    if (!Number.isFinite(value) || value <= 0) {
      throw new T4Error("T4_INVALID_ARGUMENT", `${name} is ${value}: it must be above 0`);
    }
  }
  return deadlines;
}

/** Throws T4_INVALID_ARGUMENT for what no store could be opened with. */
export function checkOptions(options: S3StoreOptions): void {
  if (options.bucket === "" || options.bucket.includes("/")) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `"${options.bucket}" is no name of a bucket: give the name alone, and what follows it as the prefix`,
    );
  }
  if ((options.accessKeyId === undefined) !== (options.secretAccessKey === undefined)) {
    const [given, missing] =
      options.accessKeyId === undefined
        ? ["secret access key", "access key id"]
        : ["access key id", "secret access key"];
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `there is a ${given} and no ${missing}: set both, or neither to use the credentials of the environment`,
    );
  }
  if (options.endpoint !== undefined && !/^https?:\/\/[^/]/u.test(options.endpoint)) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `the endpoint "${options.endpoint}" is no URL: write it like https://s3.example.com`,
    );
  }
}
