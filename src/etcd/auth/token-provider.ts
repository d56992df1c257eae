// What stands for a user who has proved who it is.
import type { Caller } from "../../core/auth/authorise.js";
import type { AuthUser } from "../../core/auth/auth-state.js";

/** Null at first. */
export interface TokenMemo {
  tokenEntry: unknown;
}

export interface TokenProvider {
  /**
   * Null: the token is none, or no longer one. Called for every request: what is known of the token may be kept in `memo`,
   * which comes again with it.
   */
  callerOf(token: string, memo: TokenMemo): Caller | null;
  /** Gives a token to a user whose password was right. */
  issue(user: AuthUser): Promise<string>;
  /** Tokens that are known now. */
  readonly count: number;
  close(): void;
}
