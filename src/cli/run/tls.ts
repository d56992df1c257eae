// TLS as the flags ask for it: files read and everything checked before anything is opened. Loaded only where TLS is asked
// for: it is what a plaintext server starts faster without.
import { readTlsFiles, TlsFileError } from "../../transport/tls/files.js";
import { checkTls, TlsError, type TlsOptions, type TlsPart } from "../../transport/tls/material.js";
import { CommandError, EXIT_USAGE } from "../exit.js";
import type { TlsFlags } from "../flags/tls-flags.js";

/** What a flag of each part is called: etcd has other names for some. */
export type TlsFlagNames = Readonly<Record<Exclude<TlsPart, "settings">, string>>;

export const T4_TLS_FLAGS: TlsFlagNames = {
  cert: "--client-tls-cert",
  key: "--client-tls-key",
  ca: "--client-tls-ca",
  crl: "--client-crl-file",
};

/** What only etcd's flags can say. */
export interface TlsRules {
  /** Client certificates are asked for though no authorities are named: those that Node brings are trusted. */
  readonly verifyClients?: boolean;
  /** Whether a certificate's common name is a user; default true. */
  readonly userFromCertificate?: boolean;
}

/** Null: plaintext. Throws a CommandError that names the flag, the file and what is wrong. */
export function readTls(
  flags: TlsFlags,
  nowMs: number,
  names: TlsFlagNames = T4_TLS_FLAGS,
  rules: TlsRules = {},
): TlsOptions | null {
  const { clientTlsCert: cert, clientTlsKey: key, clientTlsCa: ca, clientCrlFile: crl } = flags;
  const { clientCertAllowedHostname: allowedHostnames, tlsMaxVersion: maxVersion } = flags;
  const isVerifying = ca !== undefined || rules.verifyClients === true;
  if (!isVerifying && allowedHostnames !== undefined && allowedHostnames.length > 0) {
    throw new CommandError(
      `--client-cert-allowed-hostname lets everyone in without ${names.ca}: clients show no certificate that is checked. ` +
        `Name the authorities of their certificates with ${names.ca}`,
      EXIT_USAGE,
    );
  }
  if (cert === undefined && key === undefined && ca === undefined && crl === undefined) {
    return null;
  }
  if (cert === undefined || key === undefined) {
    throw new CommandError(`TLS needs both ${names.cert} and ${names.key}`, EXIT_USAGE);
  }
  const paths = {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
  };
  try {
    const options: TlsOptions = {
      ...readTlsFiles(paths),
      clientCertificates: isVerifying ? "verify" : "none",
      userFromCertificate: rules.userFromCertificate ?? true,
      minVersion: flags.tlsMinVersion,
      ...(maxVersion === undefined ? {} : { maxVersion }),
      ...(flags.cipherSuites === undefined ? {} : { cipherSuites: flags.cipherSuites }),
      ...(allowedHostnames === undefined ? {} : { allowedHostnames }),
    };
    checkTls(options, nowMs);
    return options;
  } catch (error) {
    throw described(error, paths, names);
  }
}

function described(
  error: unknown,
  paths: Readonly<Partial<Record<TlsPart, string>>>,
  names: TlsFlagNames,
): unknown {
  if (error instanceof TlsFileError && error.part !== "settings") {
    const message = `the file of ${names[error.part]} cannot be read: ${error.message}`;
    return new CommandError(message, EXIT_USAGE, error);
  }
  if (error instanceof TlsError) {
    const message =
      error.part === "settings"
        ? error.message
        : `the file of ${names[error.part]} (${paths[error.part] ?? ""}) cannot be used: ${error.message}`;
    return new CommandError(message, EXIT_USAGE, error);
  }
  return error;
}
