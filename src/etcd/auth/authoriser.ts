// Who calls: a token, or the name in the certificate that the connection was made with; and what that one may do. The
// decisions themselves are those of core's `authorise`, over the rules that are committed.
// Must never: take a caller with a bad token for nobody, or for the one in its certificate.
import {
  ANONYMOUS,
  authoriseRead,
  authoriseReadKeys,
  authoriseRoot,
  authoriseUser,
  authoriseWrite,
  authoriseWriteKeys,
  callerNow,
  revisionOld,
  type Caller,
} from "../../core/auth/authorise.js";
import type { KeyRange } from "../../core/range/key-range.js";
import type { LeaseId } from "../../core/words.js";
import type { Node } from "../../node/node.js";
import type { CallContext } from "../../transport/service.js";
import { callerFacts } from "../caller-facts.js";
import { invalidAuthToken } from "../errors.js";
import type { TokenProvider } from "./token-provider.js";

export class Authoriser {
  readonly #node: Node;
  readonly #tokens: TokenProvider;
  /** Requests with a token that is none. */
  invalidTokens = 0;

  constructor(node: Node, tokens: TokenProvider) {
    this.#node = node;
    this.#tokens = tokens;
  }

  get enabled(): boolean {
    return this.#node.auth.enabled;
  }

  get tokenCount(): number {
    return this.#tokens.count;
  }

  /** Nobody, if nothing says who it is or auth is off. Throws "invalid auth token". */
  callerOf(call: CallContext): Caller {
    const rules = this.#node.auth;
    if (!rules.enabled) {
      return ANONYMOUS;
    }
    const facts = callerFacts(call);
    if (facts.token !== null) {
      const caller = this.#tokens.callerOf(facts.token, facts);
      if (caller === null) {
        this.invalidTokens += 1;
        throw invalidAuthToken();
      }
      return caller;
    }
    const name = call.peerCommonName;
    return name === undefined || name === "" ? ANONYMOUS : callerNow(rules, name);
  }

  /** What every user may do, and nobody else. */
  user(call: CallContext): void {
    if (this.#node.auth.enabled) {
      authoriseUser(this.#node.auth, this.callerOf(call));
    }
  }

  /** What only root may do. */
  root(call: CallContext): void {
    if (this.#node.auth.enabled) {
      authoriseRoot(this.#node.auth, this.callerOf(call));
    }
  }

  /** Root, or the user that is asked about. */
  rootOrSelf(call: CallContext, user: string): void {
    const rules = this.#node.auth;
    if (rules.enabled) {
      const caller = this.callerOf(call);
      if (caller.user === "" || caller.user !== user) {
        authoriseRoot(rules, caller);
      }
    }
  }

  /** Root, or who has the role that is asked about. */
  rootOrRole(call: CallContext, role: string): void {
    const rules = this.#node.auth;
    if (rules.enabled) {
      const caller = this.callerOf(call);
      if (rules.state.users.get(caller.user)?.roles.includes(role) !== true) {
        authoriseRoot(rules, caller);
      }
    }
  }

  read(call: CallContext, range: KeyRange): void {
    const rules = this.#node.auth;
    if (rules.enabled) {
      authoriseRead(rules, this.callerOf(call), range);
    }
  }

  /** Both, as whoever keeps something of its own in the range needs. */
  readAndWrite(call: CallContext, range: KeyRange): void {
    const rules = this.#node.auth;
    if (rules.enabled) {
      const caller = this.callerOf(call);
      authoriseRead(rules, caller, range);
      authoriseWrite(rules, caller, range);
    }
  }

  write(call: CallContext, range: KeyRange): void {
    const rules = this.#node.auth;
    if (rules.enabled) {
      authoriseWrite(rules, this.callerOf(call), range);
    }
  }

  /** Reading every key that is attached to one of the leases. */
  readLeases(call: CallContext, leases: Iterable<LeaseId>): void {
    const rules = this.#node.auth;
    if (rules.enabled) {
      const caller = this.callerOf(call);
      authoriseUser(rules, caller);
      for (const lease of leases) {
        authoriseReadKeys(rules, caller, this.#node.leaseKeys(lease));
      }
    }
  }

  /** Writing every key that is attached to the lease, which is what keeping it or attaching to it takes. */
  writeLease(call: CallContext, lease: LeaseId): void {
    const rules = this.#node.auth;
    if (rules.enabled) {
      authoriseWriteKeys(rules, this.callerOf(call), this.#node.leaseKeys(lease));
    }
  }

  /**
   * To be called when an answer that took more than this turn is there: what was allowed when it was begun need not be any
   * more. `authRevision` is that of then.
   */
  stillAt(authRevision: number): void {
    const rules = this.#node.auth;
    if (rules.enabled && rules.revision !== authRevision) {
      throw revisionOld();
    }
  }
}
