// Authenticate: a name and a password for a token. Neither the answer nor the time it takes tells a wrong password from a
// user that does not exist.
import type { AuthUser } from "../../core/auth/auth-state.js";
import { T4Error } from "../../core/errors.js";
import { utf8Bytes } from "../../lib/bytes.js";
import type { Node } from "../../node/node.js";
import type { Clock } from "../../runtime/clock.js";
import { PASSWORD_BYTES_MAX } from "../../runtime/credentials/passwords.js";
import { noPasswordUser, passwordTooLong, tooManyRequests } from "../errors.js";
import { GuessLimiter } from "./guess-limiter.js";
import type { PasswordQueue } from "./password-queue.js";
import type { TokenProvider } from "./token-provider.js";

export class Logins {
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #queue: PasswordQueue;
  readonly #tokens: TokenProvider;
  readonly #limiter = new GuessLimiter();
  succeeded = 0;
  failed = 0;
  /** Refused without a look at the password. */
  paused = 0;

  constructor(node: Node, clock: Clock, queue: PasswordQueue, tokens: TokenProvider) {
    this.#node = node;
    this.#clock = clock;
    this.#queue = queue;
    this.#tokens = tokens;
  }

  /** Rejects with what etcd says to those who may not log in, and with "too many requests". */
  async login(name: string, password: string, peer: string): Promise<string> {
    for (;;) {
      const { state } = this.#node.auth;
      if (!state.enabled) {
        throw new T4Error("T4_AUTH_NOT_ENABLED", "auth is off: nobody needs a token");
      }
      const user = state.users.get(name);
      if (user?.hasNoPassword === true) {
        throw noPasswordUser();
      }
      const isRight = await this.#isRight(user, name, password, peer);
      if (this.#node.auth.state.users.get(name)?.passwordRevision !== user?.passwordRevision) {
        // What was checked is not the password any more.
        continue;
      }
      if (user === undefined || !isRight) {
        this.failed += 1;
        throw new T4Error("T4_AUTH_FAILED", "no such user, or not its password");
      }
      const token = await this.#tokens.issue(user);
      this.succeeded += 1;
      return token;
    }
  }

  /** One at a time for each address, so that no burst of guesses runs ahead of the count of its failures. */
  async #isRight(
    user: AuthUser | undefined,
    name: string,
    password: string,
    peer: string,
  ): Promise<boolean> {
    // One that is too long is nobody's; another is checked in its place, so that it takes as long to be refused.
    const isPossible = !isTooLong(password);
    const checked = isPossible ? password : "";
    return this.#queue.run(peer, async (passwords) => {
      if (!this.#limiter.mayTry(name, peer, this.#clock.monotonicMs())) {
        this.paused += 1;
        throw tooManyRequests();
      }
      const isRight =
        (await passwords.verify(checked, user?.passwordHash ?? "")) &&
        user !== undefined &&
        isPossible;
      if (isRight) {
        this.#limiter.succeeded(name, peer);
      } else {
        this.#limiter.failed(name, peer, this.#clock.monotonicMs());
      }
      return isRight;
    });
  }
}

/** Throws what etcd's library says of a password that it would have to cut. */
export function checkPasswordLength(password: string): void {
  if (isTooLong(password)) {
    throw passwordTooLong();
  }
}

function isTooLong(password: string): boolean {
  return utf8Bytes(password).length > PASSWORD_BYTES_MAX;
}
