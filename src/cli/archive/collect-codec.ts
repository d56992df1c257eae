// The request and the answer of a collection that a running node is asked for. Loaded only where one is.
import {
  decodeCollectResponse as decode,
  sizeCollectRequest,
  writeCollectRequest,
  type CollectRequest,
} from "../../etcd/gen/admin.js";
import type { ObjectInfo } from "../../object/object-store.js";

/** What is told of a run. */
export interface Collection {
  readonly kind: string;
  readonly delete: readonly ObjectInfo[];
  readonly condemn: readonly ObjectInfo[];
  readonly droppedKeys: readonly string[];
  readonly keptKeys: readonly string[];
}

export function encodeCollectRequest(request: CollectRequest): Uint8Array {
  const bytes = new Uint8Array(sizeCollectRequest(request));
  writeCollectRequest(bytes, 0, request);
  return bytes;
}

export function decodeCollectResponse(bytes: Uint8Array): Collection {
  const answer = decode(bytes, 0, bytes.length);
  return {
    kind: answer.kind,
    delete: answer.deleted,
    condemn: answer.condemned,
    droppedKeys: answer.droppedCheckpoints,
    keptKeys: answer.keptCheckpoints,
  };
}
