// The object store as a restore point saw it: each object in the version that the point names, and no others. Whatever reads a
// store reads this one, so a restore of a point is an ordinary restore.
// Must never: answer with another state of an object than the one that is named.
import { sha256Of } from "../../lib/hashes/sha256.js";
import { T4Error } from "../../core/errors.js";
import { encodeLatestManifest, LATEST_MANIFEST_KEY } from "../../archive/latest-manifest.js";
import {
  ObjectStoreError,
  type ByteRange,
  type CallOptions,
  type ObjectInfo,
  type ObjectStore,
  type ObjectVersions,
  type PutOutcome,
  type StoredObject,
} from "../../object/object-store.js";
import type { HistoryTarget } from "../restore/history.js";
import type { PinnedObject, PinnedPoint } from "./pinned-point.js";

/** What a restore of the point restores. */
export function pinnedTarget({ index, revision }: PinnedPoint): HistoryTarget {
  return { kind: "entry", index, revision };
}

/** Throws T4_OBJECT_STORE_UNUSABLE for a store that keeps no versions. */
export function versionsOf(store: ObjectStore): ObjectVersions {
  if (store.versions === undefined) {
    throw noVersionsError(store.url);
  }
  return store.versions;
}

export function noVersionsError(url: string): T4Error {
  return new T4Error(
    "T4_OBJECT_STORE_UNUSABLE",
    `${url} keeps no versions of its objects, and a restore point is made of them: turn versioning on for the bucket, ` +
      "or fork a branch (t4 branch fork), which pins what it needs",
  );
}

/**
 * `store` is where the point's database lay, or a copy that has the same versions. Nothing is read yet. What the view reads
 * throws T4_NOT_RETAINED if a version is kept no more, and T4_CORRUPT if it is not what the point names.
 */
export function openPinned(store: ObjectStore, point: PinnedPoint): ObjectStore {
  const objects = new Map(
    point.objects.map((object) => [store.at(object.owner).url + object.key, object]),
  );
  return new PinnedStore(store, { point, objects, manifestName: store.url + LATEST_MANIFEST_KEY });
}

interface Pinned {
  readonly point: PinnedPoint;
  /** By URL and key. */
  readonly objects: ReadonlyMap<string, PinnedObject>;
  readonly manifestName: string;
}

class PinnedStore implements ObjectStore {
  readonly url: string;
  readonly #store: ObjectStore;
  readonly #versions: ObjectVersions;
  readonly #pinned: Pinned;

  constructor(store: ObjectStore, pinned: Pinned) {
    this.url = store.url;
    this.#store = store;
    this.#versions = versionsOf(store);
    this.#pinned = pinned;
  }

  at(path: string): ObjectStore {
    return new PinnedStore(this.#store.at(path), this.#pinned);
  }

  async get(key: string, options?: CallOptions): Promise<StoredObject | null> {
    const name = this.url + key;
    if (name === this.#pinned.manifestName) {
      return { body: encodeLatestManifest(this.#pinned.point.manifest), tag: "pinned" };
    }
    const object = this.#pinned.objects.get(name);
    if (object === undefined) {
      return null;
    }
    const found = await this.#versions.get(key, object.version, options);
    if (found === null) {
      throw this.#goneError(object);
    }
    // Also a store that gives back the object as it is now, whatever version it is asked for, is found out here.
    if (sha256Of(found.body) !== object.sha256) {
      throw new T4Error(
        "T4_CORRUPT",
        `the object ${name} in version ${object.version} is damaged: its bytes do not have the SHA-256 that the restore point names. Use another restore point`,
      );
    }
    return found;
  }

  async getRange(key: string, range: ByteRange, options?: CallOptions): Promise<Uint8Array | null> {
    const object = this.#pinned.objects.get(this.url + key);
    if (object === undefined) {
      return null;
    }
    const part = await this.#versions.getRange(key, object.version, range, options);
    if (part === null) {
      throw this.#goneError(object);
    }
    return part;
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const object = this.#pinned.objects.get(this.url + key);
    return Promise.resolve(object === undefined ? null : { key, bytes: object.bytes });
  }

  async *list(
    prefix: string,
    options?: CallOptions & { readonly after?: string },
  ): AsyncIterable<ObjectInfo> {
    await Promise.resolve();
    const after = options?.after;
    const start = this.url + prefix;
    // Keys are ASCII, so the order of characters is that of bytes.
    const names = [...this.#pinned.objects.keys()].filter((name) => name.startsWith(start)).sort();
    for (const name of names) {
      const key = name.slice(this.url.length);
      const object = this.#pinned.objects.get(name);
      if (object !== undefined && (after === undefined || key > after)) {
        yield { key, bytes: object.bytes };
      }
    }
  }

  async put(): Promise<void> {
    return Promise.reject(this.#readOnlyError());
  }

  async putIf(): Promise<PutOutcome> {
    return Promise.reject(this.#readOnlyError());
  }

  async delete(): Promise<void> {
    return Promise.reject(this.#readOnlyError());
  }

  /** The store below is closed by who opened it. */
  async close(): Promise<void> {
    return Promise.resolve();
  }

  #goneError({ key, version }: PinnedObject): T4Error {
    const { url } = this.#pinned.point;
    return new T4Error(
      "T4_NOT_RETAINED",
      `the object ${this.url}${key} is not kept in version ${version}, which the restore point needs: a rule of the bucket ` +
        `has expired it, somebody has removed it, or this is not where the point was made (${url}). Use another restore ` +
        "point, and have the bucket's rules keep old versions for as long as points are to last",
    );
  }

  #readOnlyError(): ObjectStoreError {
    return new ObjectStoreError("unsupported", `${this.url} is read at a restore point only`);
  }
}
