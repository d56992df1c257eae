// Clients match statuses and texts exactly: this is etcd's catalogue (api/v3rpc/rpctypes/error.go), as far as our errors
// reach, written down once more.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionError } from "../lib/assert.js";
import { T4Error, type T4ErrorCode } from "../core/errors.js";
import type { GrpcStatus } from "../transport/service.js";
import {
  ETCD_ERRORS,
  failCall,
  invalidClientApiVersion,
  invalidSortOption,
  noLeader,
  serverStopped,
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
