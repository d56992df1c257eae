// Makes the SDK's client as a database needs it: plain bodies, one attempt per call, no wait without an end. Whoever
// sends through it decides about deadlines and repetition (s3-calls.ts).
import { createHash } from "node:crypto";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { CONNECT_TIMEOUT_MS, SOCKETS_MAX, SOCKET_IDLE_MS_MAX } from "./s3-limits.js";
import type { S3Deadlines, S3StoreOptions } from "./s3-options.js";

/** The region that AWS itself assumes, and that most other stores answer to. */
const REGION_DEFAULT = "us-east-1";

/** Tigris serves reads from the nearest copy unless it is told that they must be current. */
const TIGRIS_HOST = /(^|\.)(tigris\.dev|t3\.storage\.dev)$/u;

export interface ConnectedClient {
  readonly client: S3Client;
  readonly region: string;
}

export async function makeS3Client(
  options: S3StoreOptions,
  deadlines: S3Deadlines,
): Promise<ConnectedClient> {
  const config = clientConfig(options, deadlines);
  let client = new S3Client(config);
  let region = await regionOf(client);
  if (region === null) {
    client.destroy();
    region = REGION_DEFAULT;
    client = new S3Client({ ...config, region });
  }
  useContentMd5(client);
  if (options.endpoint !== undefined && TIGRIS_HOST.test(new URL(options.endpoint).hostname)) {
    addHeader(client, "x-tigris-consistent", "true");
  }
  return { client, region };
}

function clientConfig(options: S3StoreOptions, deadlines: S3Deadlines): S3ClientConfig {
  const { endpoint, region, profile, accessKeyId, secretAccessKey, sessionToken } = options;
  const agent = { keepAlive: true, maxSockets: SOCKETS_MAX, timeout: SOCKET_IDLE_MS_MAX };
  const ignore = (): void => {};
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
        }),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    // Its own repetition would take a 412 for a write of ours that succeeded, and knows no budget of time.
    maxAttempts: 1,
    // Otherwise bodies become aws-chunked streams, which many stores refuse and some store as they are.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // It would open a new connection for each larger body and wait for an answer that many stores never send.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      // The time is given with each call. Without this the SDK only logs when it is over, and waits for ever.
      throwOnRequestTimeout: true,
      // Of silence, also in the midst of a body.
      socketTimeout: deadlines.attemptTimeoutMs,
      httpAgent: agent,
      httpsAgent: agent,
      logger: { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
    },
  };
}

/** The region that options, environment or profile name, or null. */
async function regionOf(client: S3Client): Promise<string | null> {
  try {
    return await client.config.region();
  } catch {
    return null;
  }
}

/**
 * DeleteObjects must carry a checksum. The SDK sends a CRC-32, which many stores do not know; all know Content-MD5,
 * for S3 began with it.
 */
function useContentMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const request = args.request as { headers: Record<string, string>; body?: unknown };
      if (context.commandName !== "DeleteObjectsCommand" || typeof request.body !== "string") {
        return next(args);
      }
      const headers = Object.entries(request.headers).filter(
        ([name]) => !/^x-amz-(sdk-)?checksum-/iu.test(name),
      );
      const md5 = createHash("md5").update(request.body).digest("base64");
      request.headers = { ...Object.fromEntries(headers), "content-md5": md5 };
      return next(args);
    },
    { step: "build", priority: "low", name: "t4ContentMd5" },
  );
}

function addHeader(client: S3Client, name: string, value: string): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      (args.request as { headers: Record<string, string> }).headers[name] = value;
      return next(args);
    },
    { step: "build", name: `t4Header-${name}` },
  );
}
