// etcdserverpb.Maintenance: the state of this member, and what operators do with it.
import { ALARM, type Alarm } from "../../core/alarm.js";
import type { Method } from "../../transport/service.js";
import { downgrade } from "./downgrade.js";
import { badLeaderTransferee, noLeader, notLeader } from "../errors.js";
import {
  AlarmRequestAlarmAction,
  decodeAlarmRequest,
  decodeDefragmentRequest,
  decodeDowngradeRequest,
  decodeHashKVRequest,
  decodeHashRequest,
  decodeMoveLeaderRequest,
  decodeStatusRequest,
  sizeAlarmResponse,
  sizeDefragmentResponse,
  sizeDowngradeResponse,
  sizeHashKVResponse,
  sizeHashResponse,
  sizeMoveLeaderResponse,
  sizeStatusResponse,
  writeAlarmResponse,
  writeDefragmentResponse,
  writeDowngradeResponse,
  writeHashKVResponse,
  writeHashResponse,
  writeMoveLeaderResponse,
  writeStatusResponse,
  type AlarmRequest,
  type AlarmResponse,
  type DefragmentResponse,
  type HashKVRequest,
  type HashKVResponse,
  type HashResponse,
  type MoveLeaderRequest,
  type MoveLeaderResponse,
  type StatusResponse,
} from "../gen/rpc.js";
import { proposed, unary, type ServiceContext } from "../service-context.js";
import { SERVER_VERSION, STORAGE_VERSION } from "../version.js";

export function maintenanceMethods(
  context: ServiceContext,
): (readonly [path: string, method: Method])[] {
  const { node } = context;
  const methods: Readonly<Record<string, Method>> = {
    Status: unary(
      node,
      decodeStatusRequest,
      { size: sizeStatusResponse, write: writeStatusResponse },
      () => tellStatus(context),
    ),
    Alarm: unary(
      node,
      decodeAlarmRequest,
      { size: sizeAlarmResponse, write: writeAlarmResponse },
      async (request) => handleAlarm(context, request),
    ),
    Defragment: unary(
      node,
      decodeDefragmentRequest,
      { size: sizeDefragmentResponse, write: writeDefragmentResponse },
      async () => defragment(context),
    ),
    Hash: unary(
      node,
      decodeHashRequest,
      { size: sizeHashResponse, write: writeHashResponse },
      async () => tellHash(context),
    ),
    HashKV: unary(
      node,
      decodeHashKVRequest,
      { size: sizeHashKVResponse, write: writeHashKVResponse },
      async (request) => tellHashKv(context, request),
    ),
    MoveLeader: unary(
      node,
      decodeMoveLeaderRequest,
      { size: sizeMoveLeaderResponse, write: writeMoveLeaderResponse },
      (request) => moveLeader(context, request),
    ),
    Downgrade: unary(
      node,
      decodeDowngradeRequest,
      { size: sizeDowngradeResponse, write: writeDowngradeResponse },
      async (request) => downgrade(context, request),
    ),
  };
  return Object.entries(methods).map(([name, method]) => [
    `/etcdserverpb.Maintenance/${name}`,
    method,
  ]);
}

function tellStatus(context: ServiceContext): StatusResponse {
  const { node } = context;
  const status = node.status();
  const { quotaBytes, downgradeTarget } = node.maintenance;
  const errors = alarmsOf(context).map(alarmText);
  if (!status.isLeader) {
    errors.unshift(noLeader().message);
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
    dbSizeQuota: quotaBytes,
    downgradeInfo: { enabled: downgradeTarget !== "", targetVersion: downgradeTarget },
  };
}

/** The alarms raised, and one for a full disk: that cannot be written down, but it is there. */
function alarmsOf({ node }: ServiceContext): readonly Alarm[] {
  const raised = node.maintenance.alarms();
  const { hasSpace, memberId } = node.status();
  const isTold = raised.some(({ member, alarm }) => member === memberId && alarm === ALARM.noSpace);
  return hasSpace || isTold
    ? raised
    : [{ member: memberId, alarm: ALARM.noSpace, byQuota: false }, ...raised];
}

const alarmNames = new Map<number, string>([
  [ALARM.noSpace, "NOSPACE"],
  [ALARM.corrupt, "CORRUPT"],
]);

/** The text form of etcd's AlarmMember message. */
function alarmText({ member, alarm }: Alarm): string {
  const memberText = member === 0n ? "" : `memberID:${member} `;
  return `${memberText}alarm:${alarmNames.get(alarm) ?? String(alarm)} `;
}

async function handleAlarm(context: ServiceContext, request: AlarmRequest): Promise<AlarmResponse> {
  const { node } = context;
  const told = await changedOrListed(context, request);
  return {
    header: context.headers.message(node.revision),
    alarms: told.map(({ member, alarm }) => ({ memberID: member, alarm })),
  };
}

async function changedOrListed(
  context: ServiceContext,
  { action, memberID, alarm }: AlarmRequest,
): Promise<readonly Alarm[]> {
  switch (action) {
    case AlarmRequestAlarmAction.GET:
      return alarmsOf(context).filter((each) => alarm === ALARM.none || each.alarm === alarm);
    case AlarmRequestAlarmAction.ACTIVATE:
    case AlarmRequestAlarmAction.DEACTIVATE: {
      if (alarm <= ALARM.none) {
        return [];
      }
      const outcome = await proposed<"alarm">(context.node, {
        kind: "alarm",
        isRaised: action === AlarmRequestAlarmAction.ACTIVATE,
        member: memberID,
        alarm,
        byQuota: false,
      });
      return outcome.alarm === null ? [] : [outcome.alarm];
    }
    default:
      // etcd does nothing for an action that it does not know.
      return [];
  }
}

/** Without a header, as etcd. */
async function defragment({ node }: ServiceContext): Promise<DefragmentResponse> {
  await node.maintenance.defragment();
  return { header: null };
}

async function tellHash({ node, headers }: ServiceContext): Promise<HashResponse> {
  const { hash, currentRevision } = await node.maintenance.hash();
  return { header: headers.message(currentRevision), hash };
}

async function tellHashKv(
  { node, headers }: ServiceContext,
  request: HashKVRequest,
): Promise<HashKVResponse> {
  const { hash, compactRevision, revision, currentRevision } = await node.maintenance.hashKv(
    request.revision,
  );
  return {
    header: headers.message(currentRevision),
    hash,
    compactRevision,
    hashRevision: revision,
  };
}

/** This member leads, and there is no other to lead in its place. */
function moveLeader(
  { node, members }: ServiceContext,
  { targetID }: MoveLeaderRequest,
): MoveLeaderResponse {
  if (!node.status().isLeader) {
    throw notLeader();
  }
  if (!members().some(({ id }) => id === targetID) || targetID !== node.memberId) {
    throw badLeaderTransferee();
  }
  return { header: null };
}
