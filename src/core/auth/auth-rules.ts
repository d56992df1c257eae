// The state of auth in the form in which it is asked: for each user the keys it may read and write. Made from the state
// alone, a user's part when it is first asked for; a rule book is thrown away with its state, never changed.
import { hasRootRole, type AuthState, type AuthUser } from "./auth-state.js";
import { KeyIntervals } from "./key-intervals.js";

/** What a user may do. */
export interface UserRights {
  /** The rules that say so: under others they mean nothing. */
  readonly rules: AuthRules;
  readonly isRoot: boolean;
  readonly reads: KeyIntervals;
  readonly writes: KeyIntervals;
}

export class AuthRules {
  readonly state: AuthState;
  /** Copied from the state: read for every request. */
  readonly enabled: boolean;
  readonly revision: number;
  readonly #rights = new Map<string, UserRights>();

  constructor(state: AuthState) {
    this.state = state;
    this.enabled = state.enabled;
    this.revision = state.revision;
  }

  /** Undefined: there is no such user. */
  rightsOf(user: string): UserRights | undefined {
    const known = this.#rights.get(user);
    if (known !== undefined) {
      return known;
    }
    const found = this.state.users.get(user);
    if (found === undefined) {
      return undefined;
    }
    const rights = makeRights(this, found);
    this.#rights.set(user, rights);
    return rights;
  }
}

function makeRights(rules: AuthRules, user: AuthUser): UserRights {
  const { roles } = rules.state;
  const permissions = user.roles.flatMap((role) => roles.get(role)?.permissions ?? []);
  return {
    rules,
    isRoot: hasRootRole(user),
    reads: new KeyIntervals(permissions.filter(({ kind }) => kind !== "write")),
    writes: new KeyIntervals(permissions.filter(({ kind }) => kind !== "read")),
  };
}
