// The gateway's paths and which methods they are for, as etcd's, with both paths that some methods have. What is needed to
// tell a request for the gateway from others, without the gateway.

const PREFIX = "/v3/";
/** etcd 3.3's, which clients still use that look no further than to the version's second number. */
const BETA_PREFIX = "/v3beta/";

/** Whether a path is the gateway's to answer. */
export function isGatewayPath(path: string): boolean {
  return path.startsWith(PREFIX) || path.startsWith(BETA_PREFIX);
}

/** The path by which the tables know a request's. */
export function routePath(path: string): string {
  return path.startsWith(BETA_PREFIX) ? PREFIX + path.slice(BETA_PREFIX.length) : path;
}

/** By service: path below "/v3/" → method. */
export const ROUTE_TABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
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

export const ROUTE_PATHS: ReadonlySet<string> = new Set(
  Object.values(ROUTE_TABLE).flatMap((paths) => Object.keys(paths).map((path) => PREFIX + path)),
);

/** Those of methods that stream, one way or both. */
export const STREAM_PATHS: ReadonlySet<string> = new Set([
  "/v3/watch",
  "/v3/lease/keepalive",
  "/v3/maintenance/snapshot",
  "/v3/election/observe",
]);
