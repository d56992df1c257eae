// The operations of a differential script: plain data that prints as JSON and survives the dropping of any other
// operation. Keys and values are latin1 strings (one character, one byte). What depends on the state is written as a
// reference and resolved when the script runs, against what the reference server said last.
import type { Message } from "../../support/grpc-client.js";

/** A revision counted from a moving point, and never below `least`: `{ $revision: "compacted", plus: -1 }`. */
export interface RevisionReference {
  readonly $revision: "current" | "compacted";
  readonly plus: number;
  readonly least?: number;
}

/** The lease that the server chose an id for at the script's n-th such grant (modulo those granted so far). */
export interface LeaseReference {
  readonly $lease: number;
}

/** A value that the script names by its size: too large to print. */
export interface BytesReference {
  readonly $bytes: number;
}

export interface Call {
  readonly kind: "call";
  /** Such as `KV/Put`. */
  readonly method: string;
  readonly request: Message;
}

/** Bytes sent as a request, as hexadecimal, to a path that need not exist. */
export interface RawCall {
  readonly kind: "raw";
  readonly path: string;
  readonly hex: string;
}

/** One keep-alive stream on which these ids are sent, each after the answer to the one before. */
export interface KeepAlive {
  readonly kind: "keep-alive";
  readonly ids: readonly unknown[];
}

/** Grant, look, keep alive, revoke, without a pause: for times to live that would end during the script. */
export interface ShortLease {
  readonly kind: "short-lease";
  readonly id: string;
  readonly ttl: string;
  readonly key: string | undefined;
}

export type WatchStep =
  | { readonly step: "create"; readonly request: Message }
  | { readonly step: "cancel"; readonly watchId: string }
  | { readonly step: "progress" }
  | { readonly step: "write"; readonly call: Call };

/** One watch stream: its steps in order, then everything that its watchers must be told. */
export interface WatchSession {
  readonly kind: "watch";
  readonly steps: readonly WatchStep[];
}

export type Operation = Call | RawCall | KeepAlive | ShortLease | WatchSession;
export type Script = readonly Operation[];

/** What references stand for, at one moment, on one server. */
export interface Resolution {
  readonly currentRevision: number;
  readonly compactRevision: number;
  /** The ids that this server chose, in the order of the grants. */
  readonly chosenLeases: readonly string[];
}

const BYTES_FIELDS: ReadonlySet<string> = new Set(["key", "range_end", "value"]);

/**
 * Left out when empty, as every client does: an empty bound that is there on the wire means "without end" to etcd, by
 * an accident of Go's decoder.
 */
const BOUNDS_FIELDS: ReadonlySet<string> = new Set(["key", "range_end"]);

/** Replaces references and turns byte fields into Buffers. */
export function resolve(value: unknown, resolution: Resolution, field = ""): unknown {
  if (typeof value === "string" && BYTES_FIELDS.has(field)) {
    return Buffer.from(value, "latin1");
  }
  if (Array.isArray(value)) {
    return value.map((element) => resolve(element, resolution, field));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if ("$revision" in value) {
    const { $revision, plus, least } = value as RevisionReference;
    const base = $revision === "current" ? resolution.currentRevision : resolution.compactRevision;
    return String(Math.max(least ?? -Infinity, base + plus));
  }
  if ("$lease" in value) {
    const { chosenLeases } = resolution;
    const at = (value as LeaseReference).$lease % Math.max(1, chosenLeases.length);
    return chosenLeases[at] ?? "123456789";
  }
  if ("$bytes" in value) {
    return Buffer.alloc((value as BytesReference).$bytes, 0x61);
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, part]) => !(part === "" && BOUNDS_FIELDS.has(name)))
      .map(([name, part]) => [name, resolve(part, resolution, name)]),
  );
}

export function resolveMessage(request: Message, resolution: Resolution): Message {
  return resolve(request, resolution) as Message;
}
