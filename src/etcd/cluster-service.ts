// etcdserverpb.Cluster: who is in the cluster and where clients reach it. Members come and go with the nodes that share
// an object store, not by these calls: what would change them is refused with etcd's own reasons.
import type { Node } from "../node/node.js";
import type { Method } from "../transport/service.js";
import {
  invalidMemberUrls,
  memberNotFound,
  memberNotLearner,
  notCapable,
  notEnoughStarted,
  peerUrlsExist,
  tooManyLearners,
} from "./errors.js";
import {
  decodeMemberAddRequest,
  decodeMemberListRequest,
  decodeMemberPromoteRequest,
  decodeMemberRemoveRequest,
  decodeMemberUpdateRequest,
  sizeMemberAddResponse,
  sizeMemberListResponse,
  sizeMemberPromoteResponse,
  sizeMemberRemoveResponse,
  sizeMemberUpdateResponse,
  writeMemberAddResponse,
  writeMemberListResponse,
  writeMemberPromoteResponse,
  writeMemberRemoveResponse,
  writeMemberUpdateResponse,
  type MemberAddRequest,
  type MemberListRequest,
  type MemberListResponse,
} from "./gen/rpc.js";
import { pointRead } from "./kv/requests.js";
import { unary, type ServiceContext } from "./service-context.js";

export function clusterMethods(
  context: ServiceContext,
): (readonly [path: string, method: Method])[] {
  const { node } = context;
  const methods: Readonly<Record<string, Method>> = {
    MemberList: unary(
      node,
      decodeMemberListRequest,
      { size: sizeMemberListResponse, write: writeMemberListResponse },
      async (request) => listMembers(context, request),
    ),
    MemberAdd: unary(
      node,
      decodeMemberAddRequest,
      { size: sizeMemberAddResponse, write: writeMemberAddResponse },
      (request) => addMember(context, request),
    ),
    MemberRemove: unary(
      node,
      decodeMemberRemoveRequest,
      { size: sizeMemberRemoveResponse, write: writeMemberRemoveResponse },
      ({ ID }) => refuseFor(context, ID, notEnoughStarted),
    ),
    MemberUpdate: unary(
      node,
      decodeMemberUpdateRequest,
      { size: sizeMemberUpdateResponse, write: writeMemberUpdateResponse },
      ({ ID }) => refuseFor(context, ID, notCapable),
    ),
    MemberPromote: unary(
      node,
      decodeMemberPromoteRequest,
      { size: sizeMemberPromoteResponse, write: writeMemberPromoteResponse },
      ({ ID }) => refuseFor(context, ID, memberNotLearner),
    ),
  };
  return Object.entries(methods).map(([name, method]) => [`/etcdserverpb.Cluster/${name}`, method]);
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

function addMember({ members }: ServiceContext, request: MemberAddRequest): never {
  const { peerURLs, isLearner } = request;
  if (peerURLs.length === 0 || !peerURLs.every(isPeerUrl)) {
    throw invalidMemberUrls();
  }
  const known = new Set(members().flatMap(({ peerUrls }) => peerUrls));
  if (peerURLs.some((url) => known.has(url.trim()))) {
    throw peerUrlsExist();
  }
  throw isLearner ? tooManyLearners() : notEnoughStarted();
}

/** Scheme, host and port and nothing behind them, as etcd has it. */
function isPeerUrl(text: string): boolean {
  const url = text.trim();
  return /^https?:\/\/(\[[^\]]+\]|[^\s:/?#@[\]]*):\d*$/i.test(url) || /^unixs?:\/\/\S+$/i.test(url);
}

function refuseFor({ members }: ServiceContext, id: bigint, reason: () => Error): never {
  throw members().some((member) => member.id === id) ? reason() : memberNotFound();
}
