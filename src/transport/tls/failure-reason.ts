// Why a TLS handshake failed, in words for who reads the log. OpenSSL's own are kept where they say enough.
import type { TLSSocket } from "node:tls";

const REASONS: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: "it speaks plain HTTP: this port speaks TLS (https://)",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS (a plaintext client, or a version too old)",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it speaks only versions of TLS that are not allowed here",
  ERR_SSL_NO_SHARED_CIPHER: "it knows no cipher suite that is allowed here",
  ERR_SSL_NO_APPLICATION_PROTOCOL: "it speaks neither h2 nor http/1.1 (ALPN)",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "it showed no client certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "it does not know the authority of the server's certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "it refused the server's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "it says that the server's certificate has expired",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "it refused the server's certificate",
};

/** By the code that verification ends with. */
const VERIFY_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is of an authority that is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is of an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is of an authority that is not trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is of an authority that is not trusted here",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  INVALID_PURPOSE: "its certificate is not for clients (extended key usage clientAuth)",
};

/** Null if the client only went away, as those do that just try whether a port is open. */
export function failureReason(
  error: NodeJS.ErrnoException,
  socket: TLSSocket,
  timeoutMs: number,
): string | null {
  // A code, whatever the type says; set only if the handshake was well and the certificate was not.
  const verification = socket.authorizationError as Error | string | null | undefined;
  if (verification !== undefined && verification !== null) {
    const code = typeof verification === "string" ? verification : verification.message;
    return VERIFY_REASONS[code] ?? `its certificate was refused: ${code}`;
  }
  const code = error.code ?? "";
  if (code === "ERR_TLS_HANDSHAKE_TIMEOUT") {
    return `the handshake took longer than ${timeoutMs} ms`;
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return null;
  }
  return REASONS[code] ?? error.message;
}
