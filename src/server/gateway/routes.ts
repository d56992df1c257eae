// Every route of the gateway, and the method behind each: the one table from which requests are served and the OpenAPI
// document is made. As etcd's, with both paths that some methods have.
import { assert } from "../../lib/assert.js";
import type { MethodDescriptor } from "../../etcd/descriptor.js";
import { methodDescriptors } from "../../etcd/gen/descriptors.js";

/** By service: path below "/v3/" → method. */
const TABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "etcdserverpb.KV": {
    "kv/range": "Range",
    "kv/put": "Put",
    "kv/deleterange": "DeleteRange",
    "kv/txn": "Txn",
    "kv/compaction": "Compact",
  },
  "etcdserverpb.Watch": { watch: "Watch" },
  "etcdserverpb.Lease": {
    "lease/grant": "LeaseGrant",
    "lease/revoke": "LeaseRevoke",
    "kv/lease/revoke": "LeaseRevoke",
    "lease/keepalive": "LeaseKeepAlive",
    "lease/timetolive": "LeaseTimeToLive",
    "kv/lease/timetolive": "LeaseTimeToLive",
    "lease/leases": "LeaseLeases",
    "kv/lease/leases": "LeaseLeases",
  },
  "etcdserverpb.Cluster": {
    "cluster/member/add": "MemberAdd",
    "cluster/member/remove": "MemberRemove",
    "cluster/member/update": "MemberUpdate",
    "cluster/member/list": "MemberList",
    "cluster/member/promote": "MemberPromote",
  },
  "etcdserverpb.Maintenance": {
    "maintenance/alarm": "Alarm",
    "maintenance/status": "Status",
    "maintenance/defragment": "Defragment",
    "maintenance/hash": "Hash",
    "maintenance/hashkv": "HashKV",
    "maintenance/snapshot": "Snapshot",
    "maintenance/transfer-leadership": "MoveLeader",
    "maintenance/downgrade": "Downgrade",
  },
  "etcdserverpb.Auth": {
    "auth/enable": "AuthEnable",
    "auth/disable": "AuthDisable",
    "auth/status": "AuthStatus",
    "auth/authenticate": "Authenticate",
    "auth/user/add": "UserAdd",
    "auth/user/get": "UserGet",
    "auth/user/list": "UserList",
    "auth/user/delete": "UserDelete",
    "auth/user/changepw": "UserChangePassword",
    "auth/user/grant": "UserGrantRole",
    "auth/user/revoke": "UserRevokeRole",
    "auth/role/add": "RoleAdd",
    "auth/role/get": "RoleGet",
    "auth/role/list": "RoleList",
    "auth/role/delete": "RoleDelete",
    "auth/role/grant": "RoleGrantPermission",
    "auth/role/revoke": "RoleRevokePermission",
  },
  "v3lockpb.Lock": { "lock/lock": "Lock", "lock/unlock": "Unlock" },
  "v3electionpb.Election": {
    "election/campaign": "Campaign",
    "election/proclaim": "Proclaim",
    "election/leader": "Leader",
    "election/observe": "Observe",
    "election/resign": "Resign",
  },
};

const byMethodPath = new Map(methodDescriptors.map((method) => [method.path, method]));

function descriptorOf(service: string, method: string): MethodDescriptor {
  const descriptor = byMethodPath.get(`/${service}/${method}`);
  assert(descriptor !== undefined, `${service} has the method ${method}`);
  return descriptor;
}

/** Path → method. All are POST. */
export const gatewayRoutes: ReadonlyMap<string, MethodDescriptor> = new Map(
  Object.entries(TABLE).flatMap(([service, paths]) =>
    Object.entries(paths).map(([path, method]) => [`/v3/${path}`, descriptorOf(service, method)]),
  ),
);

/** Methods that have no route, and why. */
export const METHODS_WITHOUT_ROUTE: ReadonlyMap<string, string> = new Map([
  ["/etcdserverpb.KV/RangeStream", "gRPC only, as in etcd"],
  ["/t4.v1.Admin/Collect", "not etcd's: t4 gc asks for it over gRPC"],
  ["/grpc.health.v1.Health/Check", "/health and /readyz answer it"],
  ["/grpc.health.v1.Health/Watch", "/health and /readyz answer it"],
]);
