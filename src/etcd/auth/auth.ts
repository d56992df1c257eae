// The parts of auth of one server, joined.
import { AUTH_TOKEN_TTL_MS } from "../../core/limits.js";
import type { Node } from "../../node/node.js";
import type { Clock } from "../../runtime/clock.js";
import type { Passwords } from "../../runtime/credentials/passwords.js";
import type { Random } from "../../runtime/random.js";
import type { Signatures } from "../../runtime/credentials/signatures.js";
import { Authoriser } from "./authoriser.js";
import { JwtTokens } from "./jwt-tokens.js";
import { Logins } from "./login.js";
import { PasswordQueue } from "./password-queue.js";
import { SimpleTokens } from "./simple-tokens.js";

export interface AuthOptions {
  readonly passwords: Passwords;
  /** Signs tokens; without it they are words that the server remembers. */
  readonly signatures?: Signatures;
  /** How long a token lives: a remembered one after its last use, a signed one after it was made. Default 300 s. */
  readonly tokenTtlMs?: number;
}

export interface Auth {
  readonly authoriser: Authoriser;
  readonly logins: Logins;
  readonly queue: PasswordQueue;
  close(): void;
}

export function makeAuth(node: Node, clock: Clock, random: Random, options: AuthOptions): Auth {
  const { passwords, signatures, tokenTtlMs = AUTH_TOKEN_TTL_MS } = options;
  const tokens =
    signatures === undefined
      ? new SimpleTokens(node, clock, random, tokenTtlMs)
      : new JwtTokens(node, clock, signatures, tokenTtlMs);
  const queue = new PasswordQueue(passwords);
  return {
    authoriser: new Authoriser(node, tokens),
    logins: new Logins(node, clock, queue, tokens),
    queue,
    close() {
      tokens.close();
    },
  };
}
