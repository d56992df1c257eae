// Brings an answer into the form in which two servers' answers are compared: bytes as latin1 strings, ids that a
// server chooses as their role, figures that no two servers share as whether they are there. All else stays as it is.
import type { Message } from "../support/grpc-client.js";

/** What one server chose for itself. */
export interface Identity {
  readonly clusterId: string;
  readonly memberId: string;
  readonly endpoint: string;
  readonly chosenLeases: readonly string[];
}

/** Present or absent (zero) is compared, the figure is not. */
const FIGURES: ReadonlySet<string> = new Set([
  "raft_term",
  "raftTerm",
  "raftIndex",
  "raftAppliedIndex",
  "dbSize",
  "dbSizeInUse",
  "dbSizeQuota",
  "hash",
]);

const ID_FIELDS: ReadonlySet<string> = new Set([
  "cluster_id",
  "member_id",
  "leader",
  "ID",
  "lease",
  "memberID",
]);

export function canonical(value: unknown, identity: Identity, field = ""): unknown {
  if (Buffer.isBuffer(value)) {
    return value.toString("latin1");
  }
  if (Array.isArray(value)) {
    const elements = value.map((element) => canonical(element, identity, field));
    // etcd keeps a lease's keys in a map: LeaseTimeToLive gives them in any order.
    return field === "keys" ? elements.sort() : elements;
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value as Message).map(([name, part]) => [
        name,
        canonical(part, identity, name),
      ]),
    );
  }
  if (FIGURES.has(field)) {
    return String(value) === "0" ? "0" : `<${field}>`;
  }
  if (field === "clientURLs" && value === identity.endpoint) {
    return "<endpoint>";
  }
  if (ID_FIELDS.has(field)) {
    return canonicalId(String(value), identity);
  }
  return value;
}

function canonicalId(id: string, identity: Identity): string {
  if (id === identity.clusterId) {
    return "<cluster>";
  }
  if (id === identity.memberId) {
    return "<member>";
  }
  const at = identity.chosenLeases.indexOf(id);
  return at < 0 ? id : `<lease ${at}>`;
}
