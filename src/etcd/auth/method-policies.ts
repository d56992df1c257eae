// What each method of the port takes of its caller while auth is on. A method that is not here takes root: one that
// somebody adds and forgets is closed, not open.
import { keyRangeFromWire, prefixRange, type KeyRange } from "../../core/range/key-range.js";
import { NO_LEASE, type LeaseId } from "../../core/words.js";
import type { CallContext } from "../../transport/service.js";
import {
  AlarmRequestAlarmAction,
  decodeAlarmRequest,
  decodeAuthRoleGetRequest,
  decodeAuthUserGetRequest,
  decodeRangeRequest,
} from "../gen/rpc.js";
import {
  decodeCampaignRequest,
  decodeLeaderRequest,
  decodeProclaimRequest,
  decodeResignRequest,
} from "../gen/v3election.js";
import { decodeLockRequest, decodeUnlockRequest } from "../gen/v3lock.js";
import type { Authoriser } from "./authoriser.js";

/** Throws what the caller is told. */
export type RequestCheck = (
  authoriser: Authoriser,
  call: CallContext,
  request: Uint8Array,
  start: number,
  end: number,
) => void;

export type MethodPolicy =
  /** For everybody. */
  | "open"
  /** The service asks the authoriser itself, where it knows keys and leases. */
  | "checked"
  /** For every user. */
  | "user"
  | "root"
  /** It depends on the request. */
  | RequestCheck;

type Decoder<Request> = (buffer: Uint8Array, start: number, end: number) => Request;

function withRequest<Request>(
  decode: Decoder<Request>,
  check: (authoriser: Authoriser, call: CallContext, request: Request) => void,
): RequestCheck {
  return (authoriser, call, request, start, end) => {
    check(authoriser, call, decode(request, start, end));
  };
}

/** Where a lock or an election keeps what each of those who want it puts there. */
function under(name: string): KeyRange {
  return prefixRange(`${name}/`);
}

function joins(authoriser: Authoriser, call: CallContext, name: string, lease: LeaseId): void {
  authoriser.readAndWrite(call, under(name));
  attaches(authoriser, call, lease);
}

function attaches(authoriser: Authoriser, call: CallContext, lease: LeaseId): void {
  if (lease !== NO_LEASE) {
    authoriser.writeLease(call, lease);
  }
}

const lockPolicies = {
  "/v3lockpb.Lock/Lock": withRequest(decodeLockRequest, (authoriser, call, { name, lease }) => {
    joins(authoriser, call, name, lease);
  }),
  "/v3lockpb.Lock/Unlock": withRequest(decodeUnlockRequest, (authoriser, call, { key }) => {
    authoriser.write(call, { kind: "key", key });
  }),
};

const readsElection = withRequest(decodeLeaderRequest, (authoriser, call, { name }) => {
  authoriser.read(call, under(name));
});

const electionPolicies = {
  "/v3electionpb.Election/Campaign": withRequest(
    decodeCampaignRequest,
    (authoriser, call, { name, lease }) => {
      joins(authoriser, call, name, lease);
    },
  ),
  "/v3electionpb.Election/Proclaim": withRequest(
    decodeProclaimRequest,
    (authoriser, call, { leader }) => {
      authoriser.readAndWrite(call, { kind: "key", key: leader?.key ?? "" });
      // The key is put with it: attaching to a lease takes writing every key that it has.
      attaches(authoriser, call, leader?.lease ?? NO_LEASE);
    },
  ),
  "/v3electionpb.Election/Resign": withRequest(
    decodeResignRequest,
    (authoriser, call, { leader }) => {
      authoriser.readAndWrite(call, { kind: "key", key: leader?.key ?? "" });
    },
  ),
  "/v3electionpb.Election/Leader": readsElection,
  "/v3electionpb.Election/Observe": readsElection,
};

const authPolicies = {
  "/etcdserverpb.Auth/Authenticate": "open",
  "/etcdserverpb.Auth/AuthEnable": "root",
  "/etcdserverpb.Auth/AuthDisable": "root",
  "/etcdserverpb.Auth/AuthStatus": "root",
  "/etcdserverpb.Auth/UserAdd": "root",
  "/etcdserverpb.Auth/UserDelete": "root",
  "/etcdserverpb.Auth/UserList": "root",
  "/etcdserverpb.Auth/UserChangePassword": "root",
  "/etcdserverpb.Auth/UserGrantRole": "root",
  "/etcdserverpb.Auth/UserRevokeRole": "root",
  "/etcdserverpb.Auth/RoleAdd": "root",
  "/etcdserverpb.Auth/RoleDelete": "root",
  "/etcdserverpb.Auth/RoleList": "root",
  "/etcdserverpb.Auth/RoleGrantPermission": "root",
  "/etcdserverpb.Auth/RoleRevokePermission": "root",
  "/etcdserverpb.Auth/UserGet": withRequest(
    decodeAuthUserGetRequest,
    (authoriser, call, { name }) => {
      authoriser.rootOrSelf(call, name);
    },
  ),
  "/etcdserverpb.Auth/RoleGet": withRequest(
    decodeAuthRoleGetRequest,
    (authoriser, call, { role }) => {
      authoriser.rootOrRole(call, role);
    },
  ),
} as const;

const maintenancePolicies = {
  "/etcdserverpb.Maintenance/Status": "user",
  "/etcdserverpb.Maintenance/Alarm": withRequest(
    decodeAlarmRequest,
    (authoriser, call, { action }) => {
      if (action === AlarmRequestAlarmAction.GET) {
        authoriser.user(call);
      } else {
        authoriser.root(call);
      }
    },
  ),
  "/etcdserverpb.Maintenance/Defragment": "root",
  "/etcdserverpb.Maintenance/Hash": "root",
  "/etcdserverpb.Maintenance/HashKV": "root",
  "/etcdserverpb.Maintenance/Snapshot": "root",
  "/etcdserverpb.Maintenance/MoveLeader": "root",
  "/etcdserverpb.Maintenance/Downgrade": "root",
} as const;

/** By full path. */
export const METHOD_POLICIES: ReadonlyMap<string, MethodPolicy> = new Map<string, MethodPolicy>(
  Object.entries({
    "/etcdserverpb.KV/Range": "checked",
    "/etcdserverpb.KV/Put": "checked",
    "/etcdserverpb.KV/DeleteRange": "checked",
    "/etcdserverpb.KV/Txn": "checked",
    "/etcdserverpb.KV/Compact": "root",
    "/etcdserverpb.KV/RangeStream": withRequest(decodeRangeRequest, (authoriser, call, request) => {
      authoriser.read(call, keyRangeFromWire(request.key, request.rangeEnd));
    }),
    "/etcdserverpb.Watch/Watch": "checked",
    "/etcdserverpb.Lease/LeaseGrant": "user",
    "/etcdserverpb.Lease/LeaseRevoke": "checked",
    "/etcdserverpb.Lease/LeaseKeepAlive": "checked",
    "/etcdserverpb.Lease/LeaseTimeToLive": "checked",
    "/etcdserverpb.Lease/LeaseLeases": "checked",
    "/etcdserverpb.Cluster/MemberList": "user",
    "/etcdserverpb.Cluster/MemberAdd": "root",
    "/etcdserverpb.Cluster/MemberRemove": "root",
    "/etcdserverpb.Cluster/MemberUpdate": "root",
    "/etcdserverpb.Cluster/MemberPromote": "root",
    ...maintenancePolicies,
    ...authPolicies,
    ...lockPolicies,
    ...electionPolicies,
    "/t4.v1.Admin/Collect": "root",
    "/grpc.health.v1.Health/Check": "open",
    "/grpc.health.v1.Health/Watch": "open",
  }),
);
