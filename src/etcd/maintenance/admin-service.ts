// t4.v1.Admin: what T4 does beyond etcd. Its failures keep their codes and texts, since no client of etcd's sees them.
import { T4Error } from "../../core/errors.js";
import { COLLECTION_GRACE_MS_MIN } from "../../core/limits.js";
import type { CollectResult } from "../../node/node.js";
import { GRPC_STATUS, type GrpcStatus, type Method } from "../../transport/service.js";
import { EtcdError } from "../errors.js";
import {
  decodeCollectRequest,
  sizeCollectResponse,
  writeCollectResponse,
  type CollectRequest,
  type CollectResponse,
} from "../gen/admin.js";
import { unary, type ServiceContext } from "../service-context.js";

export const COLLECT_PATH = "/t4.v1.Admin/Collect";

export function adminMethods(context: ServiceContext): (readonly [path: string, method: Method])[] {
  const collect = unary(
    context.node,
    decodeCollectRequest,
    { size: sizeCollectResponse, write: writeCollectResponse },
    async (request) => collectNow(context, request),
  );
  return [[COLLECT_PATH, collect]];
}

async function collectNow(
  { node }: ServiceContext,
  { clusterId, keep, restoreWindowMs, graceMs, dryRun }: CollectRequest,
): Promise<CollectResponse> {
  if (clusterId !== node.clusterId) {
    throw new EtcdError(
      GRPC_STATUS.FAILED_PRECONDITION,
      `this server has cluster ${node.clusterId.toString(16)}, not ${clusterId.toString(16)}`,
    );
  }
  if (keep < 1 || restoreWindowMs < 0 || graceMs < COLLECTION_GRACE_MS_MIN) {
    throw new EtcdError(
      GRPC_STATUS.INVALID_ARGUMENT,
      `keep must be at least 1, restore_window_ms 0, grace_ms ${COLLECTION_GRACE_MS_MIN}`,
    );
  }
  try {
    return responseOf(await node.collect({ keep, restoreWindowMs, graceMs, dryRun }));
  } catch (error) {
    throw error instanceof T4Error
      ? new EtcdError(statusOf(error), `${error.code}: ${error.message}`)
      : error;
  }
}

function responseOf(result: CollectResult): CollectResponse {
  if (result.kind === "disturbed" || result.kind === "fenced") {
    return {
      kind: result.kind,
      deleted: [],
      condemned: [],
      droppedCheckpoints: [],
      keptCheckpoints: [],
    };
  }
  const { plan, kind } = result;
  return {
    kind,
    deleted: [...plan.delete],
    condemned: [...plan.condemn],
    droppedCheckpoints: plan.dropped.map(({ key }) => key),
    keptCheckpoints: plan.retained.map(({ key }) => key),
  };
}

function statusOf({ code }: T4Error): GrpcStatus {
  switch (code) {
    case "T4_NO_OBJECT_STORE":
    case "T4_FENCED":
    case "T4_BRANCH_REMOVED":
      return GRPC_STATUS.FAILED_PRECONDITION;
    case "T4_CORRUPT":
      return GRPC_STATUS.DATA_LOSS;
    default:
      return GRPC_STATUS.UNAVAILABLE;
  }
}
