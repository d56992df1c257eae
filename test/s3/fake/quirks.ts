// What stores that call themselves compatible do otherwise than S3. Each was seen in the world.

export interface Quirks {
  /** Some releases of Ceph: If-Match with a quoted tag never matches. */
  readonly unquotedTagsOnly?: boolean;
  /** Stores that accept a condition and write all the same, or that refuse to hear of one. */
  readonly conditions?: "ignored" | "not-implemented";
  /** Stores that know no checksum of DeleteObjects but Content-MD5, and stores without DeleteObjects. */
  readonly multiDelete?: "md5-required" | "absent";
  /** Directory buckets list in an order of their own. */
  readonly listOrder?: "reversed";
  /** Writes that would take the bucket past this are refused. */
  readonly bytesMax?: number;
  /** Stores without versions of objects, such as Cloudflare R2. */
  readonly versioning?: "not-implemented";
  /** Answers a GET with the whole object whatever range was asked for. */
  readonly ranges?: "ignored";
}

/** Those that a store on them must not notice. */
export const SURVIVED_QUIRKS: readonly (readonly [string, Quirks])[] = [
  ["S3", {}],
  ["a store that takes tags only without quotes", { unquotedTagsOnly: true }],
  ["a store that wants Content-MD5", { multiDelete: "md5-required" }],
  ["a store without DeleteObjects", { multiDelete: "absent" }],
];
