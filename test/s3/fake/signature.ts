// Signature version 4 in the Authorization header, checked as strictly as AWS does. Written from the specification, not
// from the client's code, so that one cannot hide a mistake of the other.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { S3Refusal, type S3Request } from "./answer.js";

export interface SigningRules {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** How a signature for another region is refused: with the right region in the body, or by a redirect. */
  readonly wrongRegion: "malformed" | "redirect";
}

/** S3 refuses requests whose date is further off. */
const SKEW_MS_MAX = 15 * 60 * 1000;

const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Buffer | string, data: string): Buffer =>
  createHmac("sha256", key).update(data).digest();

/** Percent-encoding as the specification has it: everything but unreserved characters. */
export function encodeName(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Throws the refusal that S3 would answer with. `nowMs` is the server's clock. */
export function checkSignature(request: S3Request, rules: SigningRules, nowMs: number): void {
  const { headers } = request;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/u.exec(
      headers["authorization"] ?? "",
    );
  if (parts === null) {
    throw new S3Refusal(403, "AccessDenied", { message: "Anonymous requests are not allowed." });
  }
  const [, accessKeyId, day, region, signedNames, signature] = parts as unknown as string[];
  if (accessKeyId !== rules.accessKeyId) {
    throw new S3Refusal(403, "InvalidAccessKeyId");
  }
  checkDate(headers["x-amz-date"] ?? "", day!, nowMs);
  checkRegion(region!, rules);
  checkSignedNames(signedNames!.split(";"), headers);
  checkContentHash(headers["x-amz-content-sha256"], request.body);

  const canonical = [
    request.method,
    request.path
      .split("/")
      .map((segment) => encodeName(decodeURIComponent(segment)))
      .join("/"),
    canonicalQuery(request.query),
    ...signedNames!
      .split(";")
      .map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/gu, " ")}`),
    "",
    signedNames!,
    headers["x-amz-content-sha256"] ?? "",
  ].join("\n");
  const scope = `${day!}/${region!}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = [region!, "s3", "aws4_request"].reduce<Buffer>(
    (current, text) => hmac(current, text),
    hmac(`AWS4${rules.secretAccessKey}`, day!),
  );
  const expected = hmac(key, toSign).toString("hex");
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature!))) {
    throw new S3Refusal(403, "SignatureDoesNotMatch");
  }
}

function checkDate(date: string, day: string, nowMs: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(date)?.slice(1).map(Number);
  if (parts === undefined || !date.startsWith(day)) {
    throw new S3Refusal(403, "AccessDenied", { message: "The date of the request is missing." });
  }
  const [year, month, dayOfMonth, hour, minute, second] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const sentMs = Date.UTC(year, month - 1, dayOfMonth, hour, minute, second);
  if (Math.abs(sentMs - nowMs) > SKEW_MS_MAX) {
    throw new S3Refusal(403, "RequestTimeTooSkewed", {
      elements: { ServerTime: new Date(nowMs).toISOString() },
    });
  }
}

function checkRegion(region: string, rules: SigningRules): void {
  if (region === rules.region) {
    return;
  }
  if (rules.wrongRegion === "redirect") {
    throw new S3Refusal(301, "PermanentRedirect", {
      headers: { "x-amz-bucket-region": rules.region },
    });
  }
  throw new S3Refusal(400, "AuthorizationHeaderMalformed", { elements: { Region: rules.region } });
}

/** What is not signed could be changed on the way. */
function checkSignedNames(names: readonly string[], headers: S3Request["headers"]): void {
  const needed = Object.keys(headers).filter(
    (name) => name === "host" || name === "content-md5" || name.startsWith("x-amz-"),
  );
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new S3Refusal(403, "AccessDenied", {
      message: `There were headers present which were not signed: ${missing.join(", ")}`,
    });
  }
}

function checkContentHash(declared: string | undefined, body: Buffer): void {
  if (declared === undefined) {
    throw new S3Refusal(400, "MissingContentSHA256");
  }
  if (declared.startsWith("STREAMING-")) {
    // As several stores do: T4 must never send it.
    throw new S3Refusal(501, "NotImplemented", { message: `no ${declared}` });
  }
  if (declared !== "UNSIGNED-PAYLOAD" && declared !== sha256(body)) {
    throw new S3Refusal(400, "XAmzContentSHA256Mismatch");
  }
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encodeName(name)}=${encodeName(value)}`)
    .sort((left, right) => (left < right ? -1 : 1))
    .join("&");
}
