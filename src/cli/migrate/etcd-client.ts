// A client of etcd's gRPC for commands that copy: unary calls that are safe to repeat, and streams from the server. Over
// Node's own HTTP/2, so that the package needs no gRPC library for it.
import { readFileSync } from "node:fs";
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";
import type { Decode, Encoder } from "../../etcd/service-context.js";
import {
  decodeAuthenticateResponse,
  sizeAuthenticateRequest,
  writeAuthenticateRequest,
} from "../../etcd/gen/rpc.js";
import { GRPC_STATUS } from "../../transport/service.js";
import { CommandError, EXIT_FAILED, EXIT_USAGE } from "../exit.js";

/** A place that takes connections and says nothing is as good as none. */
const CONNECT_TIMEOUT_MS = 5_000;
const CALL_TIMEOUT_MS = 60_000;
const ATTEMPTS_MAX = 6;
const RETRY_DELAY_MS = 250;
/** What the server may send before it is asked for more: a page of keys. */
const WINDOW_BYTES: number = 8 * 1024 * 1024;
const MESSAGE_HEAD_BYTES = 5;

export interface ClientOptions {
  /** host:port, or a URL. The first that answers is used, and another when it no longer does. */
  readonly endpoints: readonly string[];
  /** name:password */
  readonly user?: string;
  /** Paths of PEM files. With `cacert` endpoints without a scheme are taken for https. */
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  /** How often a call is made at most while it finds nobody; default 6. */
  readonly attemptsMax?: number;
  /** Without an answer for so long a call has failed; default a minute. */
  readonly callTimeoutMs?: number;
}

/** The server's answer to a call was a failure, or there was none. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class EtcdClient implements Disposable {
  readonly #urls: readonly string[];
  readonly #tls: SecureClientSessionOptions;
  readonly #user: readonly [name: string, password: string] | null;
  readonly #attemptsMax: number;
  readonly #callTimeoutMs: number;
  #at = 0;
  #session: ClientHttp2Session | null = null;
  #token: string | null = null;
  #isClosed = false;

  constructor(options: ClientOptions) {
    const { endpoints, user, cacert, cert, key } = options;
    this.#attemptsMax = options.attemptsMax ?? ATTEMPTS_MAX;
    this.#callTimeoutMs = options.callTimeoutMs ?? CALL_TIMEOUT_MS;
    const isSecure = cacert !== undefined || cert !== undefined;
    this.#urls = endpoints.map((endpoint) => urlOf(endpoint, isSecure));
    this.#tls = {
      ...(cacert === undefined ? {} : { ca: readNamed("--cacert", cacert) }),
      ...(cert === undefined ? {} : { cert: readNamed("--cert", cert) }),
      ...(key === undefined ? {} : { key: readNamed("--key", key) }),
    };
    const colon = user?.indexOf(":") ?? -1;
    if (user !== undefined && colon < 1) {
      throw new CommandError("--user is name:password", EXIT_USAGE);
    }
    this.#user = user === undefined ? null : [user.slice(0, colon), user.slice(colon + 1)];
  }

  /** Where the calls go now. */
  get url(): string {
    return this.#urls[this.#at % this.#urls.length] ?? "";
  }

  /** A call that may be made twice. Rejects with a CallError. */
  async call<Request, Response>(
    path: string,
    encoder: Encoder<Request>,
    request: Request,
    decode: Decode<Response>,
  ): Promise<Response> {
    const message = encoded(encoder, request);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#authenticate();
        const answers: Uint8Array[] = [];
        await this.#exchange(path, message, (answer) => {
          answers.push(answer);
        });
        const [answer] = answers;
        if (answer === undefined) {
          throw new CallError(GRPC_STATUS.INTERNAL, `${path}: an answer without a message`);
        }
        return decode(answer, 0, answer.length);
      } catch (error) {
        if (attempt >= this.#attemptsMax || !this.#mayTryAgain(error)) {
          throw error;
        }
        await new Promise((resolve) => {
          setTimeout(resolve, RETRY_DELAY_MS * 2 ** (attempt - 1));
        });
        if (this.#isClosed) {
          throw error;
        }
      }
    }
  }

  /** A stream from the server: `take` is called for each message in order. Rejects with a CallError, and with what it throws. */
  async stream(
    path: string,
    message: Uint8Array,
    take: (answer: Uint8Array) => void,
  ): Promise<void> {
    await this.#authenticate();
    await this.#exchange(path, message, take);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#session?.destroy();
    this.#session = null;
  }

  #mayTryAgain(error: unknown): boolean {
    // A call that was under way at the end would open a connection again, which nobody closes.
    if (!(error instanceof CallError) || this.#isClosed) {
      return false;
    }
    if (error.message === "etcdserver: invalid auth token") {
      this.#token = null;
      return true;
    }
    if (error.status !== GRPC_STATUS.UNAVAILABLE) {
      return false;
    }
    this.#disconnect();
    this.#at += 1;
    return true;
  }

  async #authenticate(): Promise<void> {
    if (this.#user === null || this.#token !== null) {
      return;
    }
    const [name, password] = this.#user;
    const encoder = { size: sizeAuthenticateRequest, write: writeAuthenticateRequest };
    try {
      const request = encoded(encoder, { name, password });
      await this.#exchange("/etcdserverpb.Auth/Authenticate", request, (answer) => {
        this.#token = decodeAuthenticateResponse(answer, 0, answer.length).token;
      });
    } catch (error) {
      const isOff =
        error instanceof CallError && error.message.endsWith("authentication is not enabled");
      if (!isOff) {
        throw error;
      }
      this.#token = "";
    }
  }

  #connected(): ClientHttp2Session {
    if (this.#session === null || this.#session.closed || this.#session.destroyed) {
      const session = connect(this.url, {
        ...this.#tls,
        settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
      });
      session.once("connect", () => {
        session.setLocalWindowSize(2 * WINDOW_BYTES);
      });
      const timer = setTimeout(() => {
        const seconds = String(CONNECT_TIMEOUT_MS / 1_000);
        session.destroy(new Error(`no HTTP/2 connection within ${seconds} s`));
      }, CONNECT_TIMEOUT_MS);
      const isSettled = (): void => {
        clearTimeout(timer);
      };
      session.once("remoteSettings", isSettled);
      session.once("close", isSettled);
      // What goes wrong is told to the calls that are on it.
      session.on("error", () => {});
      this.#session = session;
    }
    return this.#session;
  }

  async #exchange(
    path: string,
    message: Uint8Array,
    take: (answer: Uint8Array) => void,
  ): Promise<void> {
    const { url } = this;
    const stream = this.#connected().request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: path,
      "content-type": "application/grpc",
      te: "trailers",
      ...(this.#token === null || this.#token === "" ? {} : { token: this.#token }),
    });
    stream.setTimeout(this.#callTimeoutMs, () => {
      stream.destroy(new Error(`no answer within ${String(this.#callTimeoutMs / 1_000)} s`));
    });
    const head = Buffer.alloc(MESSAGE_HEAD_BYTES);
    head.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([head, message]));
    await received(stream, url, take);
  }
}

/** Resolves when the call has ended well. */
async function received(
  stream: ClientHttp2Stream,
  url: string,
  take: (answer: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const chunks = new MessageChunks();
    let ending: IncomingHttpHeaders | null = null;
    stream.on("response", (headers) => {
      // A call that fails at once has its status here.
      ending = headers["grpc-status"] === undefined ? null : headers;
    });
    stream.on("trailers", (headers: IncomingHttpHeaders) => {
      ending = headers;
    });
    stream.on("data", (chunk: Buffer) => {
      try {
        chunks.add(chunk, take);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        stream.close(constants.NGHTTP2_CANCEL);
      }
    });
    stream.on("error", (error: Error) => {
      reject(new CallError(GRPC_STATUS.UNAVAILABLE, `${url}: ${error.message}`));
    });
    stream.on("close", () => {
      const status = Number(ending?.["grpc-status"] ?? GRPC_STATUS.UNAVAILABLE);
      if (status === GRPC_STATUS.OK) {
        resolve();
        return;
      }
      const text = ending?.["grpc-message"];
      const message = typeof text === "string" ? percentDecoded(text) : `${url} gave no answer`;
      reject(new CallError(status, message));
    });
  });
}

/** As it came where it is not encoded as it should be: some proxies put their own text there. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Puts gRPC messages together from the chunks that they come in. */
class MessageChunks {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer, take: (answer: Uint8Array) => void): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (;;) {
      const head = this.#take(MESSAGE_HEAD_BYTES, false);
      const length = head?.readUInt32BE(1) ?? 0;
      if (head === null || this.#bytes < MESSAGE_HEAD_BYTES + length) {
        return;
      }
      this.#take(MESSAGE_HEAD_BYTES, true);
      if (head[0] !== 0) {
        throw new CallError(GRPC_STATUS.INTERNAL, "the server sent a compressed message unasked");
      }
      take(this.#take(length, true) ?? Buffer.alloc(0));
    }
  }

  /** The first `length` bytes; null if they are not there yet. */
  #take(length: number, isRemoved: boolean): Buffer | null {
    if (this.#bytes < length) {
      return null;
    }
    if ((this.#chunks[0]?.length ?? 0) < length) {
      this.#chunks = [Buffer.concat(this.#chunks)];
    }
    const first = this.#chunks[0] ?? Buffer.alloc(0);
    if (isRemoved) {
      this.#bytes -= length;
      this.#chunks[0] = first.subarray(length);
      if (this.#chunks[0].length === 0) {
        this.#chunks.shift();
      }
    }
    return first.subarray(0, length);
  }
}

function encoded<Message>(encoder: Encoder<Message>, message: Message): Uint8Array {
  const bytes = new Uint8Array(encoder.size(message));
  encoder.write(bytes, 0, message);
  return bytes;
}

function urlOf(endpoint: string, isSecure: boolean): string {
  const origin = originOf(endpoint, isSecure);
  if (origin === null) {
    throw new CommandError(
      `"${endpoint}" is no endpoint: give host:port, or a URL such as https://10.0.0.1:2379`,
      EXIT_USAGE,
    );
  }
  return origin;
}

/** Null for what is no endpoint. One without a scheme gets the one that `isSecure` says. */
export function originOf(endpoint: string, isSecure: boolean): string | null {
  const text = endpoint.includes("://") ? endpoint : `${isSecure ? "https" : "http"}://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  // A URL forgets a port that is its scheme's own.
  const hasPort = /:\d+\/?$/.test(text);
  if (url === null || !["http:", "https:"].includes(url.protocol) || !hasPort) {
    return null;
  }
  return url.origin;
}

function readNamed(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`the file of ${flag} cannot be read: ${reason}`, EXIT_USAGE, error);
  }
}

/** What a person is told of a call that failed. */
export function describeCall(error: unknown, what: string): unknown {
  return error instanceof CallError
    ? new CommandError(`${what}: ${error.message}`, EXIT_FAILED, error)
    : error;
}
