// v3electionpb.Election: candidates stand in a line of keys, and who stands first leads; its key's value is what it
// proclaims.
import { compareBytes } from "../../lib/bytes.js";
import type { Method, StreamCall } from "../../transport/service.js";
import { failCall } from "../errors.js";
import {
  decodeCampaignRequest,
  decodeLeaderRequest,
  decodeProclaimRequest,
  decodeResignRequest,
  sizeCampaignResponse,
  sizeLeaderResponse,
  sizeProclaimResponse,
  sizeResignResponse,
  writeCampaignResponse,
  writeLeaderResponse,
  writeProclaimResponse,
  writeResignResponse,
  type CampaignRequest,
  type CampaignResponse,
  type LeaderKey,
  type LeaderRequest,
  type LeaderResponse,
  type ProclaimRequest,
  type ProclaimResponse,
  type ResignRequest,
  type ResignResponse,
} from "../gen/v3election.js";
import type { Revision } from "../../core/words.js";
import { checkCaller, checkSize, refusedStream, type ServiceContext } from "../service-context.js";
import { keyValueOf, Observation } from "./observation.js";
import {
  firstInLine,
  leave,
  sessionLease,
  setValue,
  takePlace,
  untilFirst,
  type Place,
} from "./place.js";
import { unknownError, type WaitingCalls } from "./waiting-calls.js";

export interface ElectionService {
  readonly methods: readonly (readonly [path: string, method: Method])[];
  /** Ends every open observation with `reason`, and every later one when it is opened. */
  close(reason: Error): void;
}

interface Observations {
  readonly open: Set<Observation>;
  closed: Error | null;
}

export function electionService(context: ServiceContext, calls: WaitingCalls): ElectionService {
  const campaigning = calls.method(
    decodeCampaignRequest,
    { size: sizeCampaignResponse, write: writeCampaignResponse },
    async (request, bytes, signal) => campaign(context, request, bytes, signal),
  );
  const proclaiming = calls.method(
    decodeProclaimRequest,
    { size: sizeProclaimResponse, write: writeProclaimResponse },
    async (request, bytes) => proclaim(context, request, bytes),
  );
  const telling = calls.method(
    decodeLeaderRequest,
    { size: sizeLeaderResponse, write: writeLeaderResponse },
    async (request) => tellLeader(context, request),
  );
  const resigning = calls.method(
    decodeResignRequest,
    { size: sizeResignResponse, write: writeResignResponse },
    async (request) => resign(context, request),
  );
  const observations: Observations = { open: new Set(), closed: null };
  const observing: Method = {
    kind: "stream",
    open: (call) => observe(context, call, observations),
  };
  return {
    methods: [
      ["/v3electionpb.Election/Campaign", campaigning],
      ["/v3electionpb.Election/Proclaim", proclaiming],
      ["/v3electionpb.Election/Leader", telling],
      ["/v3electionpb.Election/Resign", resigning],
      ["/v3electionpb.Election/Observe", observing],
    ],
    close(reason) {
      observations.closed = reason;
      for (const observation of observations.open) {
        observation.fail(reason);
      }
    },
  };
}

async function campaign(
  context: ServiceContext,
  request: CampaignRequest,
  requestBytes: number,
  signal: AbortSignal,
): Promise<CampaignResponse> {
  const { node, headers } = context;
  const { name, value } = request;
  checkSize(requestBytes, context.requestBytesMax);
  // The request's buffer is another's by the time the entry is planned.
  const kept = value.slice();
  const lease = await sessionLease(context, request.lease);
  const place = await takePlace(node, name, lease, kept);
  let isFirst: boolean;
  try {
    const isSame = place.found === null || compareBytes(place.found.value, kept) === 0;
    const isSet = isSame || (await setValue(node, place, kept, lease)).isDone;
    isFirst = isSet && (await untilFirst(node, name, place, signal)) !== null;
    signal.throwIfAborted();
  } catch (error) {
    // Nobody would know that this key leads one day.
    await leave(node, place).catch(() => null);
    throw error;
  }
  if (!isFirst) {
    // etcd elects a candidate whose lease has ended meanwhile: it would lead beside another.
    throw notLeader();
  }
  return {
    header: headers.message(place.revision),
    leader: { name, key: place.key, rev: place.createRevision, lease },
  };
}

async function proclaim(
  context: ServiceContext,
  request: ProclaimRequest,
  requestBytes: number,
): Promise<ProclaimResponse> {
  const { node, headers } = context;
  checkSize(requestBytes, context.requestBytesMax);
  const leader = given(request.leader);
  const value = request.value.slice();
  const lease = await sessionLease(context, leader.lease);
  const { isDone, revision } = await setValue(node, placeOf(leader), value, lease);
  if (!isDone) {
    throw notLeader();
  }
  return { header: headers.message(revision) };
}

async function resign(context: ServiceContext, request: ResignRequest): Promise<ResignResponse> {
  const leader = given(request.leader);
  await sessionLease(context, leader.lease);
  return { header: context.headers.message(await leave(context.node, placeOf(leader))) };
}

async function tellLeader(
  context: ServiceContext,
  request: LeaderRequest,
): Promise<LeaderResponse> {
  const { rows, revision } = await context.node.range(firstInLine(request.name), "linearizable");
  const [row] = rows;
  if (row === undefined) {
    throw unknownError("election: no leader");
  }
  return { header: context.headers.message(revision), kv: keyValueOf(row) };
}

function observe(
  context: ServiceContext,
  call: StreamCall,
  observations: Observations,
): Observation | typeof refusedStream {
  try {
    if (observations.closed !== null) {
      throw observations.closed;
    }
    checkCaller(call, context.node);
  } catch (error) {
    failCall(call, error);
    return refusedStream;
  }
  const observation: Observation = new Observation(context, call, () => {
    observations.open.delete(observation);
  });
  observations.open.add(observation);
  return observation;
}

function given(leader: LeaderKey | null): LeaderKey {
  if (leader === null) {
    throw unknownError('"leader" field must be provided');
  }
  return leader;
}

function placeOf(leader: LeaderKey): Place {
  return { key: leader.key, createRevision: leader.rev as Revision };
}

function notLeader(): Error {
  return unknownError("election: not leader");
}
