// Requests for a bucket: lists, DeleteObjects, versioning.
import {
  emptyAnswer,
  escapeXml,
  S3Refusal,
  unescapeXml,
  xmlAnswer,
  type S3Answer,
  type S3Request,
} from "./answer.js";
import type { Bucket, Versioning } from "./buckets.js";
import { checkChecksums } from "./object-requests.js";
import type { Quirks } from "./quirks.js";
import { encodeName } from "./signature.js";

const STATUS: Readonly<Record<Versioning, string>> = {
  off: "",
  enabled: "<Status>Enabled</Status>",
  suspended: "<Status>Suspended</Status>",
};

const LIST_KEYS_MAX = 1000;
const DELETE_KEYS_MAX = 1000;

export function bucketRequest(request: S3Request, bucket: Bucket, quirks: Quirks): S3Answer {
  switch (request.operation) {
    case "HeadBucket":
      return emptyAnswer(200);
    case "ListObjectsV2":
      return list(request, bucket, quirks);
    case "ListObjectVersions":
      return listVersions(request, bucket);
    case "DeleteObjects":
      return deleteObjects(request, bucket, quirks);
    case "PutBucketVersioning":
      bucket.versioning = request.body.includes("<Status>Enabled</Status>")
        ? "enabled"
        : "suspended";
      return emptyAnswer(200);
    case "GetBucketVersioning":
      if (quirks.versioning === "not-implemented") {
        throw new S3Refusal(501, "NotImplemented");
      }
      return xmlAnswer("VersioningConfiguration", STATUS[bucket.versioning]);
    default:
      throw new S3Refusal(405, "MethodNotAllowed");
  }
}

function list({ query }: S3Request, bucket: Bucket, quirks: Quirks): S3Answer {
  if (query.get("list-type") !== "2") {
    throw new S3Refusal(501, "NotImplemented", { message: "only lists of type 2" });
  }
  const prefix = query.get("prefix") ?? "";
  const token = query.get("continuation-token");
  const after =
    token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64url").toString();
  const isAfter = (key: string): boolean =>
    after === "" || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
  const keysMax = Math.min(Number(query.get("max-keys") ?? LIST_KEYS_MAX), LIST_KEYS_MAX);
  const found = bucket.keys().filter((key) => key.startsWith(prefix) && isAfter(key));
  const page = found.slice(0, keysMax);
  const isTruncated = found.length > page.length;
  const isUrl = query.get("encoding-type") === "url";
  const encoded = (key: string): string =>
    isUrl ? encodeName(key).replaceAll("%2F", "/") : escapeXml(key);
  const contents = page.map((key) => {
    const object = bucket.current(key)!;
    return (
      `<Contents><Key>${encoded(key)}</Key>` +
      `<LastModified>${new Date(object.modifiedMs).toISOString()}</LastModified>` +
      `<ETag>&quot;${object.etag}&quot;</ETag><Size>${object.body.length}</Size>` +
      "<StorageClass>STANDARD</StorageClass></Contents>"
    );
  });
  if (quirks.listOrder === "reversed") {
    contents.reverse();
  }
  const next = Buffer.from(page.at(-1) ?? "").toString("base64url");
  return xmlAnswer(
    "ListBucketResult",
    `<Prefix>${encoded(prefix)}</Prefix><KeyCount>${page.length}</KeyCount>` +
      `<MaxKeys>${keysMax}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>` +
      (isUrl ? "<EncodingType>url</EncodingType>" : "") +
      (isTruncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : "") +
      contents.join(""),
  );
}

function listVersions({ query }: S3Request, bucket: Bucket): S3Answer {
  const key = query.get("prefix") ?? "";
  const versions = [...bucket.versions(key)].reverse().map(({ id, object }, at) => {
    const name = object === null ? "DeleteMarker" : "Version";
    return (
      `<${name}><Key>${escapeXml(key)}</Key><VersionId>${id}</VersionId>` +
      `<IsLatest>${at === 0}</IsLatest>` +
      (object === null
        ? ""
        : `<ETag>&quot;${object.etag}&quot;</ETag><Size>${object.body.length}</Size>`) +
      `</${name}>`
    );
  });
  return xmlAnswer("ListVersionsResult", `<IsTruncated>false</IsTruncated>${versions.join("")}`);
}

function deleteObjects(request: S3Request, bucket: Bucket, quirks: Quirks): S3Answer {
  if (quirks.multiDelete === "absent") {
    throw new S3Refusal(501, "NotImplemented");
  }
  const { headers, body } = request;
  const hasCrc = Object.keys(headers).some((name) => name.startsWith("x-amz-checksum-"));
  if (headers["content-md5"] === undefined && (quirks.multiDelete === "md5-required" || !hasCrc)) {
    throw new S3Refusal(400, "InvalidRequest", {
      message: "Missing required header for this request: Content-MD5",
    });
  }
  checkChecksums(request);
  const text = body.toString();
  const keys = [...text.matchAll(/<Key>([\s\S]*?)<\/Key>/gu)].map(([, key]) =>
    unescapeXml(key ?? ""),
  );
  if (keys.length === 0 || keys.length > DELETE_KEYS_MAX) {
    throw new S3Refusal(400, "MalformedXML");
  }
  for (const key of keys) {
    bucket.put(key, null);
  }
  const deleted = text.includes("<Quiet>true</Quiet>")
    ? []
    : keys.map((key) => `<Deleted><Key>${escapeXml(key)}</Key></Deleted>`);
  return xmlAnswer("DeleteResult", deleted.join(""));
}
