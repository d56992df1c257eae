// The object store port on S3 and what speaks its protocol. What may be repeated is repeated (s3-calls.ts); a
// conditional put is sent once and its answer classified; what the answers mean is in s3-failure.ts.
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { assert, unreachable } from "../../lib/assert.js";
import { compareBytes, utf8Bytes } from "../../lib/bytes.js";
import { Permits } from "../../lib/permits.js";
import type { Clock } from "../../runtime/clock.js";
import { noMetrics, type Metrics } from "../../runtime/metrics/metrics.js";
import type { Random } from "../../runtime/random.js";
import { systemClock } from "../../runtime/system-clock.js";
import { systemRandom } from "../../runtime/system-random.js";
import {
  ObjectStoreError,
  type ByteRange,
  type CallOptions,
  type ObjectInfo,
  type ObjectSource,
  type ObjectStore,
  type ObjectVersion,
  type ObjectVersions,
  type PutCondition,
  type PutOutcome,
  type StoredObject,
} from "../object-store.js";
import { assertObjectKey, resolvePrefix } from "../object-key.js";
import { normalizePrefix } from "./s3-prefix.js";
import {
  ABSENT,
  bareTag,
  decodedName,
  hasName,
  HEAD_ABSENT,
  presentOrNull,
  tagOf,
  VERSION_ABSENT,
  versionMember,
  wholeBody,
} from "./s3-answers.js";
import { S3Calls, type Result, type S3Call, type Send } from "./s3-calls.js";
import { makeS3Client } from "./s3-client.js";
import { S3Counters } from "./s3-counters.js";
import { refusal, type S3Place } from "./s3-failure.js";
import { DELETE_KEYS_MAX, DELETES_AT_A_TIME, PART_BYTES, PARTS_AT_A_TIME } from "./s3-limits.js";
import { putInParts } from "./s3-multipart.js";
import type { S3Operation } from "./s3-operation.js";
import { checkOptions, deadlinesOf, type S3StoreOptions } from "./s3-options.js";

/** What the store takes of the world; the real things unless told otherwise. */
export interface S3Ports {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly metrics?: Metrics;
}

/**
 * Opens a store. Makes no request: whether the bucket is there, is allowed and is fit shows with the first ones.
 * Throws T4_INVALID_ARGUMENT for options that contradict themselves.
 */
export async function openS3ObjectStore(
  options: S3StoreOptions,
  ports: S3Ports = {},
): Promise<ObjectStore> {
  checkOptions(options);
  const prefix = normalizePrefix(options.prefix ?? "");
  const deadlines = deadlinesOf(options);
  const { client, region } = await makeS3Client(options, deadlines);
  const { clock = systemClock, random = systemRandom, metrics = noMetrics } = ports;
  const counters = new S3Counters(metrics);
  return new S3ObjectStore(
    {
      calls: new S3Calls({ client, clock, random, deadlines, counters }),
      random,
      parts: new Permits(PARTS_AT_A_TIME),
      bucket: options.bucket,
      region,
      endpoint: options.endpoint ?? null,
      profile: options.profile ?? null,
      tagForm: "unknown",
      deletesMany: true,
    },
    prefix,
    true,
  );
}

/** What all stores of one bucket share: the client, and what was learned about the server. */
interface Bucket {
  readonly calls: S3Calls;
  readonly random: Random;
  /** Of large objects, in memory. */
  readonly parts: Permits;
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string | null;
  readonly profile: string | null;
  /**
   * How If-Match takes a tag: as it was given, in quotes, as the standard has it; or without them, as some releases of
   * Ceph have it, which refuse the other form.
   */
  tagForm: "unknown" | "as-given" | "bare";
  deletesMany: boolean;
}

class S3ObjectStore implements ObjectStore {
  readonly url: string;
  readonly versions: ObjectVersions;
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #owner: boolean;

  constructor(bucket: Bucket, prefix: string, owner: boolean) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#owner = owner;
    this.url = `s3://${bucket.bucket}/${prefix}`;
    this.versions = {
      areKept: async (options) => this.#areVersionsKept(options),
      get: async (key, version, options) => this.#get(key, version, options),
      getRange: async (key, version, range, options) =>
        this.#getRange(key, version, range, options),
    };
  }

  at(path: string): ObjectStore {
    return new S3ObjectStore(
      this.#bucket,
      resolvePrefix(this.#prefix, path, `s3://${this.#bucket.bucket}/`),
      false,
    );
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject | null> {
    return this.#get(key, null, options);
  }

  async getRange(key: string, range: ByteRange, options?: CallOptions): Promise<Uint8Array | null> {
    return this.#getRange(key, null, range, options);
  }

  /** A missing bucket looks like a missing object here: the answer to HEAD has no body that could tell them apart. */
  async head(key: string, options?: CallOptions): Promise<ObjectInfo | null> {
    const found = await this.#head(key, options);
    return found === null ? null : { key, bytes: found.bytes, ...versionMember(found.versionId) };
  }

  async put(key: string, body: Uint8Array | ObjectSource, options?: CallOptions): Promise<void> {
    const name = this.#name(key);
    const source = body instanceof Uint8Array ? sourceOf(body) : body;
    const { calls, random, parts: permits } = this.#bucket;
    if (source.bytes > PART_BYTES) {
      const callOf = (operation: S3Operation, bytes: number): S3Call =>
        this.#call(operation, key, options, bytes);
      await putInParts({ calls, random, name, source, permits, callOf });
      return;
    }
    const whole = await source.read(0, source.bytes);
    await calls.repeat(this.#call("PutObject", key, options, whole.length), async (attempt) => {
      const command = new PutObjectCommand({ ...name, Body: whole });
      await attempt.client.send(command, attempt.options);
      return { value: undefined, outcome: "ok" };
    });
  }

  async putIf(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    options?: CallOptions,
  ): Promise<PutOutcome> {
    const bucket = this.#bucket;
    if (condition.kind === "absent") {
      return this.#putOnce(key, body, { IfNoneMatch: "*" }, options);
    }
    const { tag } = condition;
    if (bucket.tagForm === "bare") {
      return this.#putOnce(key, body, { IfMatch: bareTag(tag) }, options);
    }
    const outcome = await this.#putOnce(key, body, { IfMatch: tag }, options);
    if (outcome.kind === "won") {
      bucket.tagForm = "as-given";
    }
    if (outcome.kind !== "lost" || bucket.tagForm !== "unknown" || bareTag(tag) === tag) {
      return outcome;
    }
    // Refused: because the object is another one, or because of the quotes? The refusal of the first put is certain,
    // so a second one cannot be refused because of the first.
    let current: { readonly tag: string } | null;
    try {
      current = await this.#head(key, options);
    } catch (cause) {
      return { kind: "unknown", cause: cause as Error };
    }
    if (current?.tag !== tag) {
      return outcome;
    }
    const second = await this.#putOnce(key, body, { IfMatch: bareTag(tag) }, options);
    if (second.kind === "won") {
      bucket.tagForm = "bare";
    }
    return second;
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETE_KEYS_MAX) {
      const some = keys.slice(at, at + DELETE_KEYS_MAX);
      if (some.length === 1 || !this.#bucket.deletesMany) {
        await this.#deleteEach(some, options);
        continue;
      }
      try {
        await this.#deleteTogether(some, options);
      } catch (error) {
        if (!(error instanceof ObjectStoreError) || error.code !== "unsupported") {
          throw error;
        }
        await this.#deleteEach(some, options);
        // Only now: had the keys been at fault, one by one they would have failed too.
        this.#bucket.deletesMany = false;
      }
    }
  }

  async *list(
    prefix: string,
    options?: CallOptions & { readonly after?: string },
  ): AsyncIterable<ObjectInfo> {
    const after = options?.after;
    let token: string | undefined;
    let last: string | null = null;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#bucket.bucket,
        Prefix: this.#prefix + prefix,
        // Keys of others may hold what XML cannot.
        EncodingType: "url",
        ...(token === undefined ? {} : { ContinuationToken: token }),
        ...(after === undefined ? {} : { StartAfter: this.#prefix + after }),
      });
      const page = await this.#repeat("ListObjectsV2", prefix, options, async (attempt) => {
        const answer = await attempt.client.send(command, attempt.options);
        return { value: answer, outcome: "ok" };
      });
      for (const { Key, Size } of page.Contents ?? []) {
        const name = decodedName(Key ?? "", page.EncodingType);
        const key = name.slice(this.#prefix.length);
        if (!name.startsWith(this.#prefix + prefix) || !comesAfter(key, last)) {
          throw new ObjectStoreError(
            "unsupported",
            `${this.url}${prefix} lists "${name}" after "${last ?? ""}": T4 needs lists in byte order, which for ` +
              "instance S3 Express directory buckets do not have; use another kind of bucket",
          );
        }
        last = key;
        yield { key, bytes: Size ?? 0 };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Only of the store that was opened: those made by `at` have nothing of their own. */
  async close(): Promise<void> {
    if (this.#owner) {
      await this.#bucket.calls.close();
    }
  }

  async #get(
    key: string,
    version: ObjectVersion | null,
    options: CallOptions | undefined,
  ): Promise<StoredObject | null> {
    const name = this.#name(key, version);
    const absent = version === null ? ABSENT : VERSION_ABSENT;
    return this.#repeat("GetObject", key, options, async (attempt) => {
      const answer = await presentOrNull(
        attempt.client.send(new GetObjectCommand(name), attempt.options),
        absent,
      );
      if (answer === null) {
        return { value: null, outcome: "absent" };
      }
      const body = await wholeBody(answer, attempt);
      const tag = tagOf(answer.ETag);
      return { value: { body, tag, ...versionMember(answer.VersionId) }, outcome: "ok" };
    });
  }

  async #getRange(
    key: string,
    version: ObjectVersion | null,
    { offset, length }: ByteRange,
    options: CallOptions | undefined,
  ): Promise<Uint8Array | null> {
    assert(length > 0, "a range has at least one byte");
    const last = offset + length - 1;
    const name = this.#name(key, version);
    const absent = version === null ? ABSENT : VERSION_ABSENT;
    return this.#repeat("GetObject", key, options, async (attempt) => {
      const command = new GetObjectCommand({ ...name, Range: `bytes=${offset}-${last}` });
      const answer = await presentOrNull(attempt.client.send(command, attempt.options), absent);
      if (answer === null) {
        return { value: null, outcome: "absent" };
      }
      if (answer.ContentRange?.startsWith(`bytes ${offset}-`) !== true) {
        throw refusal("NotImplemented", "the answer is not the range that was asked for");
      }
      const body = await wholeBody(answer, attempt);
      if (body.length !== length) {
        // It came whole, so asking again would not help: the object ends there.
        throw refusal("InvalidRange", `${body.length} bytes of ${length} are at ${offset}`);
      }
      return { value: body, outcome: "ok" };
    });
  }

  /** Suspended counts as not: from then on, objects are overwritten in place. */
  async #areVersionsKept(options: CallOptions | undefined): Promise<boolean> {
    const command = new GetBucketVersioningCommand({ Bucket: this.#bucket.bucket });
    try {
      return await this.#repeat("GetBucketVersioning", "", options, async (attempt) => {
        const { Status } = await attempt.client.send(command, attempt.options);
        return { value: Status === "Enabled", outcome: "ok" };
      });
    } catch (error) {
      // A store that knows nothing of it has none.
      if (error instanceof ObjectStoreError && error.code === "unsupported") {
        return false;
      }
      throw error;
    }
  }

  async #putOnce(
    key: string,
    body: Uint8Array,
    condition: { readonly IfMatch: string } | { readonly IfNoneMatch: string },
    options: CallOptions | undefined,
  ): Promise<PutOutcome> {
    const call = this.#call("PutObject", key, options, body.length);
    const command = new PutObjectCommand({ ...this.#name(key), Body: body, ...condition });
    const result = await this.#bucket.calls.once<PutOutcome>(call, async (attempt) => {
      try {
        const answer = await attempt.client.send(command, attempt.options);
        return { value: wonWith(answer.ETag, call.place.url), outcome: "ok" };
      } catch (error) {
        // The second: If-Match of an object that is not there.
        if (hasName(error, "PreconditionFailed") || hasName(error, "NoSuchKey")) {
          return { value: { kind: "lost" }, outcome: "lost" };
        }
        throw error;
      }
    });
    return putOutcome(result);
  }

  async #head(
    key: string,
    options?: CallOptions,
  ): Promise<{
    readonly bytes: number;
    readonly tag: string;
    readonly versionId: string | undefined;
  } | null> {
    return this.#repeat("HeadObject", key, options, async (attempt) => {
      const command = new HeadObjectCommand(this.#name(key));
      const sending = attempt.client.send(command, attempt.options);
      const answer = await presentOrNull(sending, HEAD_ABSENT);
      return answer === null
        ? { value: null, outcome: "absent" }
        : {
            value: {
              bytes: answer.ContentLength ?? 0,
              tag: tagOf(answer.ETag),
              versionId: answer.VersionId,
            },
            outcome: "ok",
          };
    });
  }

  async #deleteTogether(keys: readonly string[], options: CallOptions | undefined): Promise<void> {
    const names = keys.map((key) => ({ Key: this.#name(key).Key }));
    const { bucket } = this.#bucket;
    await this.#repeat("DeleteObjects", "", options, async (attempt) => {
      const answer = await attempt.client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: names, Quiet: true } }),
        attempt.options,
      );
      const refused = answer.Errors?.find(({ Code }) => Code !== "NoSuchKey");
      if (refused !== undefined) {
        throw refusal(refused.Code ?? "", `${refused.Key ?? ""}: ${refused.Message ?? ""}`);
      }
      return { value: undefined, outcome: "ok" };
    });
  }

  async #deleteEach(keys: readonly string[], options: CallOptions | undefined): Promise<void> {
    for (let at = 0; at < keys.length; at += DELETES_AT_A_TIME) {
      const some = keys.slice(at, at + DELETES_AT_A_TIME);
      await Promise.all(
        some.map(async (key) =>
          this.#repeat("DeleteObject", key, options, async (attempt) => {
            const command = new DeleteObjectCommand(this.#name(key));
            await presentOrNull(attempt.client.send(command, attempt.options));
            return { value: undefined, outcome: "ok" };
          }),
        ),
      );
    }
  }

  async #repeat<Value>(
    operation: S3Operation,
    key: string,
    options: CallOptions | undefined,
    send: Send<Value>,
  ): Promise<Value> {
    return this.#bucket.calls.repeat(this.#call(operation, key, options, 0), send);
  }

  #call(
    operation: S3Operation,
    key: string,
    options: CallOptions | undefined,
    bytes: number,
  ): S3Call {
    const { bucket, region, endpoint, profile } = this.#bucket;
    const place: S3Place = { url: this.url + key, bucket, region, endpoint, profile };
    return { operation, place, bytes, signal: options?.signal };
  }

  #name(
    key: string,
    version: ObjectVersion | null = null,
  ): { readonly Bucket: string; readonly Key: string; readonly VersionId?: string } {
    assertObjectKey(key);
    const name = { Bucket: this.#bucket.bucket, Key: this.#prefix + key };
    return version === null ? name : { ...name, VersionId: version };
  }
}

/** What a conditional put did, as far as its only request tells. */
function putOutcome(result: Result<PutOutcome>): PutOutcome {
  if (result.kind === "answered") {
    return result.value;
  }
  const { error, sent } = result.failure;
  switch (error.code) {
    case "denied":
    case "not-found":
    case "full":
    case "unsupported":
      throw error;
    case "unavailable":
    case "damaged":
    case "cancelled":
      if (!sent) {
        throw error;
      }
      return { kind: "unknown", cause: error };
    default:
      return unreachable(error.code);
  }
}

/** Written, and to be read back where the answer does not say under which tag. */
function wonWith(tag: string | undefined, url: string): PutOutcome {
  return tag === undefined
    ? {
        kind: "unknown",
        cause: new ObjectStoreError("unsupported", `${url} was put without an ETag`),
      }
    : { kind: "won", tag };
}

function sourceOf(body: Uint8Array): ObjectSource {
  return {
    bytes: body.length,
    read: async (offset, length) => Promise.resolve(body.subarray(offset, offset + length)),
  };
}

/** Whether a list that had `last` may go on with `key`. */
function comesAfter(key: string, last: string | null): boolean {
  // Keys of ours are ASCII; those of others are compared byte by byte only if this says no.
  return last === null || key > last || compareBytes(utf8Bytes(key), utf8Bytes(last)) > 0;
}
