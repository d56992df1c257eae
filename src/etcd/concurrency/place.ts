// Standing in line for a lock or a leadership: a key under the line's prefix for each who stands in it, named by its
// lease, so that it leaves the line when the lease ends. Whose key was created first is served; the others each watch
// the one before them, and nobody polls.
// Must never: tell somebody that it is its turn whose own key is gone, or who has others before it.
import type { Operation, RangeOperation, TxnOperation, TxnOutcome } from "../../core/command.js";
import { T4Error } from "../../core/errors.js";
import { prefixRange } from "../../core/range/key-range.js";
import type { Row } from "../../core/row.js";
import { NO_LEASE, type Key, type LeaseId, type Revision } from "../../core/words.js";
import { onAbort } from "../../lib/abort-listeners.js";
import { assert } from "../../lib/assert.js";
import type { Node, Watcher } from "../../node/node.js";
import { pointRead } from "../kv/requests.js";
import { randomLease } from "../lease-service.js";
import { proposed, type ServiceContext } from "../service-context.js";

/** Of a lease that the server grants to a caller who names none: as etcd's sessions. Nobody keeps it alive but the caller. */
const SESSION_TTL_SECONDS = 60;

/** A key in a line. It is the same place only as long as it has the same create revision. */
export interface Place {
  readonly key: Key;
  readonly createRevision: Revision;
}

export interface TakenPlace extends Place {
  /** The store's revision when the place was taken or found. */
  readonly revision: Revision;
  /** The row that was there already: the lease stands in this line. Null if it has come now. */
  readonly found: Row | null;
}

/** Keys of all who stand in the line of this name. */
export function linePrefix(name: Key): Key {
  return `${name}/`;
}

/** The lease that a caller named, or a new one. */
export async function sessionLease(context: ServiceContext, lease: LeaseId): Promise<LeaseId> {
  if (lease !== NO_LEASE) {
    return lease;
  }
  const granted = await proposed<"lease-grant">(context.node, {
    kind: "lease-grant",
    lease: randomLease(context.random),
    ttlSeconds: SESSION_TTL_SECONDS,
  });
  return granted.lease;
}

/** Joins the line at its end, or finds the place that the lease has there. */
export async function takePlace(
  node: Node,
  name: Key,
  lease: LeaseId,
  value: Uint8Array,
): Promise<TakenPlace> {
  const key = linePrefix(name) + lease.toString(16);
  const outcome = await ifCreatedAt(node, key, 0, [putOf(key, value, lease)], [pointRead(key)]);
  const { revision } = outcome;
  if (outcome.succeeded) {
    return { key, createRevision: revision, revision, found: null };
  }
  const [found] = outcome.responses;
  assert(found?.kind === "range" && found.rows[0] !== undefined, "a key that was created is there");
  const [row] = found.rows;
  return { key, createRevision: row.createRevision, revision, found: row };
}

/** Replaces the value at a place; false if the place is another's by now, or nobody's. */
export async function setValue(
  node: Node,
  place: Place,
  value: Uint8Array,
  lease: LeaseId,
): Promise<{ readonly isDone: boolean; readonly revision: Revision }> {
  const write = [putOf(place.key, value, lease)];
  const { succeeded, revision } = await ifCreatedAt(node, place.key, place.createRevision, write);
  return { isDone: succeeded, revision };
}

/** Leaves the line; nothing happens if the place is another's by now. Returns the store's revision. */
export async function leave(node: Node, place: Place): Promise<Revision> {
  const deletion: Operation = {
    kind: "delete-range",
    range: { kind: "key", key: place.key },
    prevKv: false,
  };
  const outcome = await ifCreatedAt(node, place.key, place.createRevision, [deletion]);
  return outcome.revision;
}

/**
 * Waits until all who came before have left, and returns the revision at which that was seen; null if the place was lost
 * meanwhile, with its lease or otherwise. Rejects with the signal's reason.
 */
export async function untilFirst(
  node: Node,
  name: Key,
  place: Place,
  signal: AbortSignal,
): Promise<Revision | null> {
  for (;;) {
    signal.throwIfAborted();
    const ahead = await node.range(lastBefore(name, place), "linearizable");
    const own = await node.get(place.key, 0, "linearizable");
    // Told at once, however long the line before is: who has lost its place will never be served.
    if (own?.createRevision !== place.createRevision) {
      return null;
    }
    const [before] = ahead.rows;
    if (before === undefined) {
      return node.revision;
    }
    await untilDeleted(node, [before.key, place.key], ahead.revision + 1, signal);
  }
}

/** Who stands in line first: what leads, or holds the lock. */
export function firstInLine(name: Key): RangeOperation {
  return {
    ...pointRead(""),
    range: prefixRange(linePrefix(name)),
    sort: { target: "create", descending: false },
    limit: 1,
  };
}

function lastBefore(name: Key, { createRevision }: Place): RangeOperation {
  return {
    ...firstInLine(name),
    sort: { target: "create", descending: true },
    maxCreateRevision: createRevision - 1,
    keysOnly: true,
  };
}

function putOf(key: Key, value: Uint8Array, lease: LeaseId): Operation {
  return {
    kind: "put",
    key,
    value,
    lease,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

async function ifCreatedAt(
  node: Node,
  key: Key,
  createRevision: number,
  success: readonly Operation[],
  failure: readonly Operation[] = [],
): Promise<TxnOutcome> {
  if (key === "") {
    throw new T4Error("T4_KEY_EMPTY", "a key has no bytes");
  }
  const txn: TxnOperation = {
    kind: "txn",
    compares: [
      {
        range: { kind: "key", key },
        result: "equal",
        target: "create",
        operand: createRevision,
      },
    ],
    success,
    failure,
  };
  return proposed<"txn">(node, txn);
}

/** Resolves when one of the keys has been deleted at or after `revision`, or when that can no longer be told. */
async function untilDeleted(
  node: Node,
  keys: readonly Key[],
  revision: number,
  signal: AbortSignal,
): Promise<void> {
  const watchers: Watcher[] = [];
  let stopListening = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      stopListening = onAbort(signal, () => {
        reject(signal.reason as Error);
      });
      const sink = {
        deliver: (batch: { readonly events: readonly unknown[] }): boolean => {
          if (batch.events.length > 0) {
            resolve();
          }
          return true;
        },
        // Whoever asks again sees how things stand now.
        compacted: () => {
          resolve();
        },
      };
      for (const key of keys) {
        const range = { kind: "key", key } as const;
        watchers.push(
          node.watch({ range, startRevision: revision, puts: false, deletes: true }, sink),
        );
      }
    });
  } catch (error) {
    if (!(error instanceof T4Error && error.code === "T4_COMPACTED")) {
      throw error;
    }
  } finally {
    stopListening();
    for (const watcher of watchers) {
      watcher.cancel();
    }
  }
}
