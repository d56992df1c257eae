// What entries change beside keys, and what can be told of keys only by having seen every entry: leases with their keys,
// and how many keys are live. It follows committed entries; `tip` sees the planned ones too.
// Written with each manifest of the store and read back at start, before the log is replayed over it.
import type { Entry } from "../core/entry.js";
import { T4Error } from "../core/errors.js";
import { assert, unreachable } from "../lib/assert.js";
import { latin1, writeLatin1 } from "../lib/bytes.js";
import { readVarint, varintSize, writeVarint } from "../lib/varint.js";
import { LeaseTable } from "./lease/lease-table.js";
import { TipLeases } from "./lease/tip-leases.js";
import { MaintenanceState } from "./system/maintenance-state.js";
import { AuthTable } from "./system/auth-table.js";
import { encodeSections, restoreSections, type SnapshotSection } from "./system/sections.js";

/** Format: grows when an older program could not read the snapshot. A snapshot without sections is of the first. */
const FORMAT_VERSION = 2;
const FORMAT_WITHOUT_SECTIONS = 1;

export class SystemState {
  readonly leases: LeaseTable = new LeaseTable();
  readonly tip: TipLeases = new TipLeases(this.leases);
  readonly maintenance: MaintenanceState = new MaintenanceState();
  readonly auth: AuthTable = new AuthTable();
  /** Counted since the program started. */
  granted = 0;
  revoked = 0;
  #keysTotal = 0;
  /** The part of the snapshot that holds leases, while they have not changed since. */
  #leaseBytes: Uint8Array | null = null;
  #leaseBytesVersion = -1;
  /** What each section says of itself, in order of tags. */
  readonly #sections: readonly SnapshotSection[];
  /** What the last snapshot held. */
  #encodedKeysTotal = -1;
  #encodedVersion = -1;
  #encodedSectionVersions: readonly number[] = [];

  constructor(sections?: readonly SnapshotSection[]) {
    this.#sections = sections ?? [this.auth, this.maintenance];
  }

  /** Live keys. */
  get keysTotal(): number {
    return this.#keysTotal;
  }

  /** How many keys are live in a store that was not made of entries: into an empty state, before its leases. */
  adoptKeys(total: number): void {
    assert(this.#keysTotal === 0 && this.leases.size === 0, "keys are adopted first");
    this.#keysTotal = total;
  }

  /** An entry was planned. */
  append(entry: Entry): void {
    this.tip.append(entry);
    this.maintenance.append(entry);
    if (entry.system?.kind === "auth") {
      this.auth.append(entry.index, entry.system.change);
    }
  }

  /** An entry was committed. Leases granted by it run from `nowMs`. */
  commit(entry: Entry, nowMs: number): void {
    for (const row of entry.rows) {
      if (row.isTombstone) {
        this.#keysTotal -= 1;
      } else if (row.version === 1) {
        this.#keysTotal += 1;
      }
      this.leases.applyRow(row);
    }
    const { system } = entry;
    if (system !== null) {
      switch (system.kind) {
        case "lease-grant":
          this.leases.grant(system.lease, system.ttlSeconds, nowMs);
          this.granted += 1;
          break;
        case "lease-revoke":
          this.leases.revoke(system.lease);
          this.revoked += 1;
          break;
        case "auth":
          this.auth.commit(entry.index, system.change);
          break;
        case "compact":
        case "raise-revision":
        case "term-start":
          break;
        case "alarm":
        case "downgrade":
          this.maintenance.commit(entry);
          break;
        default:
          unreachable(system);
      }
    }
    this.tip.commit(entry);
  }

  /** The snapshot, or null if it would be the same as the last one. */
  encode(): Uint8Array | null {
    const { version } = this.leases;
    if (this.#isEncoded()) {
      return null;
    }
    if (this.#leaseBytes === null || this.#leaseBytesVersion !== version) {
      this.#leaseBytes = encodeLeases(this.leases);
      this.#leaseBytesVersion = version;
    }
    this.#noteEncoded();
    const sections = encodeSections(this.#sections);
    const leasesAt = 1 + varintSize(this.#keysTotal);
    const sectionsAt = leasesAt + this.#leaseBytes.length;
    const bytes = new Uint8Array(sectionsAt + sections.length);
    bytes[0] = sections.length === 0 ? FORMAT_WITHOUT_SECTIONS : FORMAT_VERSION;
    writeVarint(bytes, 1, this.#keysTotal);
    bytes.set(this.#leaseBytes, leasesAt);
    bytes.set(sections, sectionsAt);
    return bytes;
  }

  #isEncoded(): boolean {
    return (
      this.#encodedKeysTotal === this.#keysTotal &&
      this.#encodedVersion === this.leases.version &&
      this.#sections.every(({ version }, at) => version === this.#encodedSectionVersions[at])
    );
  }

  #noteEncoded(): void {
    this.#encodedKeysTotal = this.#keysTotal;
    this.#encodedVersion = this.leases.version;
    this.#encodedSectionVersions = this.#sections.map(({ version }) => version);
  }

  /** Takes a snapshot's content into this empty state. Throws T4_FORMAT_TOO_NEW and T4_CORRUPT. */
  restore(bytes: Uint8Array, nowMs: number): void {
    assert(
      this.leases.size === 0 && this.#keysTotal === 0,
      "a snapshot is read into an empty state",
    );
    const format = bytes[0] ?? 0;
    if (format > FORMAT_VERSION) {
      throw new T4Error(
        "T4_FORMAT_TOO_NEW",
        `the system snapshot has format ${format}; this program knows ${FORMAT_VERSION}`,
      );
    }
    try {
      const cursor = { at: 1 };
      this.#keysTotal = readVarint(bytes, cursor, bytes.length);
      decodeLeases(bytes, cursor, this.leases, nowMs);
      if (format < FORMAT_VERSION && cursor.at !== bytes.length) {
        throw new RangeError("bytes are left over");
      }
      if (format === 0) {
        throw new RangeError("the format is none");
      }
      restoreSections(this.#sections, bytes, cursor.at);
    } catch (error) {
      if (error instanceof RangeError) {
        throw new T4Error("T4_CORRUPT", `the system snapshot cannot be read: ${error.message}`, {
          cause: error,
        });
      }
      throw error;
    }
    this.#noteEncoded();
  }
}

/** Format: count, then for each lease in order of grant: id (8 bytes, little-endian), TTL, count and keys. */
function encodeLeases(leases: LeaseTable): Uint8Array {
  let size = varintSize(leases.size);
  for (const lease of leases.all()) {
    size += 8 + varintSize(lease.ttlSeconds) + varintSize(lease.keys.size);
    for (const key of lease.keys) {
      size += varintSize(key.length) + key.length;
    }
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = writeVarint(bytes, 0, leases.size);
  for (const lease of leases.all()) {
    view.setBigInt64(at, lease.id, true);
    at = writeVarint(bytes, at + 8, lease.ttlSeconds);
    at = writeVarint(bytes, at, lease.keys.size);
    for (const key of lease.keys) {
      at = writeVarint(bytes, at, key.length);
      at = writeLatin1(bytes, at, key);
    }
  }
  assert(at === size, "a snapshot's size is computed as it is written");
  return bytes;
}

function decodeLeases(
  bytes: Uint8Array,
  cursor: { at: number },
  leases: LeaseTable,
  nowMs: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = readVarint(bytes, cursor, bytes.length);
  for (let lease = 0; lease < count; lease += 1) {
    const id = view.getBigInt64(cursor.at, true);
    cursor.at += 8;
    leases.grant(id, readVarint(bytes, cursor, bytes.length), nowMs);
    const keys = readVarint(bytes, cursor, bytes.length);
    for (let key = 0; key < keys; key += 1) {
      const length = readVarint(bytes, cursor, bytes.length);
      leases.attach(id, latin1(bytes, cursor.at, cursor.at + length));
      cursor.at += length;
    }
  }
}
