// Certificate revocation lists (RFC 5280, 5): which serial numbers an authority has taken back. OpenSSL's own check is not
// used: it asks for a list of every authority of a chain and refuses everyone when one is a day late, where etcd looks for
// the serial number alone; and it is not made again for a session that is resumed. This one is made on every handshake.
import { type KeyObject, verify, type X509Certificate } from "node:crypto";
import {
  DER,
  derChildren,
  derContent,
  DerError,
  derInteger,
  derName,
  derTime,
  expectDer,
  readDer,
} from "./der.js";
import { pemBlocks } from "./pem.js";

export interface RevocationList {
  /** Canonical; see `derName`. */
  readonly issuer: string;
  /** Serial numbers as hexadecimal digits without leading zeros. */
  readonly serials: ReadonlySet<string>;
  /** When the next one is due, in milliseconds since 1970; null if it does not say. */
  readonly nextUpdateMs: number | null;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** Object identifier of the signature's algorithm, as hexadecimal digits. */
  readonly algorithm: string;
}

/** Hash by object identifier; null where the algorithm has its own. */
const SIGNATURES: ReadonlyMap<string, string | null> = new Map([
  ["2a864886f70d010105", "sha1"],
  ["2a864886f70d01010b", "sha256"],
  ["2a864886f70d01010c", "sha384"],
  ["2a864886f70d01010d", "sha512"],
  ["2a8648ce3d040302", "sha256"],
  ["2a8648ce3d040303", "sha384"],
  ["2a8648ce3d040304", "sha512"],
  ["2b6570", null],
  ["2b6571", null],
]);

/** All lists of a file: PEM blocks, or one in DER. Throws DerError. */
export function parseRevocationLists(file: Uint8Array): RevocationList[] {
  const blocks = pemBlocks(file, "X509 CRL");
  if (blocks.length > 0) {
    return blocks.map(parseList);
  }
  if (file[0] !== DER.SEQUENCE) {
    throw new DerError("it holds no revocation list, neither PEM (X509 CRL) nor DER");
  }
  return [parseList(file)];
}

function parseList(bytes: Uint8Array): RevocationList {
  const whole = expectDer(readDer(bytes, 0, bytes.length), DER.SEQUENCE, "the list");
  const [signedPart, algorithmPart, signaturePart] = derChildren(bytes, whole);
  const signed = expectDer(signedPart, DER.SEQUENCE, "the signed part");
  const [oid] = derChildren(bytes, expectDer(algorithmPart, DER.SEQUENCE, "the algorithm"));
  const signature = expectDer(signaturePart, DER.BIT_STRING, "the signature");
  const fields = derChildren(bytes, signed);
  if (fields[0]?.tag === DER.INTEGER) {
    fields.shift();
  }
  const isTime = (tag: number | undefined): boolean =>
    tag === DER.UTC_TIME || tag === DER.GENERALIZED_TIME;
  const [, issuer, thisUpdate, afterwards] = fields;
  if (!isTime(thisUpdate?.tag)) {
    throw new DerError("the list's date is not where it should be");
  }
  const next = isTime(afterwards?.tag) ? afterwards : undefined;
  const entries = fields[next === undefined ? 3 : 4];
  const serials = new Set<string>();
  if (entries?.tag === DER.SEQUENCE) {
    for (const entry of derChildren(bytes, entries)) {
      const [serial] = derChildren(bytes, entry);
      serials.add(derInteger(bytes, expectDer(serial, DER.INTEGER, "a serial number")));
    }
  }
  return {
    issuer: derName(bytes, expectDer(issuer, DER.SEQUENCE, "the issuer")),
    serials,
    nextUpdateMs: next === undefined ? null : derTime(bytes, next),
    signed: bytes.subarray(signed.start, signed.end),
    // The first byte of a bit string says how many bits of the last are unused.
    signature: bytes.subarray(signature.contentStart + 1, signature.end),
    algorithm: Buffer.from(
      derContent(bytes, expectDer(oid, DER.OBJECT_IDENTIFIER, "the algorithm")),
    ).toString("hex"),
  };
}

interface CertificateNames {
  readonly serial: string;
  readonly issuer: string;
  readonly subject: string;
}

/** What a list says of a certificate, and a certificate of itself. `raw` is DER, already read once by OpenSSL. */
export function namesOf(raw: Uint8Array): CertificateNames {
  const [body] = derChildren(raw, readDer(raw, 0, raw.length));
  const fields = derChildren(raw, expectDer(body, DER.SEQUENCE, "the certificate's body"));
  if (fields[0]?.tag === DER.CONTEXT_0) {
    fields.shift();
  }
  const [serial, , issuer, , subject] = fields;
  return {
    serial: derInteger(raw, expectDer(serial, DER.INTEGER, "the serial number")),
    issuer: derName(raw, expectDer(issuer, DER.SEQUENCE, "the issuer")),
    subject: derName(raw, expectDer(subject, DER.SEQUENCE, "the subject")),
  };
}

function isSignedBy(list: RevocationList, key: KeyObject, hash: string | null): boolean {
  try {
    return verify(hash, list.signed, key, list.signature);
  } catch {
    // A key of another kind than the signature.
    return false;
  }
}

/** Why a list cannot be used with these authorities; null if it can. */
export function listProblem(
  list: RevocationList,
  authorities: readonly X509Certificate[],
): string | null {
  const hash = SIGNATURES.get(list.algorithm);
  if (hash === undefined) {
    return `its signature's algorithm (${list.algorithm}) is not known here`;
  }
  const issuers = authorities.filter(({ raw }) => namesOf(raw).subject === list.issuer);
  if (issuers.length === 0) {
    return "its issuer is none of the authorities that client certificates are checked against";
  }
  const isGenuine = issuers.some((issuer) => isSignedBy(list, issuer.publicKey, hash));
  return isGenuine ? null : "its signature is not its issuer's";
}

/** The serial number of the first certificate that was taken back; null if none was. */
export function revokedSerial(
  lists: readonly RevocationList[],
  chain: readonly Uint8Array[],
): string | null {
  for (const raw of chain) {
    const { serial, issuer } = namesOf(raw);
    if (lists.some((list) => list.issuer === issuer && list.serials.has(serial))) {
      return serial;
    }
  }
  return null;
}
