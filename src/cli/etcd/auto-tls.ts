// --auto-tls: a certificate that the server makes and signs itself, kept beside the data directory so that clients that
// trust it go on doing so. It keeps listeners out, and proves nothing.
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { toPem } from "../../transport/tls/pem.js";
import type { ListenUrl } from "./urls.js";

/** One DER value of its parts. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const bytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const octets = (...parts: readonly Uint8Array[]): Buffer => der(0x04, ...parts);
const bits = (unused: number, bytes: Uint8Array): Buffer => der(0x03, Buffer.from([unused]), bytes);
const critical = der(0x01, Buffer.from([0xff]));

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(0x18, Buffer.from(text, "latin1"));
}

function addressBytes(host: string): Buffer {
  if (isIP(host) === 4) {
    return Buffer.from(host.split(".").map(Number));
  }
  const [head = "", tail = ""] = host.split("::");
  const groups = (text: string): string[] => text.split(":").filter((group) => group !== "");
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(Math.max(0, missing)).fill("0"), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function alternativeName(host: string): Buffer {
  return isIP(host) === 0 ? der(0x82, Buffer.from(host, "latin1")) : der(0x87, addressBytes(host));
}

const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));

/** A certificate for these hosts, signed with its own key (P-256). */
export function selfSigned(
  hosts: readonly string[],
  nowMs: number,
  validityMs: number,
): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(
    der(0x31, sequence(oid("55040a"), der(0x0c, Buffer.from("etcd", "latin1")))),
  );
  const serial = randomBytes(16);
  // Positive, and in the shortest form.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const extensions = sequence(
    // Digital signature and key encipherment; server; no authority.
    sequence(oid("551d0f"), critical, octets(bits(5, Buffer.from([0xa0])))),
    sequence(oid("551d25"), octets(sequence(oid("2b06010505070301")))),
    sequence(oid("551d13"), critical, octets(sequence())),
    sequence(oid("551d11"), octets(sequence(...hosts.map(alternativeName)))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    name,
    sequence(time(nowMs), time(nowMs + validityMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, extensions),
  );
  const certificate = sequence(body, ECDSA_SHA256, bits(0, sign("sha256", body, privateKey)));
  return { cert: toPem(certificate, "CERTIFICATE"), key: pemOf(privateKey) };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

const YEAR_MS = 365 * 86_400_000;

/** The files of a directory, made at its first use. */
export function selfSignedFiles(
  directory: string,
  urls: readonly ListenUrl[],
  validityYears: number,
): { readonly cert: string; readonly key: string } {
  const cert = join(directory, "cert.pem");
  const key = join(directory, "key.pem");
  if (!existsSync(cert) || !existsSync(key)) {
    const named = urls.flatMap(({ endpoint }) => ("host" in endpoint ? endpoint.host : []));
    const hosts = new Set(["localhost", "127.0.0.1", ...named.filter((host) => host !== "")]);
    const made = selfSigned([...hosts], Date.now(), validityYears * YEAR_MS);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(key, made.key, { mode: 0o600 });
    writeFileSync(cert, made.cert);
  }
  return { cert, key };
}
