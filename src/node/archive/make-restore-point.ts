// Restore points for programs: opens the object store of a database, which need not run, and makes one.
import { T4Error } from "../../core/errors.js";
import { utf8 } from "../../lib/bytes.js";
import { makePinnedPoint } from "../../checkpoint/pinned/make-pinned-point.js";
import { encodePinnedPoint } from "../../checkpoint/pinned/pinned-point.js";
import { objectStoreT4Error } from "../../object/object-errors.js";
import { ObjectStoreError, type ObjectStore } from "../../object/object-store.js";
import { openObjectStore } from "../../object/open-object-store.js";
import type { Runtime } from "../../runtime/runtime.js";
import { historyTarget, type PointInHistory } from "./archive-settings.js";

export interface RestorePointOptions {
  /** Of the database: a URL (s3://bucket/prefix), or a store that is open. Its bucket has versioning on. */
  readonly objectStore: string | ObjectStore;
  /** Which state; by default the newest in the object store. */
  readonly point?: PointInHistory;
  readonly signal?: AbortSignal;
}

export interface MadeRestorePoint {
  /** To be kept; outside the bucket, if that is what it is to survive. What `open({ restore: { restorePoint } })` takes. */
  readonly document: string;
  readonly revision: number;
  /** Of the last entry; null if nothing was written yet. */
  readonly time: Date | null;
  /** What the bucket has to keep. */
  readonly objects: number;
  readonly bytes: number;
}

export async function makeRestorePointWith(
  { objectStore, point, signal }: RestorePointOptions,
  runtime: Runtime,
): Promise<MadeRestorePoint> {
  const target = historyTarget(point);
  const isOurs = typeof objectStore === "string";
  try {
    const store = isOurs ? await openObjectStore(objectStore, runtime) : objectStore;
    try {
      const { clock, random } = runtime;
      const context = { clock, random, store, signal: signal ?? new AbortController().signal };
      const made = await makePinnedPoint(context, target);
      const body = encodePinnedPoint(made);
      return {
        document: utf8(body, 0, body.length),
        revision: made.revision,
        time: made.index === 0 ? null : new Date(made.wallMs),
        objects: made.objects.length,
        bytes: made.objects.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    } finally {
      if (isOurs) {
        await store.close();
      }
    }
  } catch (error) {
    if (signal?.aborted === true) {
      throw new T4Error("T4_CANCELLED", "the restore point was given up by its caller", {
        cause: signal.reason,
      });
    }
    throw error instanceof ObjectStoreError ? objectStoreT4Error(error) : error;
  }
}
