// etcd's simple tokens: random letters that the server remembers, for as long as they are used. Each is told to every node
// through the log, as a digest, so that a client may take it to any of them.
import type { AuthRules } from "../../core/auth/auth-rules.js";
import { callerNow, type Caller } from "../../core/auth/authorise.js";
import type { AuthUser } from "../../core/auth/auth-state.js";
import { AUTH_TOKENS_MAX, AUTH_TOKEN_SWEEP_MS } from "../../core/limits.js";
import { sha256Hex } from "../../lib/hashes/sha256.js";
import type { Node } from "../../node/node.js";
import type { Clock, Timer } from "../../runtime/clock.js";
import type { Random } from "../../runtime/random.js";
import { proposed } from "../propose.js";
import type { TokenMemo, TokenProvider } from "./token-provider.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const TOKEN_LETTERS = 16;

class Token {
  readonly user: string;
  readonly passwordRevision: number;
  readonly disabledRevision: number;
  readonly digest: string;
  expiresAtMs: number;
  /** Since the last sweep. */
  isUsed = false;
  /** It ended, and whoever still keeps it must ask anew. */
  isOver = false;
  /** The rules by which `caller` was made. */
  rules: AuthRules | null = null;
  caller: Caller | null = null;

  constructor(
    user: string,
    passwordRevision: number,
    disabledRevision: number,
    digest: string,
    expiresAtMs: number,
  ) {
    this.user = user;
    this.passwordRevision = passwordRevision;
    this.disabledRevision = disabledRevision;
    this.digest = digest;
    this.expiresAtMs = expiresAtMs;
  }
}

export class SimpleTokens implements TokenProvider {
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ttlMs: number;
  /** In the order in which they were issued. */
  readonly #byDigest = new Map<string, Token>();
  readonly #stopListening: () => void;
  #sweep: Timer | null = null;

  constructor(node: Node, clock: Clock, random: Random, ttlMs: number) {
    this.#node = node;
    this.#clock = clock;
    this.#random = random;
    this.#ttlMs = ttlMs;
    this.#stopListening = node.onAuthToken((user, passwordRevision, digest) => {
      this.#add(user, passwordRevision, digest);
    });
  }

  get count(): number {
    return this.#byDigest.size;
  }

  callerOf(text: string, memo: TokenMemo): Caller | null {
    const kept = memo.tokenEntry;
    const token = kept instanceof Token && !kept.isOver ? kept : this.#find(text, memo);
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
      change: { kind: "token", user: name, passwordRevision, digest: sha256Hex(text) },
    });
    return text;
  }

  close(): void {
    this.#stopListening();
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
    const { disabledRevision } = this.#node.auth.state;
    const expiresAtMs = this.#clock.monotonicMs() + this.#ttlMs;
    this.#byDigest.set(
      digest,
      new Token(user, passwordRevision, disabledRevision, digest, expiresAtMs),
    );
    this.#startSweep();
  }

  #find(text: string, memo: TokenMemo): Token | undefined {
    const token = this.#byDigest.get(sha256Hex(text));
    memo.tokenEntry = token;
    return token;
  }

  /** Whether the token still stands for its user; changes of others do not concern it. */
  #judge(token: Token, rules: AuthRules): void {
    const { state } = rules;
    const isGood =
      state.disabledRevision === token.disabledRevision &&
      state.users.get(token.user)?.passwordRevision === token.passwordRevision;
    token.rules = rules;
    token.caller = isGood ? callerNow(rules, token.user) : null;
    if (!isGood) {
      this.#forget(token);
    }
  }

  #forget(token: Token): void {
    token.isOver = true;
    this.#byDigest.delete(token.digest);
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
