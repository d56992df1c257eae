// The table worker: the only one that writes the store's files. It takes one order at a time, each a step from one
// manifest to the next, and answers when the new manifest is durable. Runs in a thread of its own, where every call may
// block on the disk.
import { unreachable } from "../../lib/assert.js";
import { T4Error, type T4ErrorCode } from "../../core/errors.js";
import type { Clock } from "../../runtime/clock.js";
import type { Disk } from "../../runtime/disk/disk.js";
import type { WorkerHandler } from "../../runtime/threads.js";
import { fromDiskError } from "../file/file-errors.js";
import { flush, type FlushOrder, type ReadSegments } from "./flush-job.js";
import { account } from "./liveness.js";
import type { Manifest } from "./manifest.js";
import type { Step } from "./plan-step.js";
import { mergeRuns, rewriteTables } from "./rewrite-jobs.js";
import { Workshop } from "./workshop.js";

/** What the main thread asks for. All of it is plain data. */
export type WorkOrder =
  | { readonly kind: "flush"; readonly manifest: Manifest; readonly flush: FlushOrder }
  /** A step of upkeep that was planned from this manifest. */
  | { readonly kind: "upkeep"; readonly manifest: Manifest; readonly step: Step }
  /** Remove files that nothing uses any more, by name. */
  | { readonly kind: "remove"; readonly names: readonly string[] };

export type WorkReply =
  /** `manifest`: the new one, made durable in `commitMs`; null if it stays the same. */
  | {
      readonly kind: "done";
      readonly manifest: Manifest | null;
      readonly work: string;
      readonly commitMs: number;
    }
  | { readonly kind: "failed"; readonly code: T4ErrorCode; readonly message: string };

/** What a table worker is started with. */
export interface TableWorkerData {
  readonly directory: string;
}

/** The worker's code, on top of a reader of the log's segments. */
export function tableWorker(readSegments: ReadSegments): WorkerHandler {
  return (context) => {
    const { directory } = context.data as TableWorkerData;
    context.onMessage((order) => {
      context.post(
        handleOrder(context.disk, context.clock, directory, readSegments, order as WorkOrder),
      );
    });
  };
}

/** Follows an order. What the world does wrong is a reply; a bug is thrown and ends the worker. */
export function handleOrder(
  disk: Disk,
  clock: Clock,
  directory: string,
  readSegments: ReadSegments,
  order: WorkOrder,
): WorkReply {
  try {
    switch (order.kind) {
      case "flush":
        return inWorkshop(disk, clock, directory, order.manifest, "flush", (workshop) =>
          flush(workshop, order.flush, readSegments),
        );
      case "upkeep":
        return inWorkshop(disk, clock, directory, order.manifest, order.step.kind, (workshop) =>
          takeStep(workshop, order.step),
        );
      case "remove":
        for (const name of order.names) {
          disk.remove(`${directory}/${name}`);
        }
        return { kind: "done", manifest: null, work: "remove", commitMs: 0 };
      default:
        return unreachable(order);
    }
  } catch (error) {
    const cause = fromDiskError(error);
    if (cause instanceof T4Error) {
      return { kind: "failed", code: cause.code, message: cause.message };
    }
    throw error;
  }
}

function takeStep(workshop: Workshop, step: Step): Manifest {
  switch (step.kind) {
    case "account":
      return account(workshop);
    case "rewrite-tables":
      return rewriteTables(workshop, step.first, step.count);
    case "merge-runs":
      return mergeRuns(workshop, step.first, step.count);
    default:
      return unreachable(step);
  }
}

function inWorkshop(
  disk: Disk,
  clock: Clock,
  directory: string,
  manifest: Manifest,
  work: string,
  job: (workshop: Workshop) => Manifest,
): WorkReply {
  const workshop = new Workshop(disk, directory, manifest, clock);
  try {
    const made = job(workshop);
    return { kind: "done", manifest: made, work, commitMs: workshop.commitMs };
  } finally {
    workshop.close();
  }
}
