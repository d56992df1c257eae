// What an error of the SDK means: for the caller, for whoever might send the request again, and for the person who has
// to do something about it. Errors are told apart by S3's codes and HTTP's statuses, never by their messages.
import { AssertionError } from "../../lib/assert.js";
import { ObjectStoreError, type ObjectStoreErrorCode } from "../object-store.js";
import type { S3Operation } from "./s3-operation.js";
import { actionsOf } from "./s3-operation.js";

/** Where a request went, for messages. */
export interface S3Place {
  /** "s3://bucket/prefix/key" */
  readonly url: string;
  readonly bucket: string;
  readonly region: string;
  /** Null for AWS's own. */
  readonly endpoint: string | null;
  /** Null if no certain one was asked for. */
  readonly profile: string | null;
}

export interface S3Failure {
  readonly error: ObjectStoreError;
  /** The same request may succeed when it is sent again. */
  readonly again: boolean;
  /** The request may have reached the store. */
  readonly sent: boolean;
  /** The store asked to be left alone for this long. */
  readonly retryAfterMs: number;
  /** The request was refused for its date, and the SDK has learned the store's time from the answer. */
  readonly clockCorrected: boolean;
}

/** The parts of the SDK's errors that are looked at. */
interface SdkError extends Error {
  readonly code?: string;
  /** Whose fault it was, in S3's eyes: only errors that S3 answered have it. */
  readonly $fault?: string;
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

interface Meaning {
  readonly code: ObjectStoreErrorCode;
  readonly says: string;
  readonly again?: boolean;
}

/** Thrown within a call for a result that is an answer of S3 but no success. */
export function refusal(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** The name of an object that the store gave back cut short or changed. */
export const DAMAGED_BODY = "T4DamagedBody";

export function failureOf(thrown: unknown, operation: S3Operation, place: S3Place): S3Failure {
  if (thrown instanceof AssertionError) {
    throw thrown;
  }
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as SdkError;
  // An answer that was cut short says nothing, whatever its status was.
  const status = error.$fault === undefined ? undefined : error.$metadata?.httpStatusCode;
  const headers = error.$response?.headers ?? {};
  const meaning =
    wrongRegion(error, status, headers, place) ??
    KNOWN[error.name]?.(place, operation) ??
    meaningOfStatus(status, place, operation) ??
    meaningWithoutAnswer(error, place);
  const facts = [error.name, ...(status === undefined ? [] : [`status ${status}`])].join(", ");
  const text = error.message === "" || error.message === error.name ? "" : `: ${error.message}`;
  const store = place.endpoint ?? `AWS, ${place.region}`;
  return {
    error: new ObjectStoreError(
      meaning.code,
      `${operation} of ${place.url} (${store}): ${meaning.says} [${facts}${text}]`,
      { cause: thrown },
    ),
    again: meaning.again ?? meaning.code === "unavailable",
    sent: error.name !== "CredentialsProviderError",
    retryAfterMs: retryAfterMs(headers),
    clockCorrected: error.$metadata?.clockSkewCorrected === true,
  };
}

const CREDENTIALS_HELP =
  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --s3-access-key-id and --s3-secret-access-key, " +
  "or name a profile of the AWS configuration with --s3-profile; a role of the machine, pod or task is found by itself";

const FULL: Meaning = {
  code: "full",
  says: "the store has no room for it: free space, or raise the quota",
};

const NOT_KNOWN: Meaning = {
  code: "unsupported",
  says: "the store does not know what was asked of it: see docs/object-stores.md for stores that do",
};

const BUSY: Meaning = { code: "unavailable", says: "the store asks for fewer requests: try later" };

const DAMAGED: Meaning = {
  code: "damaged",
  says: "the bytes were changed or lost on their way",
  again: true,
};

const EXPIRED: Meaning = {
  code: "denied",
  says: "the temporary credentials are no longer valid: renew them (for a profile: aws sso login)",
};

const denied = (place: S3Place, operation: S3Operation): Meaning => ({
  code: "denied",
  says:
    `the credentials do not allow it: it needs ${actionsOf(operation)} on bucket "${place.bucket}", ` +
    "and no policy that denies it (docs/object-stores.md has the policy)",
});

const noBucket = (place: S3Place): Meaning => ({
  code: "not-found",
  says:
    `there is no bucket "${place.bucket}" there: create it, or correct its name (--s3-bucket) ` +
    "or the endpoint (--s3-endpoint)",
});

const unknownKey = (): Meaning => ({
  code: "denied",
  says: `the store does not know the access key id: ${CREDENTIALS_HELP}`,
});

/** Stores on a file system (versitygw, MinIO) cannot have the object "a" beside "a/b". */
const nameTaken = (): Meaning => ({
  code: "unsupported",
  says: "the store cannot hold an object whose name is also a folder of another's: give T4 a prefix of its own",
});

type Explain = (place: S3Place, operation: S3Operation) => Meaning;

/** By S3's error code, or the name of an error of the SDK. */
const KNOWN: Readonly<Record<string, Explain>> = {
  AccessDenied: denied,
  Forbidden: denied,
  AllAccessDisabled: denied,
  AccountProblem: denied,
  InvalidAccessKeyId: unknownKey,
  /** versitygw, with status 404. */
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: () => ({
    code: "denied",
    says:
      "the signature is wrong: the secret access key does not belong to the access key id, " +
      "or something between here and the store changes requests",
  }),
  ExpiredToken: () => EXPIRED,
  ExpiredTokenException: () => EXPIRED,
  InvalidToken: () => EXPIRED,
  TokenRefreshRequired: () => EXPIRED,
  RequestTimeTooSkewed: () => ({
    code: "denied",
    says: "this machine's clock and the store's are more than 15 minutes apart: set the clock",
  }),
  CredentialsProviderError: (place) => ({
    code: "denied",
    says:
      place.profile === null
        ? `no credentials were found: ${CREDENTIALS_HELP}`
        : `no credentials were found in the profile "${place.profile}": correct --s3-profile, or its files ` +
          "~/.aws/config and ~/.aws/credentials",
  }),
  NoSuchBucket: noBucket,
  InvalidBucketName: noBucket,
  NotImplemented: () => NOT_KNOWN,
  MethodNotAllowed: () => NOT_KNOWN,
  ExistingObjectIsDirectory: nameTaken,
  ObjectParentIsFile: nameTaken,
  XMinioObjectExistsAsDirectory: nameTaken,
  XMinioParentIsObject: nameTaken,
  EntityTooLarge: () => ({ code: "full", says: "the store takes no object of this size" }),
  QuotaExceeded: () => FULL,
  InsufficientStorage: () => FULL,
  InsufficientStorageSpace: () => FULL,
  XMinioStorageFull: () => FULL,
  XAmzContentSHA256Mismatch: () => DAMAGED,
  BadDigest: () => DAMAGED,
  [DAMAGED_BODY]: () => DAMAGED,
  InvalidRange: () => ({
    code: "damaged",
    says: "the object is shorter than it was when it was written",
  }),
  RequestTimeout: () => ({ code: "unavailable", says: "the store waited in vain for the body" }),
  OperationAborted: () => ({ code: "unavailable", says: "another request was in the way" }),
  NoSuchUpload: () => ({
    code: "unavailable",
    says: "the upload of its parts was removed before it was complete: try later",
    again: false,
  }),
  SlowDown: () => BUSY,
  TooManyRequests: () => BUSY,
};

function meaningOfStatus(
  status: number | undefined,
  place: S3Place,
  operation: S3Operation,
): Meaning | null {
  switch (status) {
    case undefined:
      return null;
    case 401:
    case 403:
      return denied(place, operation);
    case 404:
      return {
        code: "not-found",
        says: "what answered knows no such bucket or is no S3 server: check --s3-endpoint and --s3-bucket",
      };
    case 408:
    case 409:
    case 425:
      return { code: "unavailable", says: "the store did not take it this time: try later" };
    case 429:
      return BUSY;
    case 413:
      return { code: "full", says: "the store takes no object of this size" };
    case 507:
      return FULL;
    case 501:
      return NOT_KNOWN;
    default:
      return status >= 500
        ? { code: "unavailable", says: "the store failed: try later" }
        : { code: "unsupported", says: "the store refused it as no valid request" };
  }
}

/** A bucket's region is told in a header, in the error's body, or not at all. */
function wrongRegion(
  error: SdkError,
  status: number | undefined,
  headers: Readonly<Record<string, string>>,
  place: S3Place,
): Meaning | null {
  const told = headers["x-amz-bucket-region"] ?? error.Region;
  const redirected = status !== undefined && status >= 300 && status < 400 && status !== 304;
  if (
    !redirected &&
    error.name !== "AuthorizationHeaderMalformed" &&
    error.name !== "IllegalLocationConstraintException" &&
    // HEAD has no body that could say more than its status.
    !(status === 400 && told !== undefined && told !== place.region)
  ) {
    return null;
  }
  return {
    code: "not-found",
    says:
      told === undefined || told === place.region
        ? `bucket "${place.bucket}" is not in region ${place.region}, or not at this endpoint: set --s3-region, or correct --s3-endpoint`
        : `bucket "${place.bucket}" is in region ${told}, and ${place.region} was asked: set --s3-region ${told} (or AWS_REGION)`,
  };
}

const CERTIFICATE_ERROR = /CERT|SIGNATURE|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY/u;

function meaningWithoutAnswer(error: SdkError, place: S3Place): Meaning {
  const code = error.code ?? "";
  const endpoint = place.endpoint ?? `AWS's endpoint of region ${place.region}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return {
      code: "unavailable",
      says: `the host of ${endpoint} has no address: check --s3-endpoint, --s3-region and DNS`,
    };
  }
  if (code === "ECONNREFUSED") {
    return {
      code: "unavailable",
      says: `nothing listens at ${endpoint}: is it running, and is --s3-endpoint right?`,
    };
  }
  if (CERTIFICATE_ERROR.test(code)) {
    return {
      code: "unavailable",
      says: `the certificate of ${endpoint} is not trusted: name its authority's file in NODE_EXTRA_CA_CERTS`,
    };
  }
  if (code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    return {
      code: "unavailable",
      says: `${endpoint} does not speak TLS as expected: is it http:// rather than https://?`,
    };
  }
  return {
    code: "unavailable",
    says:
      error.$metadata?.httpStatusCode === undefined
        ? `${endpoint} gave no answer`
        : `${endpoint} gave an answer that is cut short or none of S3's: check --s3-endpoint if it stays so`,
  };
}

/** Seconds; dates, which S3 does not send, count as nothing said. */
function retryAfterMs(headers: Readonly<Record<string, string>>): number {
  const seconds = Number(headers["retry-after"] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}
