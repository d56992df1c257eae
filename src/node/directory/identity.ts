// Who a data directory belongs to: made at its first start, the same ever after.
import { T4Error } from "../../core/errors.js";
import type { Random } from "../../runtime/random.js";

/** Its file in the data directory. */
export const IDENTITY_NAME = "identity.json";

/** Format: grows when an older program could not use the directory. */
export const DATA_FORMAT_VERSION = 1;

export interface Identity {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly nodeId: string;
  /** Random, made with the directory: a member is (node id, log id), so a wiped node is no member. */
  readonly logId: string;
}

/** A new identity. `nodeId` is random unless the operator chose one, the cluster a new one unless one is joined. */
export function makeIdentity(
  random: Random,
  nodeId: string | null,
  clusterId: bigint = randomId(random),
): Identity {
  return {
    clusterId,
    memberId: randomId(random),
    nodeId: nodeId ?? hex(randomId(random)),
    logId: hex(randomId(random)) + hex(randomId(random)),
  };
}

/** Format: JSON, ids as 16 hex digits (numbers of JSON hold 53 bits). */
export function encodeIdentity(identity: Identity): string {
  const fields = {
    formatVersion: DATA_FORMAT_VERSION,
    clusterId: hex(identity.clusterId),
    memberId: hex(identity.memberId),
    nodeId: identity.nodeId,
    logId: identity.logId,
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/** Throws T4_FORMAT_TOO_NEW and T4_CORRUPT; `path` is for the message. */
export function decodeIdentity(text: string, path: string): Identity {
  const fields = parseFields(text, path);
  const version = fields["formatVersion"];
  if (typeof version === "number" && version > DATA_FORMAT_VERSION) {
    throw new T4Error(
      "T4_FORMAT_TOO_NEW",
      `${path} has format ${version}; this program knows ${DATA_FORMAT_VERSION}`,
    );
  }
  const { clusterId, memberId, nodeId, logId } = fields;
  if (
    version !== DATA_FORMAT_VERSION ||
    !isHex(clusterId) ||
    !isHex(memberId) ||
    typeof nodeId !== "string" ||
    typeof logId !== "string"
  ) {
    throw corrupt(path, undefined);
  }
  return {
    clusterId: BigInt(`0x${clusterId}`),
    memberId: BigInt(`0x${memberId}`),
    nodeId,
    logId,
  };
}

function parseFields(text: string, path: string): Readonly<Record<string, unknown>> {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (cause) {
    throw corrupt(path, cause);
  }
  if (typeof fields !== "object" || fields === null) {
    throw corrupt(path, undefined);
  }
  return fields as Readonly<Record<string, unknown>>;
}

function corrupt(path: string, cause: unknown): T4Error {
  return new T4Error("T4_CORRUPT", `${path} does not hold what was written to it`, { cause });
}

function isHex(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function hex(id: bigint): string {
  return id.toString(16).padStart(16, "0");
}

/** 64 random bits, never 0: etcd's ids are unsigned, and 0 stands for none. */
function randomId(random: Random): bigint {
  const bytes = random.bytes(8);
  const id = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
  return id === 0n ? 1n : id;
}
