// What a database tells of itself: figures about its node, and the checkpoints that it makes.
import type { NodeStatus } from "../../node/node.js";

/** A state in the object store that can be restored by its key. */
export interface Checkpoint {
  readonly key: string;
  readonly revision: number;
  /** Of its last change, by the clock of the node that made it. */
  readonly time: Date;
  /** Of all its files; most are shared with other checkpoints. */
  readonly bytes: number;
}

export interface DbStatus {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly nodeId: string;
  readonly term: number;
  readonly committedIndex: number;
  readonly revision: number;
  readonly compactRevision: number;
  readonly isLeader: boolean;
  /** Bytes of all files (in memory: of all rows). */
  readonly totalBytes: number;
  /** Bytes of them that compaction cannot give back. */
  readonly liveBytes: number;
  /** False while the disk is full: writes are refused then. */
  readonly hasSpace: boolean;
}

export function dbStatus(status: NodeStatus): DbStatus {
  return { ...status, compactRevision: shownCompactRevision(status.compactRevision) };
}

/** Inside, a store that was never compacted has -1. */
export function shownCompactRevision(compactRevision: number): number {
  return Math.max(compactRevision, 0);
}
