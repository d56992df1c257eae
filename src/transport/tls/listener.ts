// A server socket that speaks TLS: handshakes under a time limit, client certificates checked, certificates renewed while
// it runs. Whoever is refused is told why in the log, at a rate that cannot fill a disk.
import { isIP, type Socket as NodeSocket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { assert } from "../../lib/assert.js";
import { compareBytes } from "../../lib/bytes.js";
import type { Clock } from "../../runtime/clock.js";
import type { Logger } from "../../runtime/logger.js";
import { checkTls, type TlsMaterial, type TlsOptions, type TlsReady } from "./material.js";
import { revokedSerial } from "./revocation-list.js";
import { failureReason } from "./failure-reason.js";

export interface TlsListenerOptions {
  readonly tls: TlsOptions;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly handshakeTimeoutMs: number;
  readonly pendingHandshakesMax: number;
}

/** A client through its handshake and all checks. */
export interface Secured {
  readonly socket: TLSSocket;
  readonly protocol: "h2" | "http/1.1" | undefined;
  /** Of the verified certificate; undefined if there is none or it names nobody. */
  readonly commonName: string | undefined;
}

/** Failed handshakes that are logged in one span of time; the rest is counted. */
const LOGGED_MAX = 10;
const LOG_SPAN_MS = 10_000;

class FailureLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #spanStartMs = Number.NEGATIVE_INFINITY;
  #logged = 0;
  #kept = 0;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  warn(peer: string, reason: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#spanStartMs >= LOG_SPAN_MS) {
      if (this.#kept > 0) {
        this.#logger.warn("more TLS clients were refused", { count: this.#kept });
      }
      this.#spanStartMs = nowMs;
      this.#logged = 0;
      this.#kept = 0;
    }
    if (this.#logged < LOGGED_MAX) {
      this.#logged += 1;
      this.#logger.warn("a TLS client was refused", { peer, reason });
    } else {
      this.#kept += 1;
    }
  }
}

/**
 * Handshakes that are not over, oldest first. Each costs some 40 KB, so there may be only so many; the oldest gives way,
 * because a client that means it is done within milliseconds.
 */
class PendingHandshakes {
  readonly #byPeer = new Map<string, NodeSocket>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: NodeSocket): void {
    const peer = peerOf(socket);
    if (peer === null) {
      return;
    }
    const [oldest] = this.#byPeer;
    if (oldest !== undefined && this.#byPeer.size >= this.#most) {
      // Not left to its "close", which comes at the end of the turn: many more may come before.
      this.#byPeer.delete(oldest[0]);
      oldest[1].destroy();
    }
    this.#byPeer.set(peer, socket);
    socket.once("close", () => {
      if (this.#byPeer.get(peer) === socket) {
        this.#byPeer.delete(peer);
      }
    });
  }

  remove(socket: NodeSocket): void {
    const peer = peerOf(socket);
    if (peer !== null) {
      this.#byPeer.delete(peer);
    }
  }
}

/** "address:port"; null for a socket of the file system, whose clients are of this machine. */
function peerOf(socket: NodeSocket): string | null {
  return socket.remotePort === undefined
    ? null
    : `${socket.remoteAddress ?? ""}:${socket.remotePort}`;
}

/** The certificate and those that vouch for it, each as DER. */
function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  type Detailed = ReturnType<typeof socket.getPeerCertificate> & { issuerCertificate?: Detailed };
  let certificate = socket.getPeerCertificate(true) as Detailed | undefined;
  // A self-signed certificate is its own issuer. Empty if none was shown, whatever the type says.
  while (certificate !== undefined && (certificate.raw as Buffer | undefined) !== undefined) {
    if (chain.some((raw) => certificate?.raw.equals(raw) === true)) {
      break;
    }
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** Why a client whose handshake went well is refused; null if it is not. Called on every handshake, also a resumed one. */
function refusal(
  socket: TLSSocket,
  options: TlsOptions,
  ready: TlsReady,
  nowMs: number,
): string | null {
  if (options.clientCertificates === "none") {
    return null;
  }
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) {
    return "it showed no client certificate that was verified";
  }
  if (Date.parse(certificate.validTo) < nowMs) {
    return `its certificate expired at ${certificate.validTo}`;
  }
  const serial = ready.lists.length === 0 ? null : revokedSerial(ready.lists, chainOf(socket));
  if (serial !== null) {
    return `certificate serial ${serial} revoked`;
  }
  const { allowedHostnames = [] } = options;
  const isAllowed =
    allowedHostnames.length === 0 ||
    allowedHostnames.some(
      (name) =>
        (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined,
    );
  return isAllowed
    ? null
    : "client certificate authentication failed: its certificate is made out to none of the allowed hosts";
}

function commonNameOf(socket: TLSSocket): string | undefined {
  // Empty if no certificate was shown, whatever the type says.
  const certificate = socket.getPeerCertificate() as { subject?: { CN?: string | string[] } };
  const name = certificate.subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

/** The settings in use: those of the start, until files have changed to others that can be used. */
class TlsInUse {
  current: TlsOptions;
  ready: TlsReady;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** What `reload` gave last. */
  #seen: TlsMaterial | Error | undefined = undefined;
  /** What was seen last cannot be used, and the log says so. */
  #isRefusing = false;

  /** Throws a TlsError for certificates that cannot be used. */
  constructor(options: TlsOptions, clock: Clock, logger: Logger) {
    this.current = options;
    this.#clock = clock;
    this.#logger = logger;
    this.ready = checkTls(options, clock.wallMs());
    this.#warn();
  }

  /** Takes up files that have changed. All in one tick: no handshake sees half of them. */
  renew(server: Server): void {
    const material = this.current.reload?.();
    if (material === undefined || material === this.#seen) {
      return;
    }
    this.#seen = material;
    try {
      if (material instanceof Error) {
        throw material;
      }
      if (isSameMaterial(material, this.current)) {
        // At start, or files that were touched; of those put back after a mistake it is said that all is well.
        if (this.#isRefusing) {
          this.#isRefusing = false;
          this.#logger.info("TLS files are again those in use");
        }
        return;
      }
      const renewed = withMaterial(this.current, material);
      const ready = checkTls(renewed, this.#clock.wallMs());
      // New keys for session tickets come with it: nobody resumes what was agreed under the old certificates or lists.
      server.setSecureContext(ready.context);
      this.current = renewed;
      this.ready = ready;
      this.#isRefusing = false;
      this.#logger.info("TLS files have changed: the new ones are used from now on");
      this.#warn();
    } catch (error) {
      this.#isRefusing = true;
      const reason = error instanceof Error ? error.message : String(error);
      const part = error instanceof Error && "part" in error ? String(error.part) : "unknown";
      this.#logger.error("TLS files have changed and cannot be used: the ones before stay in use", {
        part,
        reason,
      });
    }
  }

  #warn(): void {
    for (const warning of this.ready.warnings) {
      this.#logger.warn(warning);
    }
  }
}

function isSameMaterial(left: TlsMaterial, right: TlsMaterial): boolean {
  return (["cert", "key", "ca", "crl"] as const).every((part) => {
    const [one, other] = [left[part], right[part]];
    return one === undefined || other === undefined
      ? one === other
      : compareBytes(one, other) === 0;
  });
}

function withMaterial(options: TlsOptions, material: TlsMaterial): TlsOptions {
  const { ca, crl, ...policy } = options;
  // A list or authorities that are not given any more would be a loosening that no file can ask for.
  assert(
    (ca === undefined) === (material.ca === undefined),
    "authorities come and go with a restart",
  );
  assert((crl === undefined) === (material.crl === undefined), "lists come and go with a restart");
  return { ...policy, ...material };
}

/** Throws a TlsError for certificates that cannot be used. */
export function makeTlsServer(
  { tls, clock, logger, handshakeTimeoutMs, pendingHandshakesMax }: TlsListenerOptions,
  onSecured: (secured: Secured) => void,
  onRefused: () => void,
): Server {
  const inUse = new TlsInUse(tls, clock, logger);
  const failures = new FailureLog(clock, logger);
  const pending = new PendingHandshakes(pendingHandshakesMax);
  const isVerifying = tls.clientCertificates === "verify";
  const server = createServer({
    ...inUse.ready.context,
    requestCert: isVerifying,
    rejectUnauthorized: isVerifying,
    ALPNProtocols: ["h2", "http/1.1"],
    // From the first byte to the last of the handshake: Node does not begin it anew when bytes come.
    handshakeTimeout: handshakeTimeoutMs,
  });
  // Before Node's own listener, which begins the handshake.
  server.prependListener("connection", (socket: NodeSocket) => {
    inUse.renew(server);
    pending.add(socket);
  });
  server.on("secureConnection", (socket) => {
    pending.remove(socket);
    const reason = refusal(socket, inUse.current, inUse.ready, clock.wallMs());
    if (reason !== null) {
      failures.warn(peerOf(socket) ?? "local", reason);
      socket.on("error", () => {
        // Always followed by its end.
      });
      socket.destroy();
      onRefused();
      return;
    }
    // Only from here on: a client that goes away during the handshake is to be gone at once.
    socket.allowHalfOpen = true;
    const agreed = socket.alpnProtocol;
    const isUser = isVerifying && inUse.current.userFromCertificate !== false;
    onSecured({
      socket,
      protocol: agreed === "h2" || agreed === "http/1.1" ? agreed : undefined,
      commonName: isUser ? commonNameOf(socket) : undefined,
    });
  });
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    const reason = failureReason(error, socket, handshakeTimeoutMs);
    const peer = peerOf(socket) ?? "unknown";
    if (reason === null) {
      logger.debug("a connection ended before its TLS handshake was over", { peer });
    } else {
      failures.warn(peer, reason);
    }
    onRefused();
    socket.destroy();
  });
  // What the files have become since they were read: there was time for it while the store was opened.
  inUse.renew(server);
  return server;
}
