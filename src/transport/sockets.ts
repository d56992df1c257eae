// Real sockets: listening on TCP with or without TLS, and each accepted connection as a Socket. The only place of the
// transport that knows node:net and node:tls.
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket as NodeSocket,
} from "node:net";
import {
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions as NodeTls,
} from "node:tls";
import type { Socket, SocketEvents } from "./socket.js";

export interface TlsOptions {
  /** PEM. */
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
  /** Whom client certificates are checked against; without it, by the system's authorities. */
  readonly ca?: Uint8Array;
  /** none: not asked for. verify: must be shown and valid. */
  readonly clientCertificates: "none" | "verify";
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls?: TlsOptions;
  readonly handshakeTimeoutMs: number;
}

export interface Address {
  readonly host: string;
  readonly port: number;
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
  readonly address: Address;
  /** Stops accepting. Connections stay. */
  close(): void;
}

class RealSocket implements Socket {
  readonly peer: string;
  readonly peerCommonName: string | undefined;
  readonly #socket: NodeSocket;

  constructor(socket: NodeSocket, peerCommonName: string | undefined) {
    const host = socket.remoteAddress ?? "unknown";
    this.#socket = socket;
    this.peer = `${host.includes(":") ? `[${host}]` : host}:${socket.remotePort ?? 0}`;
    this.peerCommonName = peerCommonName;
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
  protocol: Accepted["protocol"],
  peerCommonName: string | undefined,
  onConnection: (accepted: Accepted) => void,
): void {
  socket.on("error", ignoreError);
  socket.setNoDelay(true);
  // A watch over HTTP/1.1 has no PING of its own: a client whose machine is gone is found out by TCP.
  socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
  if (socket.destroyed) {
    return;
  }
  const real = new RealSocket(socket, peerCommonName);
  onConnection({
    socket: real,
    protocol,
    start: (events) => {
      real.start(events);
    },
  });
}

function commonNameOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) {
    return undefined;
  }
  // Empty if no certificate was shown, whatever the type says.
  const certificate = socket.getPeerCertificate() as { subject?: { CN?: string | string[] } };
  const name = certificate.subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

function makeTlsServer(
  options: ListenOptions,
  tls: TlsOptions,
  onConnection: (accepted: Accepted) => void,
  onHandshakeFailed: (error: Error) => void,
): Server {
  const nodeOptions: NodeTls & { allowHalfOpen: boolean } = {
    cert: Buffer.from(tls.cert),
    key: Buffer.from(tls.key),
    ...(tls.ca === undefined ? {} : { ca: Buffer.from(tls.ca) }),
    requestCert: tls.clientCertificates === "verify",
    rejectUnauthorized: tls.clientCertificates === "verify",
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: options.handshakeTimeoutMs,
    allowHalfOpen: true,
  };
  const server = createTlsServer(nodeOptions, (socket) => {
    const agreed = socket.alpnProtocol;
    const protocol = agreed === "h2" || agreed === "http/1.1" ? agreed : undefined;
    accept(socket, protocol, commonNameOf(socket), onConnection);
  });
  server.on("tlsClientError", (error, socket) => {
    onHandshakeFailed(error);
    socket.destroy();
  });
  return server;
}

const LISTEN_ERROR_CODES: Readonly<Record<string, ListenErrorCode>> = {
  EADDRINUSE: "address-in-use",
  EACCES: "permission",
  EADDRNOTAVAIL: "address-not-available",
  ENOTFOUND: "address-not-available",
};

function listenError(options: ListenOptions, error: NodeJS.ErrnoException): ListenError {
  const where = `${options.host}:${options.port}`;
  const code = LISTEN_ERROR_CODES[error.code ?? ""] ?? "other";
  const reasons: Record<ListenErrorCode, string> = {
    "address-in-use": "another program listens there already",
    permission: "no permission; ports below 1024 need it",
    "address-not-available": "this machine has no such address",
    "bad-certificate": "the TLS certificate or key cannot be used",
    other: error.message,
  };
  return new ListenError(code, `cannot listen on ${where}: ${reasons[code]}`, error);
}

/** Listens; rejects with a ListenError. */
export async function listen(
  options: ListenOptions,
  onConnection: (accepted: Accepted) => void,
  onHandshakeFailed: (error: Error) => void,
): Promise<Listener> {
  let server: Server;
  try {
    server =
      options.tls === undefined
        ? createTcpServer({ allowHalfOpen: true }, (socket) => {
            accept(socket, undefined, undefined, onConnection);
          })
        : makeTlsServer(options, options.tls, onConnection, onHandshakeFailed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ListenError(
      "bad-certificate",
      `cannot use the TLS certificate or key: ${reason}`,
      error,
    );
  }
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(listenError(options, error));
    });
    server.listen({ host: options.host, port: options.port }, () => {
      server.removeAllListeners("error");
      // An accept that fails (no file descriptors left) must not end the process; the next may succeed.
      server.on("error", onHandshakeFailed);
      const { address, port } = server.address() as AddressInfo;
      resolve({
        address: { host: address, port },
        close: () => {
          server.close();
        },
      });
    });
  });
}
