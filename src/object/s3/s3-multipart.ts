// A large object in parts, a few at a time: one that fails is sent again alone, and what is begun is ended or taken back.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { assert } from "../../lib/assert.js";
import { forEachParallel, type Permits } from "../../lib/permits.js";
import type { Random } from "../../runtime/random.js";
import type { ObjectSource } from "../object-store.js";
import { hasName } from "./s3-answers.js";
import type { S3Call, S3Calls } from "./s3-calls.js";
import { PART_BYTES, PARTS_AT_A_TIME, PARTS_MAX } from "./s3-limits.js";
import type { S3Operation } from "./s3-operation.js";

export interface PartedPut {
  readonly calls: S3Calls;
  readonly random: Random;
  readonly name: { readonly Bucket: string; readonly Key: string };
  readonly source: ObjectSource;
  /** One for each part in memory. */
  readonly permits: Permits;
  readonly callOf: (operation: S3Operation, bytes: number) => S3Call;
}

/** Where an upload notes which one it was. */
const UPLOAD_NOTE = "t4-upload";

export async function putInParts(put: PartedPut): Promise<void> {
  const { calls, name, callOf } = put;
  const note = Buffer.from(put.random.bytes(16)).toString("hex");
  const uploadId = await calls.repeat(callOf("CreateMultipartUpload", 0), async (attempt) => {
    const command = new CreateMultipartUploadCommand({
      ...name,
      Metadata: { [UPLOAD_NOTE]: note },
    });
    const { UploadId: id } = await attempt.client.send(command, attempt.options);
    return { value: id ?? "", outcome: "ok" };
  });
  const upload = { ...name, UploadId: uploadId };
  try {
    const parts = await sendParts(put, upload);
    await complete(put, upload, parts, note);
  } catch (error) {
    // Parts are paid for until somebody removes them, so this is tried even when the caller has given up. Its own
    // failure changes nothing: a rule of the bucket for unfinished uploads is the second net.
    const abort = { ...callOf("AbortMultipartUpload", 0), signal: undefined };
    await calls
      .once(abort, async (attempt) => {
        await attempt.client.send(new AbortMultipartUploadCommand(upload), attempt.options);
        return { value: undefined, outcome: "ok" };
      })
      .catch(() => undefined);
    throw error;
  }
}

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

async function sendParts(
  { calls, source, permits, callOf }: PartedPut,
  upload: Upload,
): Promise<CompletedPart[]> {
  const partBytes = Math.max(PART_BYTES, Math.ceil(source.bytes / PARTS_MAX));
  const count = Math.ceil(source.bytes / partBytes);
  const parts: CompletedPart[] = [];
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  await forEachParallel(numbers, PARTS_AT_A_TIME, async (PartNumber, failed) => {
    await permits.acquire();
    try {
      const offset = (PartNumber - 1) * partBytes;
      const length = Math.min(partBytes, source.bytes - offset);
      const body = await source.read(offset, length);
      assert(body.length === length, "a source has its bytes");
      const call = callOf("UploadPart", body.length);
      const signals = [failed, ...(call.signal === undefined ? [] : [call.signal])];
      const bound = { ...call, signal: AbortSignal.any(signals) };
      const ETag = await calls.repeat(bound, async (attempt) => {
        const command = new UploadPartCommand({ ...upload, PartNumber, Body: body });
        const answer = await attempt.client.send(command, attempt.options);
        return { value: answer.ETag, outcome: "ok" };
      });
      parts[PartNumber - 1] = { PartNumber, ETag };
    } finally {
      permits.release();
    }
  });
  return parts;
}

async function complete(
  { calls, name, callOf }: PartedPut,
  upload: Upload,
  parts: CompletedPart[],
  note: string,
): Promise<void> {
  await calls.repeat(callOf("CompleteMultipartUpload", 0), async (attempt) => {
    const { client, options } = attempt;
    const command = new CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts: parts },
    });
    try {
      await client.send(command, options);
    } catch (error) {
      // An upload that is no more was completed, if an earlier answer was lost.
      if (!hasName(error, "NoSuchUpload")) {
        throw error;
      }
      const { Metadata } = await client.send(new HeadObjectCommand(name), options);
      if (Metadata?.[UPLOAD_NOTE] !== note) {
        throw error;
      }
    }
    return { value: undefined, outcome: "ok" };
  });
}
