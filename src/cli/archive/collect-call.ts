// The call that asks a running node to collect. Loaded only where one is asked.
import {
  decodeCollectResponse,
  sizeCollectRequest,
  writeCollectRequest,
  type CollectRequest,
} from "../../etcd/gen/admin.js";
import { orAborted } from "../../lib/abort-listeners.js";
import type { ObjectInfo } from "../../object/object-store.js";
import { GRPC_STATUS } from "../../transport/service.js";
import { CallError, EtcdClient, originOf, type ClientOptions } from "../migrate/etcd-client.js";

const COLLECT_PATH = "/t4.v1.Admin/Collect";
/** Nothing is answered before all is read and deleted, object by object. */
const COLLECT_TIMEOUT_MS = 3_600_000;

/** What is told of a run. */
export interface Collection {
  readonly kind: string;
  readonly delete: readonly ObjectInfo[];
  readonly condemn: readonly ObjectInfo[];
  readonly droppedKeys: readonly string[];
  readonly keptKeys: readonly string[];
}

export type CollectAnswer =
  | { readonly kind: "collected"; readonly collection: Collection }
  /** Nobody answers there, or who answers does not do it. */
  | { readonly kind: "none"; readonly reason: string; readonly cause: CallError };

/** How the server is reached, but for where. */
export type CollectClient = Omit<ClientOptions, "endpoints" | "attemptsMax" | "callTimeoutMs">;

/** Whether something can be asked there at all. */
export function isAddress(text: string): boolean {
  return originOf(text, false) !== null;
}

/** Asks once. Throws a CommandError for an address or a file that cannot be used, and the signal's reason. */
export async function askToCollect(
  address: string,
  request: CollectRequest,
  { user, cacert, cert, key }: CollectClient,
  signal: AbortSignal,
): Promise<CollectAnswer> {
  using client = new EtcdClient({
    endpoints: [askedAt(address)],
    // Nobody there is an answer, too.
    attemptsMax: 1,
    callTimeoutMs: COLLECT_TIMEOUT_MS,
    ...(user === undefined ? {} : { user }),
    ...(cacert === undefined ? {} : { cacert }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  const encoder = { size: sizeCollectRequest, write: writeCollectRequest };
  try {
    const answer = await orAborted(
      client.call(COLLECT_PATH, encoder, request, decodeCollectResponse),
      signal,
    );
    return {
      kind: "collected",
      collection: {
        kind: answer.kind,
        delete: answer.deleted,
        condemn: answer.condemned,
        droppedKeys: answer.droppedCheckpoints,
        keptKeys: answer.keptCheckpoints,
      },
    };
  } catch (error) {
    if (!(error instanceof CallError)) {
      throw error;
    }
    return { kind: "none", reason: reasonOf(address, error), cause: error };
  }
}

function reasonOf(address: string, { status, message }: CallError): string {
  return status === GRPC_STATUS.UNAVAILABLE
    ? `${address} cannot be reached: ${message} (a server with TLS needs https://, and --cacert if its authority is your own)`
    : `the server at ${address} refused: ${message} (if it has auth on, --user must have the role root)`;
}

/** A server that listens at every address is asked at this machine's own. */
function askedAt(address: string): string {
  return address.replace(/^(https?:\/\/)?(?:0\.0\.0\.0|\[::\])(?=:\d+\/?$)/, "$1localhost");
}
