// An object store in memory, for tests and simulations. Several processes of a simulation share one: each takes its own
// view by `at("")`.
import { ObjectStoreError } from "./object-store.js";
import type {
  ByteRange,
  CallOptions,
  ObjectInfo,
  ObjectSource,
  ObjectStore,
  ObjectTag,
  ObjectVersion,
  ObjectVersions,
  PutCondition,
  PutOutcome,
  StoredObject,
} from "./object-store.js";
import { assertObjectKey, resolvePrefix } from "./object-key.js";

interface Bucket {
  readonly objects: Map<string, StoredObject>;
  /** All that was ever written, by name and version; null: nothing is kept. */
  readonly versions: Map<string, StoredObject> | null;
  writes: number;
  isClosed: boolean;
}

export interface MemoryObjectStoreOptions {
  /** Keep what is overwritten and deleted, as a bucket with versioning does; default false. */
  readonly keepVersions?: boolean;
}

/** An empty store of its own. */
export function memoryObjectStore({
  keepVersions = false,
}: MemoryObjectStoreOptions = {}): ObjectStore {
  const versions = keepVersions ? new Map<string, StoredObject>() : null;
  return new MemoryObjectStore({ objects: new Map(), versions, writes: 0, isClosed: false }, "");
}

class MemoryObjectStore implements ObjectStore {
  readonly url: string;
  readonly versions: ObjectVersions;
  readonly #bucket: Bucket;
  readonly #prefix: string;

  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.url = `memory:/${prefix}`;
    this.versions = {
      areKept: async (options) => {
        await this.#begin(options);
        return bucket.versions !== null;
      },
      get: async (key, version, options) => {
        await this.#begin(options);
        return copyOf(this.#findVersion(key, version));
      },
      getRange: async (key, version, range, options) => {
        await this.#begin(options);
        return this.#part(key, this.#findVersion(key, version), range);
      },
    };
  }

  at(path: string): ObjectStore {
    return new MemoryObjectStore(this.#bucket, resolvePrefix(this.#prefix, path, "memory:/"));
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject | null> {
    await this.#begin(options);
    return copyOf(this.#find(key));
  }

  async getRange(key: string, range: ByteRange, options?: CallOptions): Promise<Uint8Array | null> {
    await this.#begin(options);
    return this.#part(key, this.#find(key), range);
  }

  async head(key: string, options?: CallOptions): Promise<ObjectInfo | null> {
    await this.#begin(options);
    const found = this.#find(key);
    if (found === null) {
      return null;
    }
    const { body, version } = found;
    return { key, bytes: body.length, ...(version === undefined ? {} : { version }) };
  }

  async put(key: string, body: Uint8Array | ObjectSource, options?: CallOptions): Promise<void> {
    const bytes = body instanceof Uint8Array ? body : await body.read(0, body.bytes);
    await this.#begin(options);
    this.#write(key, bytes);
  }

  async putIf(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
    options?: CallOptions,
  ): Promise<PutOutcome> {
    await this.#begin(options);
    // Nothing runs between the look and the write: that is the swap.
    const found = this.#find(key);
    const holds = condition.kind === "absent" ? found === null : found?.tag === condition.tag;
    return holds ? { kind: "won", tag: this.#write(key, body) } : { kind: "lost" };
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<void> {
    await this.#begin(options);
    for (const key of keys) {
      assertObjectKey(key);
      this.#bucket.objects.delete(this.#prefix + key);
    }
  }

  async *list(
    prefix: string,
    options?: CallOptions & { readonly after?: string },
  ): AsyncIterable<ObjectInfo> {
    await this.#begin(options);
    const start = this.#prefix + prefix;
    const after = this.#prefix + (options?.after ?? "");
    const names = [...this.#bucket.objects.keys()].filter(
      (name) => name.startsWith(start) && (options?.after === undefined || name > after),
    );
    for (const name of names.sort()) {
      const found = this.#bucket.objects.get(name);
      if (found !== undefined) {
        yield { key: name.slice(this.#prefix.length), bytes: found.body.length };
      }
    }
  }

  async close(): Promise<void> {
    this.#bucket.isClosed = true;
    return Promise.resolve();
  }

  #find(key: string): StoredObject | null {
    assertObjectKey(key);
    return this.#bucket.objects.get(this.#prefix + key) ?? null;
  }

  #findVersion(key: string, version: ObjectVersion): StoredObject | null {
    assertObjectKey(key);
    return this.#bucket.versions?.get(versionName(this.#prefix + key, version)) ?? null;
  }

  #part(key: string, found: StoredObject | null, { offset, length }: ByteRange): Uint8Array | null {
    if (found === null) {
      return null;
    }
    if (offset + length > found.body.length) {
      throw new ObjectStoreError(
        "damaged",
        `${this.url}${key} ends at byte ${found.body.length}, and bytes up to ${offset + length} were asked for`,
      );
    }
    return found.body.slice(offset, offset + length);
  }

  #write(key: string, body: Uint8Array): ObjectTag {
    assertObjectKey(key);
    const { objects, versions } = this.#bucket;
    this.#bucket.writes += 1;
    const tag = `${this.#bucket.writes}`;
    const name = this.#prefix + key;
    // Not `slice`: that of a Buffer is a view.
    const plain = { body: new Uint8Array(body), tag };
    const version = `version-${tag}`;
    const written = versions === null ? plain : { ...plain, version };
    versions?.set(versionName(name, version), written);
    objects.set(name, written);
    return tag;
  }

  async #begin(options: CallOptions | undefined): Promise<void> {
    if (this.#bucket.isClosed) {
      throw new ObjectStoreError("cancelled", `${this.url} is closed`);
    }
    if (options?.signal?.aborted === true) {
      throw new ObjectStoreError("cancelled", `a call of ${this.url} was given up`, {
        cause: options.signal.reason,
      });
    }
    return Promise.resolve();
  }
}

/** No key has a space. */
function versionName(name: string, version: ObjectVersion): string {
  return `${name} ${version}`;
}

function copyOf(found: StoredObject | null): StoredObject | null {
  return found === null ? null : { ...found, body: new Uint8Array(found.body) };
}
