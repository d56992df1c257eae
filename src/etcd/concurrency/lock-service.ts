// v3lockpb.Lock: a lock is a line of keys, and who stands first holds it.
import { validateDeleteRange } from "../../core/validate.js";
import type { DeleteRangeOperation } from "../../core/command.js";
import type { Method } from "../../transport/service.js";
import {
  decodeLockRequest,
  decodeUnlockRequest,
  sizeLockResponse,
  sizeUnlockResponse,
  writeLockResponse,
  writeUnlockResponse,
  type LockRequest,
  type LockResponse,
  type UnlockRequest,
  type UnlockResponse,
} from "../gen/v3lock.js";
import { checkSize, proposed, type ServiceContext } from "../service-context.js";
import { noBytes } from "../wire.js";
import { leave, sessionLease, takePlace, untilFirst } from "./place.js";
import { unknownError, type WaitingCalls } from "./waiting-calls.js";

export function lockMethods(
  context: ServiceContext,
  calls: WaitingCalls,
): (readonly [path: string, method: Method])[] {
  const acquire = calls.method(
    decodeLockRequest,
    { size: sizeLockResponse, write: writeLockResponse },
    async (request, bytes, signal) => lock(context, request, bytes, signal),
  );
  const release = calls.method(
    decodeUnlockRequest,
    { size: sizeUnlockResponse, write: writeUnlockResponse },
    async (request) => unlock(context, request),
  );
  return [
    ["/v3lockpb.Lock/Lock", acquire],
    ["/v3lockpb.Lock/Unlock", release],
  ];
}

async function lock(
  context: ServiceContext,
  request: LockRequest,
  requestBytes: number,
  signal: AbortSignal,
): Promise<LockResponse> {
  const { node, headers } = context;
  checkSize(requestBytes, context.requestBytesMax);
  const lease = await sessionLease(context, request.lease);
  const place = await takePlace(node, request.name, lease, noBytes);
  let revision;
  try {
    revision = await untilFirst(node, request.name, place, signal);
    signal.throwIfAborted();
  } catch (error) {
    // Nobody would know that this key holds the lock one day.
    await leave(node, place).catch(() => null);
    throw error;
  }
  if (revision === null) {
    throw unknownError("mutex: session is expired");
  }
  return { header: headers.message(revision), key: place.key };
}

async function unlock(context: ServiceContext, request: UnlockRequest): Promise<UnlockResponse> {
  const deletion: DeleteRangeOperation = {
    kind: "delete-range",
    range: { kind: "key", key: request.key },
    prevKv: false,
  };
  validateDeleteRange(deletion);
  const { revision } = await proposed<"delete-range">(context.node, deletion);
  return { header: context.headers.message(revision) };
}
