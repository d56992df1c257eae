// One unary gRPC call, for commands that ask a running server. Loaded only where one is made.
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { CommandError, EXIT_FAILED } from "./exit.js";

const CONNECT_MS_MAX = 3_000;
/** Length of what comes before a message: a flag and its size. */
const FRAME_BYTES = 5;

/** Nobody answers there, so nothing was asked. */
export class NotReachedError extends Error {
  override readonly name = "NotReachedError";
}

/** Calls a method of the server at an address as a lock or a person names it. Rejects with a NotReachedError or a CommandError. */
export async function callServer(
  address: string,
  path: string,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const url = urlOf(address);
  const session = await reach(url, address);
  try {
    return await call(session, url, path, request, signal);
  } finally {
    session.destroy();
  }
}

/** A server that listens at every address is asked at this machine's own. */
export function urlOf(address: string): URL {
  const text = address.includes("://") ? address : `http://${address}`;
  const url = new URL(text);
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") {
    url.hostname = "localhost";
  }
  return url;
}

async function reach(url: URL, address: string): Promise<ClientHttp2Session> {
  const session = connect(url.origin);
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no connection within ${CONNECT_MS_MAX} ms`));
      }, CONNECT_MS_MAX);
      // Not the connection alone: what listens there may speak something else.
      session.once("remoteSettings", () => {
        clearTimeout(timer);
        resolve();
      });
      session.once("error", (error: Error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
  } catch (error) {
    session.destroy();
    throw new NotReachedError(`${address} cannot be reached: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return session;
}

async function call(
  session: ClientHttp2Session,
  url: URL,
  path: string,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const body = Buffer.alloc(FRAME_BYTES + request.length);
  body.writeUInt32BE(request.length, 1);
  body.set(request, FRAME_BYTES);
  const status = { code: "", message: "" };
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: path,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
      [constants.HTTP2_HEADER_TE]: "trailers",
    });
    const take = (headers: IncomingHttpHeaders): void => {
      status.code = headers["grpc-status"]?.toString() ?? status.code;
      status.message = headers["grpc-message"]?.toString() ?? status.message;
    };
    const stop = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    session.on("error", reject);
    stream.on("close", () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    stream.end(body);
  });
  if (status.code !== "0") {
    throw new CommandError(
      `the server at ${url.host} refused: ${decodeURIComponent(status.message) || "no answer"} (gRPC status ${status.code || "none"})`,
      EXIT_FAILED,
    );
  }
  return Buffer.concat(chunks).subarray(FRAME_BYTES);
}
