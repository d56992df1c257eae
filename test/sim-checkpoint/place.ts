// A prefix with its database, as the simulation knows it.
import type { Database } from "./database.js";
import type { Truth } from "./truth.js";

export interface Place {
  readonly path: string;
  readonly depth: number;
  readonly parent: Place | null;
  readonly branchId: string;
  /** Null for the first. */
  readonly clusterId: bigint | null;
  readonly truth: Truth;
  /** From here on it must be able to go back to any time of the window: before, only to its base's checkpoint. */
  readonly createdMs: number;
  database: Database | null;
  /** Ends what the present leader does, as a crash would. */
  crash: AbortController;
  lastTerm: number;
  isStarting: boolean;
  isRemoved: boolean;
  /** A removal was interrupted: the branch may be closed. */
  isHalfRemoved: boolean;
  /** What its leader does one after the other. */
  queue: Promise<void>;
  /** So long pins cannot be read there. */
  pinsUnreadableUntilMs: number;
}

export function makePlace(
  parent: Place | null,
  path: string,
  truth: Truth,
  branch: { readonly id: string; readonly clusterId: bigint; readonly createdMs: number } | null,
): Place {
  return {
    path,
    depth: parent === null ? 0 : parent.depth + 1,
    parent,
    branchId: branch?.id ?? "",
    clusterId: branch?.clusterId ?? null,
    truth,
    createdMs: branch?.createdMs ?? 0,
    database: null,
    crash: new AbortController(),
    lastTerm: 1,
    isStarting: false,
    isRemoved: false,
    isHalfRemoved: false,
    queue: Promise.resolve(),
    pinsUnreadableUntilMs: 0,
  };
}
