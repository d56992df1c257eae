// etcdserverpb.Maintenance: the state of this member.
import type { Method } from "../transport/service.js";
import { noLeader } from "./errors.js";
import {
  decodeStatusRequest,
  sizeStatusResponse,
  writeStatusResponse,
  type StatusResponse,
} from "./gen/rpc.js";
import { unary, type ServiceContext } from "./service-context.js";
import { SERVER_VERSION, STORAGE_VERSION } from "./version.js";

export function maintenanceMethods(
  context: ServiceContext,
): (readonly [path: string, method: Method])[] {
  const status = unary(
    context.node,
    decodeStatusRequest,
    { size: sizeStatusResponse, write: writeStatusResponse },
    () => statusOf(context),
  );
  return [["/etcdserverpb.Maintenance/Status", status]];
}

function statusOf(context: ServiceContext): StatusResponse {
  const status = context.node.status();
  const errors: string[] = [];
  if (!status.isLeader) {
    errors.push(noLeader().message);
  }
  if (!status.hasSpace) {
    // The text of etcd's AlarmMember message.
    errors.push(`memberID:${status.memberId} alarm:NOSPACE `);
  }
  return {
    header: context.headers.message(status.revision),
    version: SERVER_VERSION,
    dbSize: status.totalBytes,
    leader: status.isLeader ? status.memberId : 0n,
    raftIndex: status.committedIndex,
    raftTerm: status.term,
    // What is committed is applied in the same tick.
    raftAppliedIndex: status.committedIndex,
    errors,
    dbSizeInUse: status.liveBytes,
    isLearner: false,
    storageVersion: STORAGE_VERSION,
    // The store has no quota: the disk is its limit.
    dbSizeQuota: 0,
    downgradeInfo: { enabled: false, targetVersion: "" },
  };
}
