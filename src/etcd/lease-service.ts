// etcdserverpb.Lease.
import type { LeaseId } from "../core/words.js";
import type { Random } from "../runtime/random.js";
import type { CallContext, Method, StreamCall, StreamReceiver } from "../transport/service.js";
import { failCall, STREAM_MALFORMED } from "./errors.js";
import {
  decodeLeaseGrantRequest,
  decodeLeaseKeepAliveRequest,
  decodeLeaseLeasesRequest,
  decodeLeaseRevokeRequest,
  decodeLeaseTimeToLiveRequest,
  sizeLeaseGrantResponse,
  sizeLeaseKeepAliveResponse,
  sizeLeaseLeasesResponse,
  sizeLeaseRevokeResponse,
  sizeLeaseTimeToLiveResponse,
  writeLeaseGrantResponse,
  writeLeaseKeepAliveResponse,
  writeLeaseLeasesResponse,
  writeLeaseRevokeResponse,
  writeLeaseTimeToLiveResponse,
  type LeaseGrantRequest,
  type LeaseGrantResponse,
  type LeaseRevokeRequest,
  type LeaseRevokeResponse,
  type LeaseTimeToLiveRequest,
  type LeaseTimeToLiveResponse,
} from "./gen/rpc.js";
import {
  checkCaller,
  checkSize,
  proposed,
  refusedStream,
  unary,
  type ServiceContext,
} from "./service-context.js";

export interface LeaseService {
  readonly methods: readonly (readonly [path: string, method: Method])[];
  /** Ends every open keepalive stream with `reason`, and every later one when it is opened. */
  close(reason: Error): void;
}

interface KeepAlives {
  readonly open: Set<StreamCall>;
  closed: Error | null;
}

export function leaseService(context: ServiceContext): LeaseService {
  const { node, headers } = context;
  const keepAlives: KeepAlives = { open: new Set(), closed: null };
  const grant = unary(
    node,
    decodeLeaseGrantRequest,
    { size: sizeLeaseGrantResponse, write: writeLeaseGrantResponse },
    async (request, requestBytes, call) => grantLease(context, request, requestBytes, call),
  );
  const revoke = unary(
    node,
    decodeLeaseRevokeRequest,
    { size: sizeLeaseRevokeResponse, write: writeLeaseRevokeResponse },
    async (request, _requestBytes, call) => revokeLease(context, request, call),
  );
  const timeToLive = unary(
    node,
    decodeLeaseTimeToLiveRequest,
    { size: sizeLeaseTimeToLiveResponse, write: writeLeaseTimeToLiveResponse },
    (request, _requestBytes, call) => tellTimeToLive(context, request, call),
  );
  const list = unary(
    node,
    decodeLeaseLeasesRequest,
    { size: sizeLeaseLeasesResponse, write: writeLeaseLeasesResponse },
    (_request, _requestBytes, call) => {
      const leases = node.leases();
      context.authoriser.readLeases(call, leases);
      return {
        header: headers.message(node.revision),
        leases: leases.map((lease) => ({ ID: lease })),
      };
    },
  );
  const keepAlive: Method = {
    kind: "stream",
    open: (call) => openKeepAlive(context, call, keepAlives),
  };
  return {
    methods: [
      ["/etcdserverpb.Lease/LeaseGrant", grant],
      ["/etcdserverpb.Lease/LeaseRevoke", revoke],
      ["/etcdserverpb.Lease/LeaseTimeToLive", timeToLive],
      ["/etcdserverpb.Lease/LeaseLeases", list],
      ["/etcdserverpb.Lease/LeaseKeepAlive", keepAlive],
    ],
    close(reason) {
      keepAlives.closed = reason;
      for (const call of keepAlives.open) {
        failCall(call, reason);
      }
      keepAlives.open.clear();
    },
  };
}

async function grantLease(
  context: ServiceContext,
  request: LeaseGrantRequest,
  requestBytes: number,
  call: CallContext,
): Promise<LeaseGrantResponse> {
  const caller = context.authoriser.callerOf(call);
  checkSize(requestBytes, context.requestBytesMax);
  const lease = request.ID === 0n ? randomLease(context.random) : request.ID;
  const outcome = await proposed<"lease-grant">(
    context.node,
    { kind: "lease-grant", lease, ttlSeconds: request.TTL },
    caller,
  );
  return {
    header: context.headers.message(outcome.revision),
    ID: outcome.lease,
    TTL: outcome.ttlSeconds,
    error: "",
  };
}

/** A positive 63-bit number. */
export function randomLease(random: Random): LeaseId {
  let id = 0n;
  while (id === 0n) {
    for (const byte of random.bytes(8)) {
      id = (id << 8n) | BigInt(byte);
    }
    id = BigInt.asUintN(63, id);
  }
  return id;
}

async function revokeLease(
  context: ServiceContext,
  request: LeaseRevokeRequest,
  call: CallContext,
): Promise<LeaseRevokeResponse> {
  const outcome = await proposed<"lease-revoke">(
    context.node,
    { kind: "lease-revoke", lease: request.ID },
    context.authoriser.callerOf(call),
  );
  return { header: context.headers.message(outcome.revision) };
}

function tellTimeToLive(
  context: ServiceContext,
  request: LeaseTimeToLiveRequest,
  call: CallContext,
): LeaseTimeToLiveResponse {
  const { node, headers, authoriser } = context;
  if (request.keys) {
    authoriser.readLeases(call, [request.ID]);
  } else {
    authoriser.user(call);
  }
  const status = node.timeToLive(request.ID);
  const header = headers.message(node.revision);
  if (status === null) {
    return { header, ID: request.ID, TTL: -1, grantedTTL: 0, keys: [] };
  }
  return {
    header,
    ID: request.ID,
    // An expired lease that is not revoked yet has no time left; −1 would say that it is gone.
    TTL: Math.max(0, Math.floor(status.remainingMs / 1000)),
    grantedTTL: status.grantedSeconds,
    keys: request.keys ? node.leaseKeys(request.ID) : [],
  };
}

function openKeepAlive(
  context: ServiceContext,
  call: StreamCall,
  keepAlives: KeepAlives,
): StreamReceiver {
  const { node, headers, authoriser } = context;
  try {
    if (keepAlives.closed !== null) {
      throw keepAlives.closed;
    }
    checkCaller(call, node);
  } catch (error) {
    failCall(call, error);
    return refusedStream;
  }
  const streams = keepAlives.open;
  streams.add(call);
  return {
    message(request, start, end) {
      try {
        const { ID } = decodeLeaseKeepAliveRequest(request, start, end);
        authoriser.writeLease(call, ID);
        // Taken before the renewal, so that no client sees a lease alive at a revision at which it is revoked.
        const header = headers.message(node.revision);
        const response = { header, ID, TTL: node.keepAlive(ID) ?? 0 };
        const bytes = new Uint8Array(sizeLeaseKeepAliveResponse(response));
        writeLeaseKeepAliveResponse(bytes, 0, response);
        call.send(bytes);
      } catch (error) {
        streams.delete(call);
        failCall(call, error, STREAM_MALFORMED);
      }
    },
    halfClosed() {
      streams.delete(call);
      call.end();
    },
    cancelled() {
      streams.delete(call);
    },
  };
}
