// Signatures of tokens as a port: one key, one algorithm.

export const SIGN_METHODS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "HS256",
  "HS384",
  "HS512",
  "EdDSA",
] as const;

/** As JSON Web Tokens name them. */
export type SignMethod = (typeof SIGN_METHODS)[number];

export interface Signatures {
  readonly method: SignMethod;
  /** Null: there is no private key, so that tokens come from somebody else. */
  readonly sign: ((bytes: Uint8Array) => Uint8Array) | null;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}
