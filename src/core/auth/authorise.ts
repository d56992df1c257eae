// Who may do what: one pure function from rules, caller and request to a refusal, which every request of the network
// passes. Writes pass it when they are planned, against the rules and leases at the tip, so that no change of either
// slips in between; reads when they are read.
// Must never: let through what it does not know.
import { unreachable } from "../../lib/assert.js";
import type { Command, Operation, PutOperation, TxnOperation } from "../command.js";
import { T4Error } from "../errors.js";
import type { KeyRange } from "../range/key-range.js";
import type { PlanView } from "../view.js";
import { NO_LEASE, type Key, type LeaseId } from "../words.js";
import type { AuthRules, UserRights } from "./auth-rules.js";
import { userNameEmpty } from "./plan-auth.js";

/** Who asks over the network. What the program itself asks has none. */
export interface Caller {
  /** Empty: nobody said. */
  readonly user: string;
  /** The auth revision by which the user was recognised; 0 for nobody. */
  readonly authRevision: number;
  /** What was found when the user was recognised, so that each request need not look again. */
  readonly rights: UserRights | null;
}

export const ANONYMOUS: Caller = { user: "", authRevision: 0, rights: null };

/** Throws T4_USER_NAME_EMPTY, T4_AUTH_REVISION_OLD or T4_PERMISSION_DENIED. */
export function authoriseRead(rules: AuthRules, caller: Caller, range: KeyRange): void {
  if (rules.enabled) {
    const rights = keyRights(rules, caller);
    if (!rights.isRoot && !rights.reads.covers(range)) {
      throw permissionDenied();
    }
  }
}

/** As `authoriseRead`. */
export function authoriseWrite(rules: AuthRules, caller: Caller, range: KeyRange): void {
  if (rules.enabled) {
    const rights = keyRights(rules, caller);
    if (!rights.isRoot && !rights.writes.covers(range)) {
      throw permissionDenied();
    }
  }
}

/** Reading every one of `keys`, which may be none: then it takes no more than being somebody. */
export function authoriseReadKeys(rules: AuthRules, caller: Caller, keys: Iterable<Key>): void {
  authoriseKeys(rules, caller, keys, "reads");
}

/** Writing every one of `keys`. */
export function authoriseWriteKeys(rules: AuthRules, caller: Caller, keys: Iterable<Key>): void {
  authoriseKeys(rules, caller, keys, "writes");
}

function authoriseKeys(
  rules: AuthRules,
  caller: Caller,
  keys: Iterable<Key>,
  kind: "reads" | "writes",
): void {
  if (!rules.enabled) {
    return;
  }
  authoriseUser(rules, caller);
  if (rules.rightsOf(caller.user)?.isRoot === true) {
    return;
  }
  for (const key of keys) {
    if (!keyRights(rules, caller)[kind].hasKey(key)) {
      throw permissionDenied();
    }
  }
}

/** What every user may do. Throws T4_USER_NAME_EMPTY or T4_PERMISSION_DENIED. */
export function authoriseUser(rules: AuthRules, { user }: Caller): void {
  if (rules.enabled) {
    if (user === "") {
      throw userNameEmpty();
    }
    if (rules.rightsOf(user) === undefined) {
      throw permissionDenied();
    }
  }
}

/** What only root may do. Throws T4_USER_NAME_EMPTY, T4_USER_NOT_FOUND or T4_PERMISSION_DENIED. */
export function authoriseRoot(rules: AuthRules, { user }: Caller): void {
  if (rules.enabled) {
    if (user === "") {
      throw userNameEmpty();
    }
    const rights = rules.rightsOf(user);
    if (rights === undefined) {
      throw new T4Error("T4_USER_NOT_FOUND", "the caller's user does not exist any more");
    }
    if (!rights.isRoot) {
      throw permissionDenied();
    }
  }
}

/** A command, against the rules and the leases of the state that it is planned on. */
export function authoriseCommand(
  rules: AuthRules,
  caller: Caller,
  command: Command,
  view: PlanView,
): void {
  if (!rules.enabled) {
    return;
  }
  switch (command.kind) {
    case "put":
    case "delete-range":
    case "txn":
      authoriseOperation(rules, caller, command, view);
      break;
    case "lease-grant":
      authoriseUser(rules, caller);
      break;
    case "lease-revoke":
      authoriseWriteKeys(rules, caller, view.leaseKeys(command.lease));
      break;
    case "auth":
      // Its password is what a token was asked with.
      if (command.change.kind !== "token") {
        authoriseRoot(rules, caller);
      }
      break;
    default:
      authoriseRoot(rules, caller);
  }
}

function authoriseOperation(
  rules: AuthRules,
  caller: Caller,
  operation: Operation,
  view: PlanView,
): void {
  switch (operation.kind) {
    case "put":
      authorisePut(rules, caller, operation, view);
      break;
    case "delete-range": {
      const rights = keyRights(rules, caller);
      if (!rights.isRoot) {
        const { range, prevKv } = operation;
        if (!rights.writes.covers(range) || (prevKv && !rights.reads.covers(range))) {
          throw permissionDenied();
        }
      }
      break;
    }
    case "range":
      authoriseRead(rules, caller, operation.range);
      break;
    case "txn":
      authoriseTxn(rules, caller, operation, view);
      break;
    default:
      unreachable(operation);
  }
}

/** Both branches: which one runs would tell the caller what it must not know. */
function authoriseTxn(
  rules: AuthRules,
  caller: Caller,
  { compares, success, failure }: TxnOperation,
  view: PlanView,
): void {
  for (const { range } of compares) {
    authoriseRead(rules, caller, range);
  }
  for (const operation of success) {
    authoriseOperation(rules, caller, operation, view);
  }
  for (const operation of failure) {
    authoriseOperation(rules, caller, operation, view);
  }
}

function authorisePut(
  rules: AuthRules,
  caller: Caller,
  { key, lease, prevKv }: PutOperation,
  view: PlanView,
): void {
  const rights = keyRights(rules, caller);
  if (rights.isRoot) {
    return;
  }
  if (!rights.writes.hasKey(key)) {
    throw permissionDenied();
  }
  if (lease !== NO_LEASE) {
    authoriseLease(rights, lease, view);
  }
  if (prevKv && !rights.reads.hasKey(key)) {
    throw permissionDenied();
  }
}

/** Who attaches a key to a lease can end the lease, and with it every key that is attached. */
function authoriseLease(rights: UserRights, lease: LeaseId, view: PlanView): void {
  for (const key of view.leaseKeys(lease)) {
    if (!rights.writes.hasKey(key)) {
      throw permissionDenied();
    }
  }
}

/** What etcd checks before it looks at keys. */
function keyRights(rules: AuthRules, caller: Caller): UserRights {
  const { rights } = caller;
  return rights !== null && rights.rules === rules ? rights : findRights(rules, caller);
}

function findRights(rules: AuthRules, { user, authRevision }: Caller): UserRights {
  if (authRevision === 0) {
    throw userNameEmpty();
  }
  if (authRevision < rules.revision) {
    throw revisionOld();
  }
  const found = rules.rightsOf(user);
  if (found === undefined) {
    throw permissionDenied();
  }
  return found;
}

/** A user as recognised now, by a proof that the rules in force accept. */
export function callerNow(rules: AuthRules, user: string): Caller {
  return { user, authRevision: rules.revision, rights: rules.rightsOf(user) ?? null };
}

export function revisionOld(): T4Error {
  return new T4Error(
    "T4_AUTH_REVISION_OLD",
    "users, roles or permissions have changed since the caller was recognised",
  );
}

export function permissionDenied(): T4Error {
  return new T4Error("T4_PERMISSION_DENIED", "the caller's roles do not allow this");
}
