// A directory as an object store, for one host: a bucket to try things with, a second disk, a backup mount. Any number of
// processes may use it at once; compare-and-swap is as atomic as rename(2). See object-folder.ts for how.
//
// Limits: processes on several hosts need a network file system whose renames are atomic and whose listings are fresh.
// Where the file system takes "a" and "A" for one name, keys that differ only in this are one object.
// Must never: take a directory that is not mounted for an empty one.
import type { Clock } from "../../runtime/clock.js";
import type { Random } from "../../runtime/random.js";
import { withDeadline } from "../deadline.js";
import { assertObjectKey, resolvePrefix } from "../object-key.js";
import { ObjectStoreError } from "../object-store.js";
import type {
  ByteRange,
  CallOptions,
  ObjectInfo,
  ObjectSource,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from "../object-store.js";
import { directoryGone, fileError, notADirectory } from "./file-errors.js";
import { hasErrorCode, type Files } from "./files.js";
import { listObjects } from "./list-objects.js";
import { nodeFiles, urlOfDirectory } from "./node-files.js";
import {
  createObject,
  readBody,
  readVersion,
  removeTree,
  renameAway,
  swapObject,
  type FolderContext,
  type ObjectPlace,
} from "./object-folder.js";
import type { Version } from "./version.js";

/** A disk that answers at all answers within this; a body has a second more for each MiB. */
const CALL_MS_MAX = 30_000;
const MS_PER_BYTE = 1_000 / (1024 * 1024);
/** Deletes at once: half of the libuv pool's threads, so that others get in. */
const DELETES_MAX = 2;

export interface DirectoryObjectStoreOptions {
  /** Absolute. It and those above it are created if they are missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  /** For tests. */
  readonly files?: Files;
}

/** What all views of one opened store share. */
interface Root {
  readonly directory: string;
  /** Of `directory`, to tell when something else is mounted there. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  /** Calls that run, each by what gives it up and what waits for its end. */
  readonly calls: Map<AbortController, Promise<unknown>>;
  closed: ObjectStoreError | null;
}

/** Throws an ObjectStoreError: "not-found", "denied", "full". */
export async function openDirectoryObjectStore(
  options: DirectoryObjectStoreOptions,
): Promise<ObjectStore> {
  const { clock, random, files = nodeFiles } = options;
  const directory = options.directory.replace(/(?<=.)\/+$/, "");
  try {
    const first = await files.makeDirectories(directory);
    if (first !== null) {
      await Promise.all(
        pathsUp(directory, parentOf(first)).map(async (path) => files.syncDirectory(path)),
      );
    }
    await files.list(directory);
    const identity = await files.identity(directory);
    const calls = new Map<AbortController, Promise<unknown>>();
    return new DirectoryObjectStore(
      { directory, identity, clock, random, files, calls, closed: null },
      directory,
    );
  } catch (error) {
    throw hasErrorCode(error, "EEXIST", "ENOTDIR")
      ? notADirectory(directory, error)
      : fileError("open", directory, error);
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** `from`, the directory above it, and so on up to `to`, which is one of them. */
function pathsUp(from: string, to: string): string[] {
  const paths = [from];
  for (let path = from; path !== to && path.length > to.length;) {
    path = parentOf(path);
    paths.push(path);
  }
  return paths;
}

class DirectoryObjectStore implements ObjectStore {
  readonly url: string;
  readonly #root: Root;
  readonly #directory: string;

  constructor(root: Root, directory: string) {
    this.#root = root;
    this.#directory = directory;
    this.url = urlOfDirectory(directory);
  }

  at(path: string): ObjectStore {
    const lead = this.#directory.startsWith("/") ? "/" : "";
    const from = this.#directory === lead ? "" : `${this.#directory.slice(lead.length)}/`;
    const prefix = resolvePrefix(from, path, this.url);
    return new DirectoryObjectStore(this.#root, lead + prefix.slice(0, -1));
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject | null> {
    const found = await this.#read("get", key, options, async (context, folder) =>
      readBody(context, folder, null),
    );
    return found === null ? null : { body: found.bytes, tag: found.version.text };
  }

  async getRange(key: string, range: ByteRange, options?: CallOptions): Promise<Uint8Array | null> {
    const found = await this.#read("get", key, options, async (context, folder) =>
      readBody(context, folder, range),
    );
    return found?.bytes ?? null;
  }

  async head(key: string, options?: CallOptions): Promise<ObjectInfo | null> {
    const version = await this.#read("look at", key, options, readVersion);
    return version === null ? null : { key, bytes: version.bytes };
  }

  async put(key: string, body: Uint8Array | ObjectSource, options?: CallOptions): Promise<void> {
    const place = this.#place(key);
    const source = body instanceof Uint8Array ? sourceOf(body) : body;
    await this.#call("put", place.folder, source.bytes, options, async (context) => {
      for (let version: Version | null = null; version === null;) {
        const found = await this.#findVersion(context, place);
        version =
          found === null
            ? await createObject(context, place, source)
            : await swapObject(context, place, found.text, source);
      }
    });
  }

  async putIf(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    options?: CallOptions,
  ): Promise<PutOutcome> {
    const place = this.#place(key);
    this.#throwIfGivenUp(options);
    const source = sourceOf(body);
    try {
      const version = await this.#call(
        "put",
        place.folder,
        source.bytes,
        options,
        async (context) =>
          condition.kind === "absent"
            ? this.#createIfAbsent(context, place, source)
            : this.#swap(context, place, condition.tag, source),
      );
      return version === null ? { kind: "lost" } : { kind: "won", tag: version.text };
    } catch (error) {
      if (
        error instanceof ObjectStoreError &&
        (error.code === "unavailable" || error.code === "cancelled" || error.code === "damaged")
      ) {
        return { kind: "unknown", cause: error };
      }
      throw error;
    }
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    const places = keys.map((key) => this.#place(key));
    const { files } = this.#root;
    await this.#call("delete from", this.#directory, 0, options, async (context) => {
      const gone: string[] = [];
      await inParallel(places, DELETES_MAX, async ({ parent, folder }) => {
        context.signal.throwIfAborted();
        const path = await renameAway(context, parent, folder);
        if (path !== null) {
          gone.push(path);
        }
      });
      await this.#checkRoot();
      const parents = [...new Set(places.map(({ parent }) => parent))];
      await inParallel(parents, DELETES_MAX, async (parent) => this.#syncUp(parent));
      // They are removed from here on, whatever becomes of what is left of them.
      await inParallel(gone, DELETES_MAX, async (path) => removeTree(files, path));
      for (const parent of parents) {
        await this.#prune(parent);
      }
    });
  }

  async *list(
    prefix: string,
    options?: CallOptions & { readonly after?: string },
  ): AsyncIterable<ObjectInfo> {
    const { files, random, clock } = this.#root;
    const walk = listObjects({
      directory: this.#directory,
      prefix,
      after: options?.after ?? "",
      files,
      random,
      nowMs: () => clock.wallMs(),
      step: async (run) => this.#call("list", this.#directory, 0, options, run),
    });
    await this.#call("list", this.#directory, 0, options, async () => this.#checkRoot());
    yield* walk;
  }

  async close(): Promise<void> {
    const { calls } = this.#root;
    const closed = new ObjectStoreError("cancelled", `the object store ${this.url} is closed`);
    this.#root.closed = closed;
    for (const call of calls.keys()) {
      call.abort(closed);
    }
    await Promise.allSettled(calls.values());
  }

  #throwIfGivenUp(options: CallOptions | undefined): void {
    if (this.#root.closed !== null) {
      throw this.#root.closed;
    }
    if (options?.signal?.aborted === true) {
      throw new ObjectStoreError("cancelled", `a call of ${this.url} was given up`, {
        cause: options.signal.reason,
      });
    }
  }

  #place(key: string): ObjectPlace {
    assertObjectKey(key);
    const folder = `${this.#directory}/${key}@`;
    const parent = parentOf(folder);
    return {
      parent,
      folder,
      makeParent: async () => this.#makeParent(parent),
      syncParent: async () => this.#syncUp(parent),
    };
  }

  async #createIfAbsent(
    context: FolderContext,
    place: ObjectPlace,
    source: ObjectSource,
  ): Promise<Version | null> {
    // Most creates that lose find the winner there: no need to write a draft first.
    if ((await this.#findVersion(context, place)) !== null) {
      await this.#syncUp(place.parent);
      return null;
    }
    return createObject(context, place, source);
  }

  async #swap(
    context: FolderContext,
    place: ObjectPlace,
    tag: string,
    source: ObjectSource,
  ): Promise<Version | null> {
    const version = await swapObject(context, place, tag, source);
    if (version === null) {
      await this.#checkRoot();
    }
    return version;
  }

  /** The version that counts, or null if there is surely no object. */
  async #findVersion(context: FolderContext, { folder }: ObjectPlace): Promise<Version | null> {
    const version = await readVersion(context, folder);
    if (version === null) {
      await this.#checkRoot();
    }
    return version;
  }

  async #read<Result>(
    action: string,
    key: string,
    options: CallOptions | undefined,
    run: (context: FolderContext, folder: string) => Promise<Result | null>,
  ): Promise<Result | null> {
    const { folder } = this.#place(key);
    return this.#call(action, folder, 0, options, async (context) => {
      const found = await run(context, folder);
      if (found === null) {
        await this.#checkRoot();
      }
      return found;
    });
  }

  /** Runs one call with its deadline; what the file system throws becomes an ObjectStoreError. */
  async #call<Result>(
    action: string,
    path: string,
    bytes: number,
    options: CallOptions | undefined,
    run: (context: FolderContext) => Promise<Result>,
  ): Promise<Result> {
    this.#throwIfGivenUp(options);
    const { clock, calls, files, random } = this.#root;
    const closing = new AbortController();
    const call = withDeadline(
      {
        clock,
        limitMs: CALL_MS_MAX + bytes * MS_PER_BYTE,
        signals: [closing.signal, options?.signal],
        what: `the call to ${action} ${path}`,
      },
      async (signal) => run({ files, random, signal }),
    );
    calls.set(closing, call);
    try {
      return await call;
    } catch (error) {
      throw fileError(action, path, error);
    } finally {
      calls.delete(closing);
    }
  }

  async #checkRoot(): Promise<void> {
    const { files, directory, identity } = this.#root;
    let found: string;
    try {
      found = await files.identity(directory);
    } catch (error) {
      throw hasErrorCode(error, "ENOENT") ? directoryGone(directory, error) : error;
    }
    if (found !== identity) {
      throw directoryGone(directory);
    }
  }

  async #makeParent(parent: string): Promise<void> {
    await this.#checkRoot();
    const first = await this.#root.files.makeDirectories(parent);
    if (first !== null && this.#directory.startsWith(first)) {
      // This view's own directory is new, too. What is below it is synced after the object has come to it.
      await this.#syncEach(pathsUp(this.#directory, parentOf(first)));
    }
  }

  /**
   * Syncs a directory and those above it up to the store's: another process may have made them a moment ago. One that has
   * not changed costs 0.05 ms.
   */
  async #syncUp(parent: string): Promise<void> {
    await this.#syncEach(pathsUp(parent, this.#directory));
  }

  async #syncEach(paths: readonly string[]): Promise<void> {
    const { files } = this.#root;
    for (const path of paths) {
      try {
        await files.syncDirectory(path);
      } catch (error) {
        // Its last object was removed since, and it with it.
        if (!hasErrorCode(error, "ENOENT")) {
          throw error;
        }
      }
    }
  }

  /** Removes directories that have become empty. One that another process puts a draft into is not. */
  async #prune(parent: string): Promise<void> {
    for (const path of pathsUp(parent, this.#directory)) {
      if (path === this.#directory) {
        return;
      }
      try {
        await this.#root.files.removeDirectory(path);
      } catch (error) {
        if (!hasErrorCode(error, "ENOENT")) {
          return;
        }
      }
    }
  }
}

function sourceOf(body: Uint8Array): ObjectSource {
  return {
    bytes: body.length,
    read: async (offset, length) => Promise.resolve(body.subarray(offset, offset + length)),
  };
}

async function inParallel<Item>(
  items: readonly Item[],
  limit: number,
  run: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      await run(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
