// What the world does wrong to us, as one class with documented codes. Nobody reads a message to decide.
// docs/errors.md is generated from this table: the text of each code says what it means and what to do about it.

export const ERROR_CODES = {
  T4_KEY_EXISTS: "create() found the key. Use put() to overwrite, or read it first.",
  T4_KEY_NOT_FOUND:
    "The key does not exist: update(), ignoreValue or ignoreLease need it. Create it first.",
  T4_INVALID_ARGUMENT: "An argument is outside what the call takes. The message names it.",
  T4_KEY_EMPTY:
    "A key was empty. Keys have at least one byte; for all keys, use a range or a prefix.",
  T4_VALUE_PROVIDED: "ignoreValue keeps the old value: send none.",
  T4_LEASE_PROVIDED: "ignoreLease keeps the old lease: send none.",
  T4_TOO_MANY_OPERATIONS: "A transaction has more operations than allowed. Split it.",
  T4_DUPLICATE_KEY: "A transaction writes one key twice. Merge the writes.",
  T4_REQUEST_TOO_LARGE: "A request is larger than the limit. Split it or store less in a value.",
  T4_COMPACTED:
    "The revision was compacted away. Read the current state, then watch from its revision.",
  T4_FUTURE_REVISION:
    "The revision has not happened yet. Read at a smaller one, or wait with waitForRevision().",
  T4_LEASE_NOT_FOUND: "The lease does not exist or has expired. Grant a new one.",
  T4_LEASE_EXISTS: "A lease with this id exists. Choose another id, or let the store choose.",
  T4_LEASE_TTL_TOO_LARGE:
    "The time to live is above 9,000,000,000 s. Grant less, and keep the lease alive.",
  T4_NO_SPACE:
    "There is no room: the disk is full, or the store has reached its quota. Writes that need room are refused; reads go on. Free space, or delete keys and compact: writes resume by themselves.",
  T4_NOT_LEADER: "Only the leader can do this. Send it to the leader; status() says who it is.",
  T4_UNAVAILABLE: "The node cannot serve this now, and did not apply it. Try again.",
  T4_TIMEOUT: "The time allowed is over. A write may still be applied: read before trying again.",
  T4_CANCELLED:
    "The caller gave up: its signal was aborted. A write may still be applied: read before trying again.",
  T4_CLOSED: "The store is closed or closing. Open it again to use it.",
  T4_DATA_DIR_IN_USE: "Another process uses the data directory. Stop it, or choose another.",
  T4_DATA_DIR_UNUSABLE:
    "The data directory cannot be created, read or written, or holds other files. Fix its permissions or choose another.",
  T4_CORRUPT:
    "A file does not hold what was written to it; the message names file and offset. Nothing is guessed: restore the file from a copy.",
  T4_FORMAT_TOO_NEW: "The files were written by a newer version. Use that version or a later one.",
  T4_IO: "The operating system failed a read or write. The node stops: its files stay as they are.",
  T4_DOWNGRADE_IN_PROGRESS:
    "A downgrade of the cluster was asked for already. Cancel it first, or let it be.",
  T4_NO_DOWNGRADE: "No downgrade of the cluster was asked for, so there is none to cancel.",
  T4_LOCKED:
    "Another node leads on this object store; the message names it. Stop it first, or use another prefix.",
  T4_FENCED:
    "Another node has taken over with a later term, so this one has stopped; the message names the term. Start it again to go on from what the archive holds.",
  T4_NO_OBJECT_STORE:
    "This needs an object store, and none is configured. Set one with --object-store or --s3-bucket.",
  T4_NOT_RETAINED:
    "The object store no longer holds what leads to that checkpoint, revision, time or restore point. Choose a later one, and keep more: --checkpoint-keep, --restore-window, a branch, or versions in the bucket.",
  T4_BRANCH_EXISTS:
    "A branch of this name exists, or its place holds something else. Choose another name, or remove it with unfork.",
  T4_BRANCH_NOT_FOUND:
    "There is no branch of this name. List the branches of this store to see which.",
  T4_BRANCH_IN_USE:
    "The branch has branches of its own, or a node runs on it. Remove those first, or stop the node.",
  T4_BRANCH_REMOVED:
    "The branch at this place in the object store was removed with unfork. Fork again, or use another place.",
  T4_ROOT_USER_MISSING: "Auth cannot be switched on before there is a user root. Add it first.",
  T4_ROOT_ROLE_MISSING:
    "Auth cannot be switched on before the user root has the role root. Grant it first.",
  T4_USER_EXISTS: "A user of this name exists. Choose another name, or change this one.",
  T4_USER_NOT_FOUND: "There is no user of this name. List the users to see which there are.",
  T4_USER_NAME_EMPTY:
    "Auth is on and the request does not say whose it is, or a user's name is empty. Log in, or give a name.",
  T4_ROLE_EXISTS: "A role of this name exists. Choose another name, or change this one.",
  T4_ROLE_NOT_FOUND: "There is no role of this name. List the roles to see which there are.",
  T4_ROLE_NAME_EMPTY: "A role's name is empty. Give one.",
  T4_ROLE_NOT_GRANTED: "The user does not have the role that was to be taken from it.",
  T4_PERMISSION_NOT_GRANTED:
    "The role has no permission with exactly this key and range end. Look at the role to see which it has.",
  T4_AUTH_MANAGEMENT:
    "This would leave auth without root, or grant a permission for an empty range. Disable auth first, or correct the range.",
  T4_AUTH_NOT_ENABLED: "Auth is off, so nobody logs in. Go on without a token.",
  T4_AUTH_FAILED: "There is no such user, or the password is another. Check both.",
  T4_AUTH_REVISION_OLD:
    "Users, roles or permissions have changed since the caller was recognised. Log in again, and repeat the request.",
  T4_PERMISSION_DENIED:
    "The caller's roles do not allow this. Ask who administers the store for a role that does.",
  T4_OBJECT_STORE_UNUSABLE:
    "The object store cannot be used as it is configured: wrong place, no permission, no room, or an operation that it lacks. The message says which and what to do.",
  T4_OBJECT_STORE_UNFIT:
    "The object store answers, but not as safety needs: it ignores or breaks conditional writes, or lists out of order. Use another store, or a newer version of it; the message names what was found.",
} as const;

export type T4ErrorCode = keyof typeof ERROR_CODES;

/** The one error class of the package. `code` is stable; messages are for people. */
export class T4Error extends Error {
  override readonly name = "T4Error";
  readonly code: T4ErrorCode;

  constructor(code: T4ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export function leaseNotFoundError(lease: bigint): T4Error {
  return new T4Error("T4_LEASE_NOT_FOUND", `lease ${lease.toString(16)} does not exist`);
}

export function nothingToKeepError(): T4Error {
  return new T4Error(
    "T4_KEY_NOT_FOUND",
    "the key does not exist, so it has no value or lease to keep",
  );
}
