// The flags that say how clients reach the port: with TLS or without, and who is let in.
import { InvalidArgumentError, type Option } from "../commander.js";
import {
  TLS_VERSIONS,
  type TlsVersion,
  unknownCipherSuite,
} from "../../transport/tls/cipher-suites.js";
import { option, parseList } from "./flag-parsers.js";

export interface TlsFlags {
  readonly clientTlsCert?: string;
  readonly clientTlsKey?: string;
  readonly clientTlsCa?: string;
  readonly clientCrlFile?: string;
  readonly clientCertAllowedHostname?: readonly string[];
  readonly tlsMinVersion: TlsVersion;
  readonly tlsMaxVersion?: TlsVersion;
  readonly cipherSuites?: readonly string[];
}

function parseCipherSuites(text: string): string[] {
  const names = parseList(text);
  const unknown = unknownCipherSuite(names);
  if (unknown !== null) {
    throw new InvalidArgumentError(
      `Expected names such as TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, separated by commas; "${unknown}" is none that is known here.`,
    );
  }
  return names;
}

/** Made anew at each call: an Option keeps state of the parse it took part in. */
export function tlsOptions(): Option[] {
  return [
    option("--client-tls-cert <file>", "PEM certificate; with --client-tls-key clients use TLS"),
    option("--client-tls-key <file>", "PEM private key of --client-tls-cert"),
    option("--client-tls-ca <file>", "PEM CAs; clients must show a certificate signed by one"),
    option(
      "--client-crl-file <file>",
      "revocation lists (PEM or DER) of --client-tls-ca; clients with a certificate named there are refused",
    ),
    option(
      "--client-cert-allowed-hostname <names>",
      "comma-separated hosts; a client's certificate must be made out to one of them",
    ).argParser(parseList),
    option("--tls-min-version <version>", "oldest version of TLS that is spoken")
      .choices(TLS_VERSIONS)
      .default("TLS1.2"),
    option(
      "--tls-max-version <version>",
      "newest version of TLS that is spoken (default: the newest there is)",
    ).choices(TLS_VERSIONS),
    option(
      "--cipher-suites <names>",
      "comma-separated cipher suites of TLS 1.2 that are allowed, by the names etcd uses (default: Node's)",
    ).argParser(parseCipherSuites),
  ];
}
