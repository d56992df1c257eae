// How failures look to etcd's clients: one table from our codes to gRPC statuses and etcd's exact texts, since clients
// dispatch on both.
// Must never: show an error that no table names as if it were etcd's, or hide a bug behind a status.
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import { GRPC_STATUS, GRPC_STATUS_NAMES, type GrpcStatus } from "../transport/service.js";
import { MalformedMessage } from "./wire.js";

/** A failure that only the protocol knows, with the status and text its client gets. */
export class EtcdError extends Error {
  override readonly name = "EtcdError";
  readonly status: GrpcStatus;

  constructor(status: GrpcStatus, message: string) {
    super(message);
    this.status = status;
  }
}

const { INVALID_ARGUMENT, OUT_OF_RANGE, NOT_FOUND, FAILED_PRECONDITION, UNAVAILABLE } = GRPC_STATUS;
const { CANCELLED, RESOURCE_EXHAUSTED, DATA_LOSS, UNKNOWN, UNIMPLEMENTED } = GRPC_STATUS;
const { PERMISSION_DENIED, UNAUTHENTICATED } = GRPC_STATUS;

/** Null: etcd has no such failure, and like all that its own table lacks it leaves as UNKNOWN with our own text. */
export const ETCD_ERRORS: Readonly<
  Record<T4ErrorCode, readonly [status: GrpcStatus, message: string] | null>
> = {
  T4_KEY_EXISTS: null,
  T4_KEY_NOT_FOUND: [INVALID_ARGUMENT, "etcdserver: key not found"],
  T4_INVALID_ARGUMENT: null,
  T4_KEY_EMPTY: [INVALID_ARGUMENT, "etcdserver: key is not provided"],
  T4_VALUE_PROVIDED: [INVALID_ARGUMENT, "etcdserver: value is provided"],
  T4_LEASE_PROVIDED: [INVALID_ARGUMENT, "etcdserver: lease is provided"],
  T4_TOO_MANY_OPERATIONS: [INVALID_ARGUMENT, "etcdserver: too many operations in txn request"],
  T4_DUPLICATE_KEY: [INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"],
  T4_REQUEST_TOO_LARGE: [INVALID_ARGUMENT, "etcdserver: request is too large"],
  T4_COMPACTED: [OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"],
  T4_FUTURE_REVISION: [OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"],
  T4_LEASE_NOT_FOUND: [NOT_FOUND, "etcdserver: requested lease not found"],
  T4_LEASE_EXISTS: [FAILED_PRECONDITION, "etcdserver: lease already exists"],
  T4_LEASE_TTL_TOO_LARGE: [OUT_OF_RANGE, "etcdserver: too large lease TTL"],
  T4_NO_SPACE: [RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"],
  T4_NOT_LEADER: [FAILED_PRECONDITION, "etcdserver: not leader"],
  // Of etcd's UNAVAILABLE texts this is one that says that nothing was applied.
  T4_UNAVAILABLE: [UNAVAILABLE, "etcdserver: no leader"],
  T4_TIMEOUT: [UNAVAILABLE, "etcdserver: request timed out"],
  T4_CANCELLED: [CANCELLED, "etcdserver: request canceled"],
  T4_CLOSED: [UNAVAILABLE, "etcdserver: server stopped"],
  T4_DATA_DIR_IN_USE: null,
  T4_DATA_DIR_UNUSABLE: null,
  T4_CORRUPT: [DATA_LOSS, "etcdserver: corrupt cluster"],
  T4_FORMAT_TOO_NEW: null,
  // A node that fails a write stops: whether the write is applied shows after its restart.
  T4_IO: [UNAVAILABLE, "etcdserver: server stopped"],
  T4_DOWNGRADE_IN_PROGRESS: [
    FAILED_PRECONDITION,
    "etcdserver: cluster has a downgrade job in progress",
  ],
  T4_NO_DOWNGRADE: [FAILED_PRECONDITION, "etcdserver: no inflight downgrade job"],
  T4_LOCKED: null,
  T4_FENCED: [UNAVAILABLE, "etcdserver: leader changed"],
  T4_NO_OBJECT_STORE: null,
  T4_NOT_RETAINED: null,
  T4_BRANCH_EXISTS: null,
  T4_BRANCH_NOT_FOUND: null,
  T4_BRANCH_IN_USE: null,
  T4_BRANCH_REMOVED: null,
  T4_ROOT_USER_MISSING: [FAILED_PRECONDITION, "etcdserver: root user does not exist"],
  T4_ROOT_ROLE_MISSING: [FAILED_PRECONDITION, "etcdserver: root user does not have root role"],
  T4_USER_EXISTS: [FAILED_PRECONDITION, "etcdserver: user name already exists"],
  T4_USER_NOT_FOUND: [FAILED_PRECONDITION, "etcdserver: user name not found"],
  T4_USER_NAME_EMPTY: [INVALID_ARGUMENT, "etcdserver: user name is empty"],
  T4_ROLE_EXISTS: [FAILED_PRECONDITION, "etcdserver: role name already exists"],
  T4_ROLE_NOT_FOUND: [FAILED_PRECONDITION, "etcdserver: role name not found"],
  T4_ROLE_NAME_EMPTY: [INVALID_ARGUMENT, "etcdserver: role name is empty"],
  T4_ROLE_NOT_GRANTED: [FAILED_PRECONDITION, "etcdserver: role is not granted to the user"],
  T4_PERMISSION_NOT_GRANTED: [
    FAILED_PRECONDITION,
    "etcdserver: permission is not granted to the role",
  ],
  T4_AUTH_MANAGEMENT: [INVALID_ARGUMENT, "etcdserver: invalid auth management"],
  T4_AUTH_NOT_ENABLED: [FAILED_PRECONDITION, "etcdserver: authentication is not enabled"],
  T4_AUTH_FAILED: [
    INVALID_ARGUMENT,
    "etcdserver: authentication failed, invalid user ID or password",
  ],
  T4_AUTH_REVISION_OLD: [INVALID_ARGUMENT, "etcdserver: revision of auth store is old"],
  T4_PERMISSION_DENIED: [PERMISSION_DENIED, "etcdserver: permission denied"],
  T4_OBJECT_STORE_UNUSABLE: null,
  T4_OBJECT_STORE_UNFIT: null,
};

export const invalidSortOption = (): EtcdError =>
  new EtcdError(INVALID_ARGUMENT, "etcdserver: invalid sort option");

export const noLeader = (): EtcdError => new EtcdError(UNAVAILABLE, "etcdserver: no leader");

export const notLeader = (): EtcdError =>
  new EtcdError(FAILED_PRECONDITION, "etcdserver: not leader");

export const badLeaderTransferee = (): EtcdError =>
  new EtcdError(FAILED_PRECONDITION, "etcdserver: bad leader transferee");

export const wrongDowngradeVersion = (): EtcdError =>
  new EtcdError(INVALID_ARGUMENT, "etcdserver: wrong downgrade target version format");

export const invalidDowngradeTarget = (): EtcdError =>
  new EtcdError(INVALID_ARGUMENT, "etcdserver: invalid downgrade target version");

/** etcd's own table lacks this one and `notEnoughStarted`, so that they leave with this code. */
export const unknownMethod = (): EtcdError => new EtcdError(UNKNOWN, "etcdserver: unknown method");

export const notEnoughStarted = (): EtcdError =>
  new EtcdError(UNKNOWN, "etcdserver: re-configuration failed due to not enough started members");

export const invalidMemberUrls = (): EtcdError =>
  new EtcdError(INVALID_ARGUMENT, "etcdserver: given member URLs are invalid");

export const memberNotFound = (): EtcdError =>
  new EtcdError(NOT_FOUND, "etcdserver: member not found");

export const peerUrlsExist = (): EtcdError =>
  new EtcdError(FAILED_PRECONDITION, "etcdserver: Peer URLs already exists");

export const tooManyLearners = (): EtcdError =>
  new EtcdError(FAILED_PRECONDITION, "etcdserver: too many learner members in cluster");

export const memberNotLearner = (): EtcdError =>
  new EtcdError(FAILED_PRECONDITION, "etcdserver: can only promote a learner member");

export const notCapable = (): EtcdError =>
  new EtcdError(FAILED_PRECONDITION, "etcdserver: not capable");

export const rangeStreamSort = (): EtcdError =>
  new EtcdError(UNIMPLEMENTED, "RangeStream does not support custom sort orders");

export const rangeStreamFilters = (): EtcdError =>
  new EtcdError(UNIMPLEMENTED, "RangeStream does not support revision filters");

export const serverStopped = (): EtcdError =>
  new EtcdError(UNAVAILABLE, "etcdserver: server stopped");

export const invalidAuthToken = (): EtcdError =>
  new EtcdError(UNAUTHENTICATED, "etcdserver: invalid auth token");

export const permissionNotGiven = (): EtcdError =>
  new EtcdError(INVALID_ARGUMENT, "etcdserver: permission not given");

export const tooManyRequests = (): EtcdError =>
  new EtcdError(RESOURCE_EXHAUSTED, "etcdserver: too many requests");

/** etcd has no entry for these in its table of errors, so they leave as they are. */
export const noPasswordUser = (): EtcdError =>
  new EtcdError(UNKNOWN, "auth: authentication failed, password was given for no password user");

export const verifyOnly = (): EtcdError =>
  new EtcdError(UNKNOWN, "auth: token signing attempted with verify-only key");

export const passwordTooLong = (): EtcdError =>
  new EtcdError(UNKNOWN, "bcrypt: password length exceeds 72 bytes");

export const invalidClientApiVersion = (): EtcdError =>
  new EtcdError(INVALID_ARGUMENT, "etcdserver: invalid client api version");

/** A half of a call that can be failed: unary calls and streams. */
export interface Failable {
  fail(status: GrpcStatus, message: string): void;
}

/** How grpc-go begins its text for a request that cannot be decoded: of a unary call, of a stream. */
export const UNARY_MALFORMED = "grpc: error unmarshalling request: ";
export const STREAM_MALFORMED = "grpc: failed to unmarshal the received message: ";

/** What grpc-go makes of an error where it stands within a message. Throws what is no failure of the world but a bug. */
export function grpcErrorText(error: unknown): string {
  let text = "";
  failCall(
    {
      fail(status, message) {
        text = `rpc error: code = ${GRPC_STATUS_NAMES[status]} desc = ${message}`;
      },
    },
    error,
  );
  return text;
}

/** Answers a call with a failure. Throws what is no failure of the world but a bug. */
export function failCall(
  call: Failable,
  error: unknown,
  malformedPrefix: string = UNARY_MALFORMED,
): void {
  if (error instanceof T4Error) {
    const known = ETCD_ERRORS[error.code];
    if (known === null) {
      call.fail(UNKNOWN, error.message);
    } else {
      call.fail(known[0], known[1]);
    }
  } else if (error instanceof EtcdError) {
    call.fail(error.status, error.message);
  } else if (error instanceof MalformedMessage) {
    call.fail(GRPC_STATUS.INTERNAL, malformedPrefix + error.message);
  } else {
    throw error;
  }
}
