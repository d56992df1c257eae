// Requests for one object: PUT, GET, HEAD, DELETE, and uploads in parts.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  emptyAnswer,
  escapeXml,
  S3Refusal,
  xmlAnswer,
  type S3Answer,
  type S3Request,
} from "./answer.js";
import type { Bucket, StoredVersion } from "./buckets.js";
import type { Quirks } from "./quirks.js";

/** S3's own: every part but the last has at least this. */
const PART_BYTES_MIN = 5 * 1024 * 1024;

export const md5 = (body: Buffer): string => createHash("md5").update(body).digest("hex");

const bare = (tag: string): string => tag.replace(/^"(.*)"$/u, "$1");

export function objectRequest(
  request: S3Request,
  bucket: Bucket,
  quirks: Quirks,
  nowMs: number,
): S3Answer {
  switch (request.operation) {
    case "PutObject":
      return put(request, bucket, quirks, nowMs);
    case "GetObject":
    case "HeadObject":
      return get(request, bucket, quirks);
    case "DeleteObject":
      return remove(request, bucket, quirks);
    case "CreateMultipartUpload":
      return beginUpload(request, bucket);
    case "UploadPart":
      return putPart(request, bucket);
    case "CompleteMultipartUpload":
      return completeUpload(request, bucket, quirks, nowMs);
    case "AbortMultipartUpload":
      uploadOf(request, bucket);
      bucket.uploads.delete(request.query.get("uploadId") ?? "");
      return emptyAnswer(204);
    default:
      throw new S3Refusal(405, "MethodNotAllowed");
  }
}

/** The order of the checks is S3's: a condition is looked at only for a request that is otherwise fine. */
function put(request: S3Request, bucket: Bucket, quirks: Quirks, nowMs: number): S3Answer {
  checkChecksums(request);
  checkConditions(request, bucket.current(request.key), quirks);
  checkRoom(bucket, request.body.length, quirks);
  const object = {
    body: request.body,
    etag: md5(request.body),
    meta: metadataOf(request),
    modifiedMs: nowMs,
  };
  return emptyAnswer(200, {
    etag: `"${object.etag}"`,
    ...versionHeader(bucket.put(request.key, object)),
  });
}

function get(request: S3Request, bucket: Bucket, quirks: Quirks): S3Answer {
  const asked = request.query.get("versionId");
  const version = asked === null ? null : bucket.version(request.key, asked);
  if (asked !== null && version?.object === null) {
    throw new S3Refusal(405, "MethodNotAllowed", { headers: { "x-amz-delete-marker": "true" } });
  }
  const id = asked ?? bucket.currentId(request.key);
  const found = asked === null ? bucket.current(request.key) : (version?.object ?? null);
  if (found === null) {
    throw new S3Refusal(404, asked === null ? "NoSuchKey" : "NoSuchVersion");
  }
  const match = request.headers["if-match"];
  if (match !== undefined && bare(match) !== found.etag) {
    throw new S3Refusal(412, "PreconditionFailed");
  }
  const headers: Record<string, string> = {
    etag: `"${found.etag}"`,
    "last-modified": new Date(found.modifiedMs).toUTCString(),
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
    ...versionHeader(id),
    ...found.meta,
  };
  const noneMatch = request.headers["if-none-match"];
  if (noneMatch !== undefined && bare(noneMatch) === found.etag) {
    return emptyAnswer(304, headers);
  }
  const range = /^bytes=(\d+)-(\d+)$/u.exec(request.headers["range"] ?? "");
  if (range === null || quirks.ranges === "ignored") {
    return { status: 200, headers, body: found.body };
  }
  const [first, last] = [Number(range[1]), Math.min(Number(range[2]), found.body.length - 1)];
  if (first >= found.body.length || last < first) {
    throw new S3Refusal(416, "InvalidRange");
  }
  headers["content-range"] = `bytes ${first}-${last}/${found.body.length}`;
  return { status: 206, headers, body: found.body.subarray(first, last + 1) };
}

function remove(request: S3Request, bucket: Bucket, quirks: Quirks): S3Answer {
  const id = request.query.get("versionId");
  if (id !== null) {
    bucket.removeVersion(request.key, id);
    return emptyAnswer(204, versionHeader(id));
  }
  checkConditions(request, bucket.current(request.key), quirks);
  const marker = bucket.put(request.key, null);
  return emptyAnswer(204, {
    ...versionHeader(marker),
    ...(marker === null ? {} : { "x-amz-delete-marker": "true" }),
  });
}

function beginUpload(request: S3Request, bucket: Bucket): S3Answer {
  const id = bucket.nextId();
  bucket.uploads.set(id, { key: request.key, meta: metadataOf(request), parts: new Map() });
  return xmlAnswer(
    "InitiateMultipartUploadResult",
    `<Key>${escapeXml(request.key)}</Key><UploadId>${id}</UploadId>`,
  );
}

function putPart(request: S3Request, bucket: Bucket): S3Answer {
  const upload = uploadOf(request, bucket);
  checkChecksums(request);
  const etag = md5(request.body);
  upload.parts.set(Number(request.query.get("partNumber")), { body: request.body, etag });
  return emptyAnswer(200, { etag: `"${etag}"` });
}

function completeUpload(
  request: S3Request,
  bucket: Bucket,
  quirks: Quirks,
  nowMs: number,
): S3Answer {
  const upload = uploadOf(request, bucket);
  checkConditions(request, bucket.current(request.key), quirks);
  const named = [...request.body.toString().matchAll(/<Part>([\s\S]*?)<\/Part>/gu)].map(
    ([, part]) => ({
      number: Number(/<PartNumber>(\d+)</u.exec(part ?? "")?.[1]),
      etag: (/<ETag>(.*?)</u.exec(part ?? "")?.[1] ?? "").replace(/&quot;|&#34;|"/gu, ""),
    }),
  );
  const parts = named.map(({ number, etag }, at) => {
    const part = upload.parts.get(number);
    if (part?.etag !== etag) {
      throw new S3Refusal(400, "InvalidPart");
    }
    if (at > 0 && number <= (named[at - 1]?.number ?? 0)) {
      throw new S3Refusal(400, "InvalidPartOrder");
    }
    if (at < named.length - 1 && part.body.length < PART_BYTES_MIN) {
      throw new S3Refusal(400, "EntityTooSmall");
    }
    return part;
  });
  const body = Buffer.concat(parts.map((part) => part.body));
  checkRoom(bucket, body.length, quirks);
  const digests = Buffer.concat(parts.map((part) => Buffer.from(part.etag, "hex")));
  const etag = `${md5(digests)}-${parts.length}`;
  const id = bucket.put(request.key, { body, etag, meta: upload.meta, modifiedMs: nowMs });
  bucket.uploads.delete(request.query.get("uploadId") ?? "");
  return xmlAnswer(
    "CompleteMultipartUploadResult",
    `<Key>${escapeXml(request.key)}</Key><ETag>&quot;${etag}&quot;</ETag>`,
    versionHeader(id),
  );
}

function uploadOf(request: S3Request, bucket: Bucket) {
  const upload = bucket.uploads.get(request.query.get("uploadId") ?? "");
  if (upload?.key !== request.key) {
    throw new S3Refusal(404, "NoSuchUpload");
  }
  return upload;
}

function checkConditions(request: S3Request, current: StoredVersion | null, quirks: Quirks): void {
  const match = request.headers["if-match"];
  const noneMatch = request.headers["if-none-match"];
  if ((match ?? noneMatch) === undefined || quirks.conditions === "ignored") {
    return;
  }
  if (quirks.conditions === "not-implemented" || (noneMatch !== undefined && noneMatch !== "*")) {
    throw new S3Refusal(501, "NotImplemented", {
      message: "A header you provided implies functionality that is not implemented.",
    });
  }
  if (noneMatch !== undefined && current !== null) {
    throw new S3Refusal(412, "PreconditionFailed");
  }
  if (match === undefined) {
    return;
  }
  if (current === null) {
    throw new S3Refusal(404, "NoSuchKey");
  }
  const holds =
    quirks.unquotedTagsOnly === true ? match === current.etag : bare(match) === current.etag;
  if (!holds) {
    throw new S3Refusal(412, "PreconditionFailed");
  }
}

export function checkChecksums({ headers, body }: S3Request): void {
  const actual: Readonly<Record<string, () => string>> = {
    "content-md5": () => createHash("md5").update(body).digest("base64"),
    "x-amz-checksum-sha1": () => createHash("sha1").update(body).digest("base64"),
    "x-amz-checksum-sha256": () => createHash("sha256").update(body).digest("base64"),
    "x-amz-checksum-crc32": () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc32(body));
      return bytes.toString("base64");
    },
  };
  for (const [name, compute] of Object.entries(actual)) {
    if (headers[name] !== undefined && headers[name] !== compute()) {
      throw new S3Refusal(400, "BadDigest");
    }
  }
}

function checkRoom(bucket: Bucket, bytes: number, quirks: Quirks): void {
  if (quirks.bytesMax !== undefined && bucket.bytes() + bytes > quirks.bytesMax) {
    throw new S3Refusal(403, "QuotaExceeded");
  }
}

function metadataOf(request: S3Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      name.startsWith("x-amz-meta-") && value !== undefined ? [[name, value]] : [],
    ),
  );
}

function versionHeader(id: string | null): Record<string, string> {
  return id === null ? {} : { "x-amz-version-id": id };
}
