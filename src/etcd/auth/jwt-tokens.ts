// Signed tokens (RFC 7519, as etcd makes them): whoever has the key can tell them, so the server remembers nothing.
// The algorithm is the configured one. What a token's head says is only compared with it, never believed.
import type { Caller } from "../../core/auth/authorise.js";
import type { AuthUser } from "../../core/auth/auth-state.js";
import { AUTH_TOKENS_MAX } from "../../core/limits.js";
import type { Node } from "../../node/node.js";
import type { Clock } from "../../runtime/clock.js";
import type { Signatures } from "../../runtime/credentials/signatures.js";
import { verifyOnly } from "../errors.js";
import type { TokenProvider } from "./token-provider.js";

interface Known {
  readonly caller: Caller;
  readonly notBeforeMs: number;
  readonly expiresAtMs: number;
}

export class JwtTokens implements TokenProvider {
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #signatures: Signatures;
  readonly #ttlMs: number;
  readonly #head: string;
  /** Whose signatures were found right. */
  readonly #known = new Map<string, Known>();

  constructor(node: Node, clock: Clock, signatures: Signatures, ttlMs: number) {
    this.#node = node;
    this.#clock = clock;
    this.#signatures = signatures;
    this.#ttlMs = ttlMs;
    this.#head = encodeJson({ alg: signatures.method, typ: "JWT" });
  }

  get count(): number {
    return this.#known.size;
  }

  callerOf(text: string): Caller | null {
    const known = this.#known.get(text) ?? this.#verify(text);
    if (known === null) {
      return null;
    }
    const nowMs = this.#clock.wallMs();
    if (nowMs >= known.expiresAtMs || nowMs < known.notBeforeMs) {
      this.#known.delete(text);
      return null;
    }
    return this.#isVoid(known.caller) ? null : known.caller;
  }

  /**
   * A changed password, a deleted user or auth switched off end the tokens of before, as they end simple ones. A user that
   * never was is told apart later: its token says who signed it.
   */
  #isVoid({ user, authRevision }: Caller): boolean {
    const { state } = this.#node.auth;
    return (
      authRevision < state.disabledRevision ||
      authRevision < (state.users.get(user)?.passwordRevision ?? 0)
    );
  }

  async issue(user: AuthUser): Promise<string> {
    const { sign } = this.#signatures;
    if (sign === null) {
      return Promise.reject(verifyOnly());
    }
    const claims = encodeJson({
      exp: Math.floor((this.#clock.wallMs() + this.#ttlMs) / 1000),
      revision: this.#node.auth.revision,
      username: user.name,
    });
    const signed = `${this.#head}.${claims}`;
    const signature = Buffer.from(sign(Buffer.from(signed))).toString("base64url");
    return Promise.resolve(`${signed}.${signature}`);
  }

  close(): void {
    this.#known.clear();
  }

  #verify(text: string): Known | null {
    const [head, claims, signature, ...more] = text.split(".");
    if (head === undefined || claims === undefined || signature === undefined || more.length > 0) {
      return null;
    }
    if (decodeJson(head)?.["alg"] !== this.#signatures.method) {
      return null;
    }
    const signatureBytes = Buffer.from(signature, "base64url");
    // Decoding skips what is no base64: one good token must not be many texts, each of which would be remembered.
    if (signatureBytes.toString("base64url") !== signature) {
      return null;
    }
    if (!this.#signatures.verify(Buffer.from(`${head}.${claims}`), signatureBytes)) {
      return null;
    }
    const known = readClaims(decodeJson(claims));
    if (known !== null) {
      if (this.#known.size >= AUTH_TOKENS_MAX) {
        this.#known.clear();
      }
      this.#known.set(text, known);
    }
    return known;
  }
}

function readClaims(claims: Readonly<Record<string, unknown>> | null): Known | null {
  const user = claims?.["username"];
  const revision = claims?.["revision"];
  const expiry = claims?.["exp"];
  const notBefore = claims?.["nbf"];
  if (typeof user !== "string" || typeof revision !== "number" || !(revision >= 0)) {
    return null;
  }
  // A time that is there and is no number makes a token that is none.
  if (
    (expiry !== undefined && typeof expiry !== "number") ||
    (notBefore !== undefined && typeof notBefore !== "number")
  ) {
    return null;
  }
  return {
    caller: { user, authRevision: Math.floor(revision), rights: null },
    expiresAtMs: expiry === undefined ? Infinity : expiry * 1000,
    notBeforeMs: notBefore === undefined ? -Infinity : notBefore * 1000,
  };
}

function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decodeJson(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}
