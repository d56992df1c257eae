// etcdserverpb.Cluster: who is in the cluster and where clients reach it.
import type { Node } from "../node/node.js";
import type { Method } from "../transport/service.js";
import {
  decodeMemberListRequest,
  sizeMemberListResponse,
  writeMemberListResponse,
  type MemberListRequest,
  type MemberListResponse,
} from "./gen/rpc.js";
import { pointRead } from "./kv/requests.js";
import { unary, type ServiceContext } from "./service-context.js";

export function clusterMethods(
  context: ServiceContext,
): (readonly [path: string, method: Method])[] {
  const memberList = unary(
    context.node,
    decodeMemberListRequest,
    { size: sizeMemberListResponse, write: writeMemberListResponse },
    async (request) => listMembers(context, request),
  );
  return [["/etcdserverpb.Cluster/MemberList", memberList]];
}

async function listMembers(
  context: ServiceContext,
  request: MemberListRequest,
): Promise<MemberListResponse> {
  if (request.linearizable) {
    await readBarrier(context.node);
  }
  return {
    // Without a revision, as etcd.
    header: context.headers.message(0),
    members: context.members().map((member) => ({
      ID: member.id,
      name: member.name,
      peerURLs: [...member.peerUrls],
      clientURLs: [...member.clientUrls],
      isLearner: false,
    })),
  };
}

/** Resolves when this node has proved that it may answer linearizable reads; rejects with why it may not. */
export async function readBarrier(node: Node): Promise<void> {
  await node.range({ ...pointRead("\0"), countOnly: true }, "linearizable");
}
