// etcd's simple tokens: random letters that the server remembers, for as long as they are used. Each is told to every node
// through the log, as a digest, so that a client may take it to any of them.
import type { AuthRules } from "../../core/auth/auth-rules.js";
import type { Caller } from "../../core/auth/authorise.js";
import type { AuthUser } from "../../core/auth/auth-state.js";
import { AUTH_TOKENS_MAX, AUTH_TOKEN_SWEEP_MS } from "../../core/limits.js";
import { utf8Bytes } from "../../lib/bytes.js";
import { sha256 } from "../../lib/sha256.js";
import type { Node } from "../../node/node.js";
import type { Clock, Timer } from "../../runtime/clock.js";
import type { Random } from "../../runtime/random.js";
import { proposed } from "../propose.js";
import type { TokenProvider } from "./token-provider.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const TOKEN_LETTERS = 16;

interface Token {
  readonly user: string;
  readonly passwordRevision: number;
  readonly disabledRevision: number;
  readonly digest: string;
  /** The token itself, once somebody has come with it. */
  text: string | null;
  expiresAtMs: number;
  /** Since the last sweep. */
  isUsed: boolean;
  /** The rules by which `caller` was made. */
  rules: AuthRules | null;
  caller: Caller | null;
}

export class SimpleTokens implements TokenProvider {
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ttlMs: number;
  /** In the order in which they were issued. */
  readonly #byDigest = new Map<string, Token>();
  /** Those that were used, so that a request costs one look. */
  readonly #byText = new Map<string, Token>();
  #sweep: Timer | null = null;

  constructor(node: Node, clock: Clock, random: Random, ttlMs: number) {
    this.#node = node;
    this.#clock = clock;
    this.#random = random;
    this.#ttlMs = ttlMs;
    node.onAuthToken((user, passwordRevision, digest) => {
      this.#add(user, passwordRevision, digest);
    });
  }

  get count(): number {
    return this.#byDigest.size;
  }

  callerOf(text: string): Caller | null {
    const token = this.#byText.get(text) ?? this.#firstUse(text);
    if (token === undefined) {
      return null;
    }
    token.isUsed = true;
    const rules = this.#node.auth;
    if (token.rules !== rules) {
      this.#judge(token, rules);
    }
    return token.caller;
  }

  async issue({ name, passwordRevision }: AuthUser): Promise<string> {
    // etcd appends the place in the log; its clients take the whole for a word.
    const text = `${this.#letters()}.${this.#node.status().committedIndex}`;
    await proposed<"auth">(this.#node, {
      kind: "auth",
      change: { kind: "token", user: name, passwordRevision, digest: digestOf(text) },
    });
    return text;
  }

  close(): void {
    this.#sweep?.cancel();
    this.#sweep = null;
  }

  #letters(): string {
    let letters = "";
    while (letters.length < TOKEN_LETTERS) {
      for (const byte of this.#random.bytes(TOKEN_LETTERS)) {
        // 4 × 52: what lies above would make some letters likelier.
        if (byte < 208 && letters.length < TOKEN_LETTERS) {
          letters += LETTERS.charAt(byte % LETTERS.length);
        }
      }
    }
    return letters;
  }

  #add(user: string, passwordRevision: number, digest: string): void {
    if (this.#byDigest.size >= AUTH_TOKENS_MAX) {
      for (const oldest of this.#byDigest.values()) {
        this.#forget(oldest);
        break;
      }
    }
    this.#byDigest.set(digest, {
      user,
      passwordRevision,
      disabledRevision: this.#node.auth.state.disabledRevision,
      digest,
      text: null,
      expiresAtMs: this.#clock.monotonicMs() + this.#ttlMs,
      isUsed: false,
      rules: null,
      caller: null,
    });
    this.#startSweep();
  }

  #firstUse(text: string): Token | undefined {
    const token = this.#byDigest.get(digestOf(text));
    if (token !== undefined) {
      token.text = text;
      this.#byText.set(text, token);
    }
    return token;
  }

  /** Whether the token still stands for its user; changes of others do not concern it. */
  #judge(token: Token, rules: AuthRules): void {
    const { state } = rules;
    const isGood =
      state.disabledRevision === token.disabledRevision &&
      state.users.get(token.user)?.passwordRevision === token.passwordRevision;
    token.rules = rules;
    token.caller = isGood ? { user: token.user, authRevision: rules.revision } : null;
    if (!isGood) {
      this.#forget(token);
    }
  }

  #forget(token: Token): void {
    this.#byDigest.delete(token.digest);
    if (token.text !== null) {
      this.#byText.delete(token.text);
    }
  }

  #startSweep(): void {
    if (this.#sweep !== null || this.#byDigest.size === 0) {
      return;
    }
    this.#sweep = this.#clock.after(AUTH_TOKEN_SWEEP_MS, () => {
      this.#sweep = null;
      const nowMs = this.#clock.monotonicMs();
      for (const token of this.#byDigest.values()) {
        if (token.isUsed) {
          token.isUsed = false;
          token.expiresAtMs = nowMs + this.#ttlMs;
        } else if (token.expiresAtMs <= nowMs) {
          this.#forget(token);
        }
      }
      this.#startSweep();
    });
  }
}

function digestOf(text: string): string {
  const hash = sha256();
  hash.update(utf8Bytes(text));
  return hash.hex();
}
