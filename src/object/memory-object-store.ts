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
  PutCondition,
  PutOutcome,
  StoredObject,
} from "./object-store.js";
import { assertObjectKey, resolvePrefix } from "./object-key.js";

interface Bucket {
  readonly objects: Map<string, StoredObject>;
  writes: number;
  isClosed: boolean;
}

/** An empty store of its own. */
export function memoryObjectStore(): ObjectStore {
  return new MemoryObjectStore({ objects: new Map(), writes: 0, isClosed: false }, "");
}

class MemoryObjectStore implements ObjectStore {
  readonly url: string;
  readonly #bucket: Bucket;
  readonly #prefix: string;

  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.url = `memory:/${prefix}`;
  }

  at(path: string): ObjectStore {
    return new MemoryObjectStore(this.#bucket, resolvePrefix(this.#prefix, path, "memory:/"));
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject | null> {
    await this.#begin(options);
    const found = this.#find(key);
    return found === null ? null : { body: new Uint8Array(found.body), tag: found.tag };
  }

  async getRange(
    key: string,
    { offset, length }: ByteRange,
    options?: CallOptions,
  ): Promise<Uint8Array | null> {
    await this.#begin(options);
    const found = this.#find(key);
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

  async head(key: string, options?: CallOptions): Promise<ObjectInfo | null> {
    await this.#begin(options);
    const found = this.#find(key);
    return found === null ? null : { key, bytes: found.body.length };
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

  #write(key: string, body: Uint8Array): ObjectTag {
    assertObjectKey(key);
    this.#bucket.writes += 1;
    const tag = `${this.#bucket.writes}`;
    // Not `slice`: that of a Buffer is a view.
    this.#bucket.objects.set(this.#prefix + key, { body: new Uint8Array(body), tag });
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
