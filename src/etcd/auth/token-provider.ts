// What stands for a user who has proved who it is.
import type { Caller } from "../../core/auth/authorise.js";
import type { AuthUser } from "../../core/auth/auth-state.js";

export interface TokenProvider {
  /** Null: the token is none, or no longer one. Called for every request: it must cost next to nothing. */
  callerOf(token: string): Caller | null;
  /** Gives a token to a user whose password was right. */
  issue(user: AuthUser): Promise<string>;
  /** Tokens that are known now. */
  readonly count: number;
  close(): void;
}
