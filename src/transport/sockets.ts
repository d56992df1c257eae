// Real sockets: listening on TCP or in the file system, with or without TLS, and each accepted connection as a Socket. Only
// this file and tls/ know node:net and node:tls.
import { createServer as createTcpServer, type Server, type Socket as NodeSocket } from "node:net";
import { rmSync, statSync } from "node:fs";
import { shownAddress } from "../lib/address.js";
import type { Clock } from "../runtime/clock.js";
import type { Logger } from "../runtime/logger.js";
import type { Socket, SocketEvents } from "./socket.js";
import type { Secured } from "./tls/listener.js";
import type { TlsOptions } from "./tls/material.js";

/** Where to listen: an address of the machine, or a socket of the file system. */
export type Endpoint = Address | SocketPath;

export interface Address {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface SocketPath {
  readonly path: string;
}

export interface ListenOptions {
  readonly endpoint: Endpoint;
  readonly tls?: TlsOptions;
  readonly handshakeTimeoutMs: number;
  readonly pendingHandshakesMax: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type ListenErrorCode =
  "address-in-use" | "permission" | "address-not-available" | "bad-certificate" | "other";

/** The server cannot listen: says why in a form for people, and by a code for programs. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code: ListenErrorCode;

  constructor(code: ListenErrorCode, message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface Accepted {
  readonly socket: Socket;
  /** What was agreed by ALPN; undefined without TLS or if the client does not speak ALPN. */
  readonly protocol: "h2" | "http/1.1" | undefined;
  /** Called once, before any event can come. */
  start(events: SocketEvents): void;
}

export interface Listener {
  /** The endpoint listened at, with the port that was found if any would do. */
  readonly endpoint: Endpoint;
  /** Stops accepting. Connections stay. */
  close(): void;
}

/** What a TLS handshake found out. */
type Agreed = Omit<Secured, "socket">;

class RealSocket implements Socket {
  readonly peer: string;
  readonly isSecure: boolean;
  readonly peerCommonName: string | undefined;
  readonly #socket: NodeSocket;

  constructor(socket: NodeSocket, tls: Agreed | null) {
    const host = socket.remoteAddress;
    this.#socket = socket;
    // A client of a socket of the file system has no address; Go calls it "@".
    this.peer = host === undefined ? "@" : shownAddress(host, socket.remotePort ?? 0);
    this.isSecure = tls !== null;
    this.peerCommonName = tls?.commonName;
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(parts: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) {
      return;
    }
    if (parts.length === 1) {
      socket.write(parts[0] as Uint8Array);
      return;
    }
    socket.cork();
    for (const part of parts) {
      socket.write(part);
    }
    socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  start(events: SocketEvents): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => {
      events.data(chunk);
    });
    socket.on("drain", () => {
      events.drained();
    });
    socket.on("end", () => {
      events.ended();
    });
    socket.once("close", () => {
      events.closed();
    });
  }
}

/** As etcd's listener has it. */
const TCP_KEEPALIVE_MS = 30_000;

/** Errors of a connection are always followed by "close", which says all that matters. */
function ignoreError(): void {
  // Nothing to do.
}

function accept(
  socket: NodeSocket,
  tls: Agreed | null,
  onConnection: (accepted: Accepted) => void,
): void {
  socket.on("error", ignoreError);
  socket.setNoDelay(true);
  // A watch over HTTP/1.1 has no PING of its own: a client whose machine is gone is found out by TCP.
  socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
  if (socket.destroyed) {
    return;
  }
  const real = new RealSocket(socket, tls);
  onConnection({
    socket: real,
    protocol: tls?.protocol,
    start: (events) => {
      real.start(events);
    },
  });
}

const LISTEN_ERROR_CODES: Readonly<Record<string, ListenErrorCode>> = {
  EADDRINUSE: "address-in-use",
  EACCES: "permission",
  EADDRNOTAVAIL: "address-not-available",
  ENOTFOUND: "address-not-available",
};

function shown(endpoint: Endpoint): string {
  return "path" in endpoint ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
}

function listenError(endpoint: Endpoint, error: NodeJS.ErrnoException): ListenError {
  const code = LISTEN_ERROR_CODES[error.code ?? ""] ?? "other";
  const reasons: Record<ListenErrorCode, string> = {
    "address-in-use": "another program listens there already",
    permission:
      "path" in endpoint
        ? "no permission to make a socket there"
        : "no permission; ports below 1024 need it",
    "address-not-available": "this machine has no such address",
    "bad-certificate": "the TLS certificate or key cannot be used",
    other: error.message,
  };
  return new ListenError(code, `cannot listen on ${shown(endpoint)}: ${reasons[code]}`, error);
}

/** A socket that a server left behind would be in the way, as in etcd. Anything else there stays, and is in the way. */
function removeOldSocket(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() === true) {
    rmSync(path);
  }
}

async function makeServer(
  { tls, ...options }: ListenOptions,
  onConnection: (accepted: Accepted) => void,
  onHandshakeFailed: () => void,
): Promise<Server> {
  if (tls === undefined) {
    return createTcpServer({ allowHalfOpen: true }, (socket) => {
      accept(socket, null, onConnection);
    });
  }
  // Not loaded by who serves without.
  const [{ makeTlsServer }, { TlsError }] = await Promise.all([
    import("./tls/listener.js"),
    import("./tls/material.js"),
  ]);
  try {
    return makeTlsServer(
      { ...options, tls },
      ({ socket, ...agreed }) => {
        accept(socket, agreed, onConnection);
      },
      onHandshakeFailed,
    );
  } catch (error) {
    if (error instanceof TlsError) {
      const names = { cert: "certificate", key: "key", ca: "CA file", crl: "revocation list" };
      const what = error.part === "settings" ? "settings" : names[error.part];
      throw new ListenError(
        "bad-certificate",
        `cannot use the TLS ${what}: ${error.message}`,
        error,
      );
    }
    throw error;
  }
}

/** Listens; rejects with a ListenError. */
export async function listen(
  options: ListenOptions,
  onConnection: (accepted: Accepted) => void,
  onHandshakeFailed: () => void,
): Promise<Listener> {
  const { endpoint } = options;
  const server = await makeServer(options, onConnection, onHandshakeFailed);
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(listenError(endpoint, error));
    });
    if ("path" in endpoint) {
      try {
        removeOldSocket(endpoint.path);
      } catch (error) {
        reject(listenError(endpoint, error as NodeJS.ErrnoException));
        return;
      }
    }
    server.listen("path" in endpoint ? endpoint.path : { ...endpoint }, () => {
      server.removeAllListeners("error");
      // An accept that fails (no file descriptors left) must not end the process; the next may succeed.
      server.on("error", onHandshakeFailed);
      const bound = server.address();
      resolve({
        endpoint:
          typeof bound === "object" && bound !== null
            ? { host: bound.address, port: bound.port }
            : endpoint,
        close: () => {
          server.close();
        },
      });
    });
  });
}
