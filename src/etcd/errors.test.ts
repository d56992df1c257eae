// Clients match statuses and texts exactly: this is etcd's catalogue (api/v3rpc/rpctypes/error.go), as far as our errors
// reach, written down once more.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionError } from "../lib/assert.js";
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import type { GrpcStatus } from "../transport/service.js";
import {
  badLeaderTransferee,
  ETCD_ERRORS,
  failCall,
  invalidAuthToken,
  invalidClientApiVersion,
  invalidDowngradeTarget,
  invalidMemberUrls,
  invalidSortOption,
  memberNotFound,
  memberNotLearner,
  noLeader,
  permissionNotGiven,
  notCapable,
  notEnoughStarted,
  notLeader,
  peerUrlsExist,
  rangeStreamFilters,
  rangeStreamSort,
  serverStopped,
  tooManyLearners,
  unknownMethod,
  wrongDowngradeVersion,
} from "./errors.js";
import { MalformedMessage } from "./wire.js";

const catalogue: Readonly<Record<string, number>> = {
  "etcdserver: key is not provided": 3,
  "etcdserver: key not found": 3,
  "etcdserver: value is provided": 3,
  "etcdserver: lease is provided": 3,
  "etcdserver: too many operations in txn request": 3,
  "etcdserver: duplicate key given in txn request": 3,
  "etcdserver: invalid client api version": 3,
  "etcdserver: invalid sort option": 3,
  "etcdserver: request is too large": 3,
  "etcdserver: mvcc: required revision has been compacted": 11,
  "etcdserver: mvcc: required revision is a future revision": 11,
  "etcdserver: too large lease TTL": 11,
  "etcdserver: mvcc: database space exceeded": 8,
  "etcdserver: requested lease not found": 5,
  "etcdserver: lease already exists": 9,
  "etcdserver: not leader": 9,
  "etcdserver: no leader": 14,
  "etcdserver: leader changed": 14,
  "etcdserver: server stopped": 14,
  "etcdserver: request timed out": 14,
  "etcdserver: request canceled": 1,
  "etcdserver: corrupt cluster": 15,
  "etcdserver: root user does not exist": 9,
  "etcdserver: root user does not have root role": 9,
  "etcdserver: user name already exists": 9,
  "etcdserver: user name not found": 9,
  "etcdserver: user name is empty": 3,
  "etcdserver: role name already exists": 9,
  "etcdserver: role name not found": 9,
  "etcdserver: role name is empty": 3,
  "etcdserver: role is not granted to the user": 9,
  "etcdserver: permission is not granted to the role": 9,
  "etcdserver: permission not given": 3,
  "etcdserver: invalid auth management": 3,
  "etcdserver: authentication is not enabled": 9,
  "etcdserver: authentication failed, invalid user ID or password": 3,
  "etcdserver: revision of auth store is old": 3,
  "etcdserver: permission denied": 7,
  "etcdserver: invalid auth token": 16,
  "etcdserver: bad leader transferee": 9,
  "etcdserver: wrong downgrade target version format": 3,
  "etcdserver: invalid downgrade target version": 3,
  "etcdserver: cluster has a downgrade job in progress": 9,
  "etcdserver: no inflight downgrade job": 9,
  // These two are in no table of etcd's, and leave as UNKNOWN.
  "etcdserver: unknown method": 2,
  "etcdserver: re-configuration failed due to not enough started members": 2,
  "etcdserver: given member URLs are invalid": 3,
  "etcdserver: member not found": 5,
  "etcdserver: Peer URLs already exists": 9,
  "etcdserver: too many learner members in cluster": 9,
  "etcdserver: can only promote a learner member": 9,
  "etcdserver: not capable": 9,
  "RangeStream does not support custom sort orders": 12,
  "RangeStream does not support revision filters": 12,
};

const expected: Readonly<Partial<Record<T4ErrorCode, string>>> = {
  T4_KEY_EMPTY: "etcdserver: key is not provided",
  T4_KEY_NOT_FOUND: "etcdserver: key not found",
  T4_VALUE_PROVIDED: "etcdserver: value is provided",
  T4_LEASE_PROVIDED: "etcdserver: lease is provided",
  T4_TOO_MANY_OPERATIONS: "etcdserver: too many operations in txn request",
  T4_DUPLICATE_KEY: "etcdserver: duplicate key given in txn request",
  T4_REQUEST_TOO_LARGE: "etcdserver: request is too large",
  T4_COMPACTED: "etcdserver: mvcc: required revision has been compacted",
  T4_FUTURE_REVISION: "etcdserver: mvcc: required revision is a future revision",
  T4_LEASE_NOT_FOUND: "etcdserver: requested lease not found",
  T4_LEASE_EXISTS: "etcdserver: lease already exists",
  T4_LEASE_TTL_TOO_LARGE: "etcdserver: too large lease TTL",
  T4_NO_SPACE: "etcdserver: mvcc: database space exceeded",
  T4_NOT_LEADER: "etcdserver: not leader",
  T4_UNAVAILABLE: "etcdserver: no leader",
  T4_TIMEOUT: "etcdserver: request timed out",
  T4_CANCELLED: "etcdserver: request canceled",
  T4_CLOSED: "etcdserver: server stopped",
  T4_IO: "etcdserver: server stopped",
  T4_FENCED: "etcdserver: leader changed",
  T4_CORRUPT: "etcdserver: corrupt cluster",
  T4_ROOT_USER_MISSING: "etcdserver: root user does not exist",
  T4_ROOT_ROLE_MISSING: "etcdserver: root user does not have root role",
  T4_USER_EXISTS: "etcdserver: user name already exists",
  T4_USER_NOT_FOUND: "etcdserver: user name not found",
  T4_USER_NAME_EMPTY: "etcdserver: user name is empty",
  T4_ROLE_EXISTS: "etcdserver: role name already exists",
  T4_ROLE_NOT_FOUND: "etcdserver: role name not found",
  T4_ROLE_NAME_EMPTY: "etcdserver: role name is empty",
  T4_ROLE_NOT_GRANTED: "etcdserver: role is not granted to the user",
  T4_PERMISSION_NOT_GRANTED: "etcdserver: permission is not granted to the role",
  T4_AUTH_MANAGEMENT: "etcdserver: invalid auth management",
  T4_AUTH_NOT_ENABLED: "etcdserver: authentication is not enabled",
  T4_AUTH_FAILED: "etcdserver: authentication failed, invalid user ID or password",
  T4_AUTH_REVISION_OLD: "etcdserver: revision of auth store is old",
  T4_PERMISSION_DENIED: "etcdserver: permission denied",
  T4_DOWNGRADE_IN_PROGRESS: "etcdserver: cluster has a downgrade job in progress",
  T4_NO_DOWNGRADE: "etcdserver: no inflight downgrade job",
};

function answerTo(error: unknown): { status: GrpcStatus | null; text: string } {
  const answer: { status: GrpcStatus | null; text: string } = { status: null, text: "" };
  failCall(
    {
      fail(status, message) {
        answer.status = status;
        answer.text = message;
      },
    },
    error,
  );
  return answer;
}

test("each error that etcd has leaves with etcd's status and text, every other as UNKNOWN with ours", () => {
  for (const code of Object.keys(ETCD_ERRORS) as T4ErrorCode[]) {
    const text = expected[code];
    assert.deepEqual(
      answerTo(new T4Error(code, "what happened here")),
      text === undefined
        ? { status: 2, text: "what happened here" }
        : { status: catalogue[text], text },
    );
  }
});

test("errors of the protocol alone are in the catalogue too", () => {
  for (const error of [
    invalidSortOption(),
    invalidClientApiVersion(),
    noLeader(),
    serverStopped(),
    invalidAuthToken(),
    permissionNotGiven(),
    notLeader(),
    badLeaderTransferee(),
    wrongDowngradeVersion(),
    invalidDowngradeTarget(),
    unknownMethod(),
    notEnoughStarted(),
    invalidMemberUrls(),
    memberNotFound(),
    peerUrlsExist(),
    tooManyLearners(),
    memberNotLearner(),
    notCapable(),
    rangeStreamSort(),
    rangeStreamFilters(),
  ]) {
    assert.equal(answerTo(error).status, catalogue[error.message]);
  }
});

test("a malformed request is INTERNAL in grpc-go's words", () => {
  assert.deepEqual(answerTo(new MalformedMessage("unexpected EOF")), {
    status: 13,
    text: "grpc: error unmarshalling request: unexpected EOF",
  });
});

test("a bug is no answer", () => {
  assert.throws(() => answerTo(new AssertionError("impossible")), AssertionError);
});
