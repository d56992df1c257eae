// What the commands around an object store have in common: the store is opened and closed, a signal ends them, and its failures
// look as all others.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { StoreContext } from "../../archive/store-context.js";
import { readLatestManifest, type ReadManifest } from "../../archive/latest-manifest.js";
import { onAbort } from "../../lib/abort-listeners.js";
import { withStore as useStore } from "../../node/offline/store-session.js";
import type { ObjectStore } from "../../object/object-store.js";
import { lateLogger } from "../../runtime/pino-logger.js";
import type { Runtime } from "../../runtime/runtime.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import type { ObjectStoreFlags } from "../flags/archive-flags.js";
import { CommandError, EXIT_FAILED, exitCodeOf } from "../exit.js";
import { objectStoreUrl, openNamedStore } from "../object-store.js";
import { abortedBySignal } from "../signals.js";

export interface StoreCommandFlags extends ObjectStoreFlags {
  readonly json?: boolean;
}

export interface Session {
  readonly runtime: Runtime;
  readonly store: ObjectStore;
  readonly context: StoreContext;
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Runs one command on the store that the flags name. Resolves to what `use` does; rejects with T4Errors and CommandErrors. */
export async function withStore(
  flags: ObjectStoreFlags,
  use: (session: Session) => Promise<number>,
): Promise<number> {
  const logger = lateLogger("warn", "text");
  const runtime = systemRuntime({ logger });
  assertDirectoryExists(objectStoreUrl(flags));
  const stopped = abortedBySignal(
    (name) => new CommandError(`stopped by ${name}`, exitCodeOf(name)),
  );
  return useStore(
    async () => openNamedStore(flags, runtime),
    runtime,
    stopped,
    async (context) => {
      const { store, signal } = context;
      return use({ runtime, store, signal, context });
    },
  );
}

/**
 * Of commands that write nothing to the store: a signal closes it, so that whatever waits for it ends at once. One that
 * writes has something to take back first, a lock or a pin.
 */
export async function withReadStore(
  flags: ObjectStoreFlags,
  use: (session: Session) => Promise<number>,
): Promise<number> {
  return withStore(flags, async (session) => {
    const { store, signal } = session;
    const release = onAbort(signal, () => {
      store.close().then(
        () => {},
        () => {},
      );
    });
    try {
      return await use(session);
    } finally {
      release();
    }
  });
}

/** Opening a directory store makes its directory: a misspelt one must not come to be by looking into it. */
function assertDirectoryExists(url: string | null): void {
  if (url?.startsWith("file:///") !== true) {
    return;
  }
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    // Not a path: opening it says why.
    return;
  }
  if (!existsSync(path)) {
    throw new CommandError(
      `the object store ${url} does not exist: check the path, or whether its volume is mounted`,
      EXIT_FAILED,
    );
  }
}

/** The manifest of a prefix that must hold a database. */
export async function readDatabase(store: ObjectStore): Promise<ReadManifest> {
  const read = await readLatestManifest(store);
  if (read === null) {
    throw new CommandError(
      `${store.url} holds no database: there is no manifest/latest. Check the prefix; a database is there once ` +
        `t4 run --object-store ${store.url} has started`,
      EXIT_FAILED,
    );
  }
  return read;
}
