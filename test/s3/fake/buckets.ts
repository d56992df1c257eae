// What the fake holds: buckets of objects, each a list of versions whose last one counts.

export interface Version {
  readonly id: string;
  /** Null for a delete marker. */
  readonly object: StoredVersion | null;
}

export interface StoredVersion {
  readonly body: Buffer;
  /** Without quotes. */
  readonly etag: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly modifiedMs: number;
}

export interface Upload {
  readonly key: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string }>;
}

/** The id of the only version of an object in a bucket without versioning. */
const NULL_VERSION = "null";

export type Versioning = "off" | "enabled" | "suspended";

export class Bucket {
  versioning: Versioning = "off";
  readonly uploads: Map<string, Upload> = new Map();
  readonly #versions = new Map<string, Version[]>();
  #sortedKeys: string[] | null = null;
  #ids = 0;

  current(key: string): StoredVersion | null {
    return this.#versions.get(key)?.at(-1)?.object ?? null;
  }

  /** The id of the version that counts, as answers tell it: null in a bucket that never had versioning. */
  currentId(key: string): string | null {
    return this.versioning === "off" ? null : (this.#versions.get(key)?.at(-1)?.id ?? null);
  }

  version(key: string, id: string): Version | null {
    return this.#versions.get(key)?.find((version) => version.id === id) ?? null;
  }

  versions(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  /**
   * Adds a version, or replaces the one without an id: the only one if there never was versioning, and one of several
   * while it is suspended. Gives back its id, or null without versioning.
   */
  put(key: string, object: StoredVersion | null): string | null {
    if (this.versioning !== "enabled") {
      const others = this.versions(key).filter(({ id }) => id !== NULL_VERSION);
      const isGone = object === null && others.length === 0;
      this.#set(key, isGone ? [] : [...others, { id: NULL_VERSION, object }]);
      return this.versioning === "off" ? null : NULL_VERSION;
    }
    const id = this.nextId();
    this.#set(key, [...this.versions(key), { id, object }]);
    return id;
  }

  removeVersion(key: string, id: string): void {
    this.#set(
      key,
      this.versions(key).filter((version) => version.id !== id),
    );
  }

  /** In the order of their UTF-8 bytes; those whose last version is a delete marker are left out. */
  keys(): string[] {
    this.#sortedKeys ??= [...this.#versions.keys()].sort((left, right) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );
    return this.#sortedKeys.filter((key) => this.current(key) !== null);
  }

  bytes(): number {
    let sum = 0;
    for (const versions of this.#versions.values()) {
      for (const { object } of versions) {
        sum += object?.body.length ?? 0;
      }
    }
    return sum;
  }

  nextId(): string {
    this.#ids += 1;
    return `id-${String(this.#ids).padStart(8, "0")}`;
  }

  #set(key: string, versions: Version[]): void {
    if (versions.length === 0) {
      this.#versions.delete(key);
      this.#sortedKeys = null;
      return;
    }
    if (!this.#versions.has(key)) {
      this.#sortedKeys = null;
    }
    this.#versions.set(key, versions);
  }
}
