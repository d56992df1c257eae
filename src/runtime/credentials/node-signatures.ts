// Signatures by Node's crypto, synchronously: a token is verified once and then known, in some 50 µs.
import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from "node:crypto";
import type { Signatures, SignMethod } from "./signatures.js";

export interface SignatureKeys {
  /** PEM; or for HS… the secret itself. */
  readonly privateKey?: Uint8Array;
  /** PEM of the public key or of a certificate. */
  readonly publicKey?: Uint8Array;
}

const curves: Readonly<Record<string, string>> = {
  ES256: "prime256v1",
  ES384: "secp384r1",
  ES512: "secp521r1",
};

/** Throws an Error that says what is wrong with the keys. */
export function nodeSignatures(method: SignMethod, keys: SignatureKeys): Signatures {
  return method.startsWith("HS") ? shared(method, keys) : asymmetric(method, keys);
}

function shared(method: SignMethod, { privateKey }: SignatureKeys): Signatures {
  if (privateKey === undefined || privateKey.length === 0) {
    throw new Error(`${method} needs priv-key: the file of the secret`);
  }
  const digest = digestOf(method) ?? "sha256";
  const mac = (bytes: Uint8Array): Uint8Array =>
    createHmac(digest, privateKey).update(bytes).digest();
  return {
    method,
    sign: mac,
    verify(bytes, signature) {
      const expected = mac(bytes);
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    },
  };
}

function asymmetric(method: SignMethod, keys: SignatureKeys): Signatures {
  const privateKey =
    keys.privateKey === undefined ? null : createPrivateKey(Buffer.from(keys.privateKey));
  const given = keys.publicKey === undefined ? null : createPublicKey(Buffer.from(keys.publicKey));
  const publicKey = given ?? (privateKey === null ? null : createPublicKey(privateKey));
  if (publicKey === null) {
    throw new Error(`${method} needs priv-key, or pub-key to verify the tokens of others`);
  }
  if (given !== null && privateKey !== null && !given.equals(createPublicKey(privateKey))) {
    throw new Error("pub-key is not the public half of priv-key");
  }
  assertKind(method, publicKey);
  const digest = digestOf(method);
  return {
    method,
    sign:
      privateKey === null
        ? null
        : (bytes) => sign(digest, bytes, { key: privateKey, ...signOptions(method) }),
    verify: (bytes, signature) =>
      verify(digest, bytes, { key: publicKey, ...verifyOptions(method) }, signature),
  };
}

/** Null: the algorithm brings its own. */
function digestOf(method: SignMethod): string | null {
  return method === "EdDSA" ? null : `sha${method.slice(2)}`;
}

interface Options {
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: "ieee-p1363";
}

function signOptions(method: SignMethod): Options {
  if (method.startsWith("PS")) {
    return {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    };
  }
  return method.startsWith("ES") ? { dsaEncoding: "ieee-p1363" } : {};
}

/** etcd's library salts as much as fits, so any length is taken. */
function verifyOptions(method: SignMethod): Options {
  const options = signOptions(method);
  return method.startsWith("PS")
    ? { ...options, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    : options;
}

/** A key of another kind would sign something, but nothing that others accept. */
function assertKind(method: SignMethod, key: KeyObject): void {
  const kind = key.asymmetricKeyType;
  const curve = curves[method];
  const fits =
    curve !== undefined
      ? kind === "ec" && key.asymmetricKeyDetails?.namedCurve === curve
      : method === "EdDSA"
        ? kind === "ed25519"
        : kind === "rsa" || (kind === "rsa-pss" && method.startsWith("PS"));
  if (!fits) {
    throw new Error(`${method} needs another kind of key than ${kind ?? "this"}`);
  }
}
