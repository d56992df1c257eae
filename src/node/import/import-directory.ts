// Makes a data directory of what another program kept: its rows with their revisions, its leases. The store's files are
// written straight from the rows; there is no log yet, as after a restore. What makes the directory count is its
// identity, written last: an import that ends early leaves nothing but files that the next try removes.
// Must never: write into a directory that holds a database.
import { RestoringDirectory } from "../../checkpoint/restore/restoring-directory.js";
import { encodeAuthState } from "../../core/auth/auth-codec.js";
import { NO_AUTH, type AuthState } from "../../core/auth/auth-state.js";
import { T4Error } from "../../core/errors.js";
import type { Row } from "../../core/row.js";
import {
  NO_LEASE,
  type LeaseId,
  type LogIndex,
  type Revision,
  type Term,
} from "../../core/words.js";
import { assert } from "../../lib/assert.js";
import type { Runtime } from "../../runtime/runtime.js";
import { fromDiskError } from "../../store/file/file-errors.js";
import { StoreBuilder } from "../../store/upkeep/build-store.js";
import {
  claimDirectory,
  takeDataDirectory,
  type TakenDirectory,
} from "../directory/data-directory.js";
import { makeIdentity } from "../directory/identity.js";
import { SystemState } from "../system-state.js";

/** Rows between two looks at the signal and reports of progress: some 5 ms. */
const SLICE_ROWS = 2_000;

export interface ImportSource {
  /** The next row in the order of revisions and sub-revisions, null at the end. Its bytes are copied before the next call. */
  next(): Row | null;
  /** Of the whole store; to be asked after the last row. At least that row's revision and the compact revision. */
  readonly revision: Revision;
  readonly compactRevision: Revision;
  readonly leases: readonly ImportedLease[];
  readonly auth: AuthState;
}

export interface ImportedLease {
  readonly id: LeaseId;
  readonly ttlSeconds: number;
}

export interface ImportProgress {
  readonly rows: number;
  readonly bytes: number;
  readonly revision: number;
}

export interface ImportOptions {
  readonly path: string;
  /** Null: random. */
  readonly nodeId: string | null;
  readonly runtime: Pick<Runtime, "clock" | "disk" | "random">;
  readonly source: ImportSource;
  /** Aborted: the import ends with its reason. */
  readonly signal?: AbortSignal;
  /** Called every few thousand rows. */
  readonly progress?: (progress: ImportProgress) => void;
}

export interface Imported extends ImportProgress {
  readonly compactRevision: Revision;
  readonly keys: number;
  readonly leases: number;
  /** Live keys whose rows name a lease that there is not: they will not expire. */
  readonly strayKeys: number;
}

/**
 * Resolves when the directory is whole and counts. Throws T4_DATA_DIR_UNUSABLE for one that holds anything,
 * T4_DATA_DIR_IN_USE, T4_NO_SPACE, T4_IO, and what the source throws.
 */
export async function importDirectory(options: ImportOptions): Promise<Imported> {
  const { path, nodeId, runtime } = options;
  const taken = await takeDataDirectory(path, nodeId, runtime.disk);
  try {
    if (taken.identity !== null) {
      throw new T4Error(
        "T4_DATA_DIR_UNUSABLE",
        `${path} holds a database already, and an import never changes one: import into a new directory, or move this one away first`,
      );
    }
    return await importInto(taken, options);
  } catch (error) {
    throw fromDiskError(error);
  } finally {
    await taken.lock.release();
  }
}

async function importInto(taken: TakenDirectory, options: ImportOptions): Promise<Imported> {
  const { nodeId, runtime, source } = options;
  const { disk, clock, random } = runtime;
  const directory = new RestoringDirectory(taken.path, disk);
  directory.clear();
  const builder = new StoreBuilder(disk, directory.storeDirectory);
  try {
    const progress = await addRows(builder, options);
    builder.endRows();
    const { revision, compactRevision } = source;
    const { system, strayKeys } = systemOf(builder, source, clock.monotonicMs());
    // One entry stands for all that was imported: the log goes on after it.
    const index = 1 as LogIndex;
    const term = 1 as Term;
    const encoded = system.encode();
    assert(encoded !== null, "a state that was never encoded is");
    builder.finish({ index, term, revision, compactRevision, system: encoded });
    const wallMs = clock.wallMs();
    directory.writeRestored({
      index,
      revision,
      term,
      wallMs,
      checkpoint: null,
      raiseRevisionBy: 0,
    });
    claimDirectory(taken, makeIdentity(random, nodeId), disk);
    directory.finish();
    const keys = system.keysTotal;
    const leases = system.leases.size;
    return { ...progress, revision, compactRevision, keys, leases, strayKeys };
  } catch (error) {
    builder.abandon();
    throw error;
  }
}

async function addRows(builder: StoreBuilder, options: ImportOptions): Promise<ImportProgress> {
  const { source, runtime, signal } = options;
  let rows = 0;
  let bytes = 0;
  let revision = 0;
  for (let row = source.next(); row !== null; row = source.next()) {
    builder.add(row);
    rows += 1;
    bytes += row.end - row.start;
    revision = row.modRevision;
    if (rows % SLICE_ROWS === 0) {
      options.progress?.({ rows, bytes, revision });
      await new Promise<void>((resolve) => {
        runtime.clock.nextTurn(resolve);
      });
      signal?.throwIfAborted();
    }
  }
  signal?.throwIfAborted();
  return { rows, bytes, revision };
}

/** What can be told only when all rows are there: how many keys are live, and which belong to leases. */
function systemOf(
  builder: StoreBuilder,
  source: ImportSource,
  nowMs: number,
): { readonly system: SystemState; readonly strayKeys: number } {
  const ttls = new Map(source.leases.map(({ id, ttlSeconds }) => [id, ttlSeconds]));
  const attached: { readonly lease: LeaseId; readonly key: string }[] = [];
  let keys = 0;
  let strayKeys = 0;
  builder.visitLive(source.revision, ({ key, lease }) => {
    keys += 1;
    if (lease === NO_LEASE) {
      return;
    }
    if (ttls.has(lease)) {
      attached.push({ lease, key });
    } else {
      strayKeys += 1;
    }
  });
  const system = new SystemState();
  system.adoptKeys(keys);
  if (source.auth !== NO_AUTH) {
    system.auth.restore(encodeAuthState(source.auth));
  }
  for (const [id, ttlSeconds] of ttls) {
    system.leases.grant(id, ttlSeconds, nowMs);
  }
  for (const { lease, key } of attached) {
    system.leases.attach(lease, key);
  }
  return { system, strayKeys };
}
