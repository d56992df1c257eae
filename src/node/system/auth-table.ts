// Auth as committed and as the next command must see it: two rule books, one and the same while nothing is in between.
import type { AuthChange } from "../../core/auth/auth-change.js";
import { decodeAuthState, encodeAuthState } from "../../core/auth/auth-codec.js";
import { applyAuth } from "../../core/auth/apply-auth.js";
import { AuthRules } from "../../core/auth/auth-rules.js";
import { NO_AUTH } from "../../core/auth/auth-state.js";
import type { LogIndex } from "../../core/words.js";
import type { AuthTokenListener } from "../node.js";
import { SECTION_TAGS, type SnapshotSection } from "./sections.js";

export class AuthTable implements SnapshotSection {
  readonly tag: number = SECTION_TAGS.auth;
  version = 0;
  /** One for each server. Tokens of before the start concern nobody, since they do not outlive the program. */
  readonly #tokenListeners = new Set<AuthTokenListener>();
  #committed: AuthRules = new AuthRules(NO_AUTH);
  #tip: AuthRules = this.#committed;
  /** Index of the last change that is planned and not committed; 0 if there is none. */
  #tipIndex: LogIndex = 0 as LogIndex;

  get committed(): AuthRules {
    return this.#committed;
  }

  get tip(): AuthRules {
    return this.#tip;
  }

  /** Tells of each token that is committed from now on; returns what ends that. */
  onToken(listener: AuthTokenListener): () => void {
    this.#tokenListeners.add(listener);
    return () => {
      this.#tokenListeners.delete(listener);
    };
  }

  /** A change was planned. */
  append(index: LogIndex, change: AuthChange): void {
    this.#tip = after(this.#tip, change);
    this.#tipIndex = index;
  }

  /** A change was committed. */
  commit(index: LogIndex, change: AuthChange): void {
    if (change.kind === "token") {
      for (const listener of this.#tokenListeners) {
        listener(change.user, change.passwordRevision, change.digest);
      }
    } else {
      this.#committed = after(this.#committed, change);
      this.version += 1;
    }
    if (index >= this.#tipIndex) {
      this.#tip = this.#committed;
    }
  }

  encode(): Uint8Array | null {
    const { state } = this.#committed;
    const isFresh = state.revision === NO_AUTH.revision && !state.enabled;
    return isFresh ? null : encodeAuthState(state);
  }

  restore(bytes: Uint8Array): void {
    this.#committed = new AuthRules(decodeAuthState(bytes));
    this.#tip = this.#committed;
  }
}

function after(rules: AuthRules, change: AuthChange): AuthRules {
  return change.kind === "token" ? rules : new AuthRules(applyAuth(rules.state, change));
}
