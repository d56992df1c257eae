// What answers of S3 hold: bodies, tags, names.
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { Attempt } from "./s3-calls.js";
import { DAMAGED_BODY, refusal } from "./s3-failure.js";

export function hasName(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

/** How S3 says that there is no such object: to GET; to HEAD; and to a GET of a version, whose id may be none of its own. */
export const ABSENT: readonly string[] = ["NoSuchKey"];
export const HEAD_ABSENT: readonly string[] = ["NotFound"];
export const VERSION_ABSENT: readonly string[] = ["NoSuchKey", "NoSuchVersion", "InvalidArgument"];

/**
 * The answer, or null if there is no such object. Any other 404 stays an error: a missing bucket, or a web server that
 * knows nothing of S3, must not look like an empty store. Only HEAD's has no body that could tell, and another name.
 */
export async function presentOrNull<Value>(
  answer: Promise<Value>,
  absent: readonly string[] = ABSENT,
): Promise<Value | null> {
  try {
    return await answer;
  } catch (error) {
    if (absent.some((name) => hasName(error, name))) {
      return null;
    }
    throw error;
  }
}

/** All bytes of a body, or an error that says that some are missing. */
export async function wholeBody(
  answer: GetObjectCommandOutput,
  attempt: Attempt,
): Promise<Uint8Array> {
  attempt.receives(answer.ContentLength ?? 0);
  let body: Uint8Array;
  try {
    body = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
  } catch (error) {
    throw refusal(DAMAGED_BODY, `the body was cut short: ${(error as Error).message}`);
  }
  if (answer.ContentLength !== undefined && body.length !== answer.ContentLength) {
    throw refusal(DAMAGED_BODY, `${body.length} bytes came of ${answer.ContentLength}`);
  }
  return body;
}

/** Without its tag an object could never be swapped. */
export function tagOf(etag: string | undefined): string {
  if (etag === undefined || etag === "") {
    throw refusal("NotImplemented", "the answer has no ETag");
  }
  return etag;
}

/** What tells the version of an object; nothing in a bucket that never had versioning. */
export function versionMember(versionId: string | undefined): { readonly version?: string } {
  return versionId === undefined || versionId === "" ? {} : { version: versionId };
}

/** A tag without the quotes that the standard puts around it. */
export function bareTag(tag: string): string {
  return tag.replace(/^"(.*)"$/u, "$1");
}

/** A name as a list gives it: percent-encoded if the store says that it did so. */
export function decodedName(name: string, encoding: string | undefined): string {
  if (encoding !== "url") {
    return name;
  }
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
