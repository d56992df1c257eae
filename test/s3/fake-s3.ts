// An S3 for tests, over real HTTP on the loopback: strict about signatures and conditions, with the faults of networks
// and servers and the quirks of stores that are nearly S3. Every change is made in one turn of the event loop, so
// conditional writes are atomic.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  emptyAnswer,
  errorAnswer,
  operationOf,
  S3Refusal,
  type S3Answer,
  type S3Request,
} from "./fake/answer.js";
import { Bucket } from "./fake/buckets.js";
import { bucketRequest } from "./fake/bucket-requests.js";
import { Faults } from "./fake/faults.js";
import { objectRequest } from "./fake/object-requests.js";
import type { Quirks } from "./fake/quirks.js";
import { checkSignature, type SigningRules } from "./fake/signature.js";

export interface FakeS3Options {
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  readonly wrongRegion?: SigningRules["wrongRegion"];
  readonly quirks?: Quirks;
  readonly port?: number;
}

export interface LoggedRequest {
  readonly operation: string;
  readonly key: string;
  readonly headers: S3Request["headers"];
  /** Of the answer; 0 if none was sent. */
  status: number;
}

export class FakeS3 {
  readonly faults: Faults = new Faults();
  readonly requests: LoggedRequest[] = [];
  readonly rules: SigningRules;
  quirks: Quirks;
  /** How far the server's clock is ahead of this machine's. */
  clockOffsetMs = 0;
  readonly #buckets = new Map<string, Bucket>();
  readonly #server: Server;
  readonly #port: number;

  constructor(options: FakeS3Options = {}) {
    this.rules = {
      accessKeyId: options.accessKeyId ?? "test-key",
      secretAccessKey: options.secretAccessKey ?? "test-secret",
      region: options.region ?? "us-east-1",
      wrongRegion: options.wrongRegion ?? "malformed",
    };
    this.quirks = options.quirks ?? {};
    this.#port = options.port ?? 0;
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => {
        incoming.socket.destroy(error as Error);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", resolve);
    });
  }

  async close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  createBucket(name: string): Bucket {
    const bucket = this.#buckets.get(name) ?? new Bucket();
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** How many requests of this operation came. */
  count(operation: string): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) {
        chunks.push(chunk as Buffer);
      }
    } catch {
      // A body that was cut short changes nothing.
      return;
    }
    const request = parse(incoming, Buffer.concat(chunks));
    const { operation, key, headers } = request;
    const logged: LoggedRequest = { operation, key, headers, status: 0 };
    this.requests.push(logged);
    const fault = this.faults.take(request);
    switch (fault?.kind) {
      case "drop-before":
        incoming.socket.destroy();
        return;
      case "drop-after":
        this.#answer(request);
        incoming.socket.destroy();
        return;
      case "hang":
        return;
      case "hang-after":
        this.#answer(request);
        return;
      case "delay":
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
        break;
      case undefined:
      case "refuse":
      case "truncate":
      case "stall":
    }
    const answer =
      fault?.kind === "refuse"
        ? errorAnswer(
            new S3Refusal(fault.status, fault.code, {
              ...(fault.headers === undefined ? {} : { headers: fault.headers }),
            }),
          )
        : this.#answer(request);
    logged.status = answer.status;
    send(request, answer, response, {
      date: new Date(this.#nowMs()).toUTCString(),
      cut: fault?.kind === "truncate" || fault?.kind === "stall" ? fault : null,
    });
  }

  #answer(request: S3Request): S3Answer {
    try {
      checkLength(request);
      checkSignature(request, this.rules, this.#nowMs());
      if (request.operation === "CreateBucket") {
        this.createBucket(request.bucket);
        return emptyAnswer(200);
      }
      const bucket = this.#buckets.get(request.bucket);
      if (bucket === undefined) {
        throw new S3Refusal(404, "NoSuchBucket");
      }
      return request.key === ""
        ? bucketRequest(request, bucket, this.quirks)
        : objectRequest(request, bucket, this.quirks, this.#nowMs());
    } catch (error) {
      return errorAnswer(
        error instanceof S3Refusal
          ? error
          : new S3Refusal(500, "FakeIsBroken", { message: String((error as Error).stack) }),
      );
    }
  }

  #nowMs(): number {
    return Date.now() + this.clockOffsetMs;
  }
}

function parse(incoming: IncomingMessage, body: Buffer): S3Request {
  const url = new URL(incoming.url ?? "/", "http://fake");
  // The URL class folds "." and ".." away; S3 does not.
  const path = (incoming.url ?? "/").split("?")[0] ?? "/";
  const [, bucket = "", ...rest] = path.split("/");
  const key = rest.map(decodeURIComponent).join("/");
  const method = incoming.method ?? "GET";
  return {
    method,
    path,
    bucket: decodeURIComponent(bucket),
    key,
    query: url.searchParams,
    headers: incoming.headers as S3Request["headers"],
    body,
    operation: operationOf(method, key, url.searchParams),
  };
}

function checkLength({ method, headers }: S3Request): void {
  if (method === "PUT" && headers["content-length"] === undefined) {
    throw new S3Refusal(411, "MissingContentLength");
  }
}

function send(
  request: S3Request,
  answer: S3Answer,
  response: ServerResponse,
  how: {
    readonly date: string;
    readonly cut: { readonly kind: "truncate" | "stall"; readonly bytes: number } | null;
  },
): void {
  // Answers without a body must not promise one; HEAD promises the one that GET would have.
  const hasLength = answer.status !== 204 && answer.status !== 304;
  response.writeHead(answer.status, {
    date: how.date,
    "x-amz-request-id": "fake",
    ...(hasLength ? { "content-length": String(answer.body.length) } : {}),
    ...answer.headers,
  });
  if (request.method === "HEAD") {
    response.end();
  } else if (how.cut !== null && answer.body.length > how.cut.bytes) {
    const { kind, bytes } = how.cut;
    response.write(answer.body.subarray(0, bytes), () => {
      if (kind === "truncate") {
        response.socket?.destroy();
      }
    });
  } else {
    response.end(answer.body);
  }
}
