// What a TLS port is given: certificate, key, authorities, revocation lists, and the rules of the handshake. Everything is
// checked before it is used, at start and again at each reload, so that what is wrong is said in words and by its part.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { opensslCiphers, type TlsVersion, unknownCipherSuite } from "./cipher-suites.js";
import { DerError } from "./der.js";
import { pemBlocks, toPem } from "./pem.js";
import { listProblem, parseRevocationLists, type RevocationList } from "./revocation-list.js";

/** What can change while the server runs. */
export interface TlsMaterial {
  /** PEM: the server's certificate, then those between it and its authority. */
  readonly cert: Uint8Array;
  /** PEM, not encrypted. */
  readonly key: Uint8Array;
  /** PEM: whom client certificates are checked against; without it, the authorities that Node brings. */
  readonly ca?: Uint8Array;
  /** PEM or DER: revocation lists of authorities in `ca`. */
  readonly crl?: Uint8Array;
}

export interface TlsOptions extends TlsMaterial {
  /** none: not asked for. verify: must be shown and valid. */
  readonly clientCertificates: "none" | "verify";
  /** Whether the common name of a verified certificate is the caller's name for authorisation; default true. */
  readonly userFromCertificate?: boolean;
  /** A client certificate must be made out to one of these hosts; default: to anyone. */
  readonly allowedHostnames?: readonly string[];
  /** Default TLS 1.2. */
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** Of TLS 1.2, by etcd's names; default Node's. */
  readonly cipherSuites?: readonly string[];
  /**
   * Asked before each handshake, so it must be quick: what to use now, or why it cannot be had. The same object as long as
   * nothing has changed. What cannot be used is logged, and what was used before stays.
   */
  readonly reload?: () => TlsMaterial | Error;
}

export type TlsPart = "cert" | "key" | "ca" | "crl" | "settings";

/** Something of a TLS port cannot be used: says which part, and why in a form for people. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly part: TlsPart;

  constructor(part: TlsPart, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.part = part;
  }
}

/** Checked and ready. */
export interface TlsReady {
  readonly context: SecureContextOptions;
  readonly lists: readonly RevocationList[];
  /** What is odd and can be used all the same. */
  readonly warnings: readonly string[];
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function certificates(file: Uint8Array, part: "cert" | "ca"): X509Certificate[] {
  const blocks = [...pemBlocks(file, "CERTIFICATE"), ...pemBlocks(file, "TRUSTED CERTIFICATE")];
  if (blocks.length === 0) {
    throw new TlsError(part, "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  }
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      const which = `certificate ${i + 1} of ${blocks.length}`;
      throw new TlsError(part, `${which} in it cannot be read: ${reasonOf(error)}`, error);
    }
  });
}

/** One line, as "CN=alice, O=Example". */
function subjectOf(certificate: X509Certificate): string {
  return certificate.subject === "" ? "no name" : certificate.subject.replaceAll("\n", ", ");
}

function privateKey(file: Uint8Array): KeyObject {
  const text = Buffer.from(file).toString("latin1");
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw new TlsError(
      "key",
      "it is encrypted, and a server that starts by itself cannot ask for the passphrase: " +
        "decrypt it with openssl pkey -in key.pem -out plain-key.pem, readable by the server alone",
    );
  }
  try {
    return createPrivateKey(Buffer.from(file));
  } catch (error) {
    throw new TlsError("key", `it holds no private key in PEM form: ${reasonOf(error)}`, error);
  }
}

function ageWarning(what: string, certificate: X509Certificate, nowMs: number): string[] {
  const { validFrom, validTo } = certificate;
  if (Date.parse(validTo) < nowMs) {
    return [`${what} (${subjectOf(certificate)}) expired at ${validTo}: clients will refuse it`];
  }
  if (Date.parse(validFrom) > nowMs) {
    return [`${what} (${subjectOf(certificate)}) is valid only from ${validFrom}`];
  }
  return [];
}

function checkSettings(options: TlsOptions): void {
  const { minVersion = "TLS1.2", maxVersion, cipherSuites = [], allowedHostnames = [] } = options;
  if (allowedHostnames.length > 0 && options.clientCertificates === "none") {
    // Everyone would be let in, and whoever set it believes the contrary.
    throw new TlsError(
      "settings",
      "allowed host names are looked for in client certificates, and none is asked for: name the authorities that sign them",
    );
  }
  // The words of etcd.
  if (maxVersion !== undefined && minVersion > maxVersion) {
    throw new TlsError(
      "settings",
      `min version (${minVersion}) is greater than max version (${maxVersion})`,
    );
  }
  if (minVersion === "TLS1.3" && cipherSuites.length > 0) {
    throw new TlsError(
      "settings",
      "cipher suites cannot be configured when only TLS1.3 is enabled",
    );
  }
  const unknown = unknownCipherSuite(cipherSuites);
  if (unknown !== null) {
    throw new TlsError("settings", `unexpected TLS cipher suite "${unknown}"`);
  }
}

function checkLists(
  file: Uint8Array,
  authorities: readonly X509Certificate[],
  nowMs: number,
): { readonly lists: readonly RevocationList[]; readonly warnings: readonly string[] } {
  let lists: readonly RevocationList[];
  try {
    lists = parseRevocationLists(file);
  } catch (error) {
    if (error instanceof DerError) {
      throw new TlsError("crl", `it cannot be read: ${error.message}`, error);
    }
    throw error;
  }
  const warnings: string[] = [];
  lists.forEach((list, i) => {
    const problem = listProblem(list, authorities);
    if (problem !== null) {
      throw new TlsError(
        "crl",
        `list ${i + 1} of ${lists.length} in it cannot be used: ${problem}`,
      );
    }
    if (list.nextUpdateMs !== null && list.nextUpdateMs < nowMs) {
      const due = new Date(list.nextUpdateMs).toISOString();
      warnings.push(
        `the revocation list is out of date (the next was due ${due}): it is used all the same`,
      );
    }
  });
  return { lists, warnings };
}

/** Throws a TlsError for what cannot be used. */
export function checkTls(options: TlsOptions, nowMs: number): TlsReady {
  checkSettings(options);
  const [leaf] = certificates(options.cert, "cert") as [X509Certificate];
  const key = privateKey(options.key);
  if (!leaf.checkPrivateKey(key)) {
    throw new TlsError("key", `it is not the key of the certificate (${subjectOf(leaf)})`);
  }
  const warnings = ageWarning("the server's certificate", leaf, nowMs);
  const authorities = options.ca === undefined ? [] : certificates(options.ca, "ca");
  for (const authority of authorities) {
    warnings.push(...ageWarning("an authority's certificate", authority, nowMs));
  }
  let lists: readonly RevocationList[] = [];
  if (options.crl !== undefined) {
    if (options.clientCertificates === "none" || authorities.length === 0) {
      throw new TlsError(
        "crl",
        "a revocation list says something only of client certificates that are checked against authorities",
      );
    }
    const checked = checkLists(options.crl, authorities, nowMs);
    ({ lists } = checked);
    warnings.push(...checked.warnings);
  }
  const context = contextOptions(options, authorities);
  try {
    createSecureContext(context);
  } catch (error) {
    throw new TlsError("settings", `TLS cannot be set up: ${reasonOf(error)}`, error);
  }
  return { context, lists, warnings };
}

function contextOptions(
  options: TlsOptions,
  authorities: readonly X509Certificate[],
): SecureContextOptions {
  const { cert, key, minVersion = "TLS1.2", maxVersion, cipherSuites = [] } = options;
  const inNode = (version: TlsVersion): "TLSv1.2" | "TLSv1.3" =>
    version === "TLS1.2" ? "TLSv1.2" : "TLSv1.3";
  return {
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    // One by one, as they were checked.
    ...(authorities.length === 0
      ? {}
      : { ca: authorities.map(({ raw }) => toPem(raw, "CERTIFICATE")) }),
    minVersion: inNode(minVersion),
    ...(maxVersion === undefined ? {} : { maxVersion: inNode(maxVersion) }),
    ...(cipherSuites.length === 0 ? {} : { ciphers: opensslCiphers(cipherSuites) }),
  };
}
