// The object leader-lock: who may try to lead, and how entries are acknowledged. It decides nothing about safety: what stops an
// old leader is the seal in the archive.
import { hexOfId } from "../lib/hex.js";
import type { Term } from "../core/words.js";
import { encodeJsonObject, JsonObjectReader } from "../object/json-object.js";
import type { ObjectTag } from "../object/object-store.js";

export const LEADER_LOCK_KEY: string = "leader-lock";

/**
 * archive: every acknowledged entry is in the archive, so any node may take over.
 * local: on the leader's own disk; only the same log takes over without a possible loss.
 */
export type AcknowledgeRule = "archive" | "local";

export interface LockRecord {
  readonly clusterId: bigint;
  readonly term: Term;
  readonly nodeId: string;
  /** Made with the data directory, 32 hexadecimal digits. */
  readonly logId: string;
  /** Made for each time that the lock is taken, and kept in the data directory: 16 hexadecimal digits. */
  readonly nonce: string;
  readonly rule: AcknowledgeRule;
  readonly state: "held" | "released";
  /**
   * possible: an earlier leader may have acknowledged entries under "local" that this line of history lacks, and the revision
   * has not been raised for it. It goes from record to record until it is: whoever is to raise it may die before.
   */
  readonly loss: "none" | "possible";
  /** Where clients and followers reach the holder; for people, too. */
  readonly address: string;
  /** Grows with each renewal. */
  readonly renewals: number;
  readonly writeId: string;
}

/** A lock as it was read: the tag says which of all its states. */
export interface ReadLock {
  readonly record: LockRecord;
  readonly tag: ObjectTag;
}

export function encodeLockRecord(record: LockRecord): Uint8Array {
  return encodeJsonObject({
    clusterId: hexOfId(record.clusterId),
    term: record.term,
    nodeId: record.nodeId,
    logId: record.logId,
    nonce: record.nonce,
    rule: record.rule,
    state: record.state,
    loss: record.loss,
    address: record.address,
    renewals: record.renewals,
    writeId: record.writeId,
  });
}

/** Throws T4_CORRUPT and T4_FORMAT_TOO_NEW; `name` is for the messages. */
export function decodeLockRecord(body: Uint8Array, name: string): LockRecord {
  const reader = JsonObjectReader.decode(body, name);
  return {
    clusterId: reader.id("clusterId"),
    term: reader.count("term") as Term,
    nodeId: reader.text("nodeId"),
    logId: reader.hex("logId", 32),
    nonce: reader.hex("nonce", 16),
    rule: reader.choice("rule", ["archive", "local"]),
    state: reader.choice("state", ["held", "released"]),
    loss: reader.choice("loss", ["none", "possible"]),
    address: reader.text("address"),
    renewals: reader.count("renewals"),
    writeId: reader.hex("writeId", 16),
  };
}
