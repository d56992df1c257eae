// Alarms and a downgrade that was asked for: what the whole cluster knows of its own condition.
// Format of the section: varint number of alarms; each: u64 member (little-endian), varint alarm, u8 1 if raised by the
// quota; then varint length and UTF-8 of the version to downgrade to, empty if none.
import type { Alarm } from "../../core/alarm.js";
import type { Entry, SystemEffect } from "../../core/entry.js";
import type { LogIndex } from "../../core/words.js";
import { assert } from "../../lib/assert.js";
import { readVarint, varintSize, writeVarint } from "../../lib/varint.js";
import { SECTION_TAGS, type SnapshotSection } from "./sections.js";

type MaintenanceEffect = Extract<SystemEffect, { kind: "alarm" | "downgrade" }>;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true });

function isMaintenance(effect: SystemEffect | null): effect is MaintenanceEffect {
  return effect?.kind === "alarm" || effect?.kind === "downgrade";
}

const keyOf = ({ member, alarm }: Pick<Alarm, "member" | "alarm">): string =>
  `${String(alarm)} ${String(member)}`;

export class MaintenanceState implements SnapshotSection {
  readonly tag: number = SECTION_TAGS.alarms;
  version = 0;
  /** The version to downgrade to; empty if none is. */
  downgradeTarget = "";
  #alarms: ReadonlyMap<string, Alarm> = new Map();
  /** Planned and not yet committed, oldest first. */
  readonly #planned: { readonly index: LogIndex; readonly effect: MaintenanceEffect }[] = [];

  /** By alarm, then by member. */
  alarms(): Alarm[] {
    return [...this.#alarms.values()];
  }

  /** Whether any member has raised it. */
  has(alarm: number): boolean {
    for (const each of this.#alarms.values()) {
      if (each.alarm === alarm) {
        return true;
      }
    }
    return false;
  }

  /** Whether no alarm is raised at all: what nearly every command finds. */
  get isQuiet(): boolean {
    return this.#alarms.size === 0;
  }

  /** The state at the tip, with what is planned. */
  atTip(): MaintenanceState {
    if (this.#planned.length === 0) {
      return this;
    }
    const tip = new MaintenanceState();
    tip.#alarms = this.#alarms;
    tip.downgradeTarget = this.downgradeTarget;
    for (const { effect } of this.#planned) {
      tip.#apply(effect);
    }
    return tip;
  }

  /** An entry was planned. */
  append({ index, system }: Entry): void {
    if (isMaintenance(system)) {
      this.#planned.push({ index, effect: system });
    }
  }

  /** An entry was committed; while a log is replayed it was never planned. */
  commit({ index, system }: Entry): void {
    if (isMaintenance(system)) {
      if (this.#planned[0]?.index === index) {
        this.#planned.shift();
      }
      this.#apply(system);
    }
  }

  #apply(effect: MaintenanceEffect): void {
    this.version += 1;
    if (effect.kind === "downgrade") {
      this.downgradeTarget = effect.target;
      return;
    }
    const { member, alarm, byQuota, isRaised } = effect;
    const alarms = new Map(this.#alarms);
    alarms.delete(keyOf(effect));
    if (isRaised) {
      alarms.set(keyOf(effect), { member, alarm, byQuota });
    }
    this.#alarms = new Map(
      [...alarms].sort(([, left], [, right]) =>
        left.alarm === right.alarm
          ? Number(left.member > right.member) - Number(left.member < right.member)
          : left.alarm - right.alarm,
      ),
    );
  }

  encode(): Uint8Array | null {
    if (this.isQuiet && this.downgradeTarget === "") {
      return null;
    }
    const target = utf8Encoder.encode(this.downgradeTarget);
    let size = varintSize(this.#alarms.size) + varintSize(target.length) + target.length;
    for (const { alarm } of this.#alarms.values()) {
      size += 8 + varintSize(alarm) + 1;
    }
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    let at = writeVarint(bytes, 0, this.#alarms.size);
    for (const { member, alarm, byQuota } of this.#alarms.values()) {
      view.setBigUint64(at, member, true);
      at = writeVarint(bytes, at + 8, alarm);
      bytes[at] = Number(byQuota);
      at += 1;
    }
    at = writeVarint(bytes, at, target.length);
    bytes.set(target, at);
    assert(at + target.length === size, "a section's size is computed as it is written");
    return bytes;
  }

  restore(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const cursor = { at: 0 };
    const count = readVarint(bytes, cursor, bytes.length);
    for (let read = 0; read < count; read += 1) {
      const member = view.getBigUint64(cursor.at, true);
      cursor.at += 8;
      const alarm = readVarint(bytes, cursor, bytes.length);
      const byQuota = bytes[cursor.at] === 1;
      cursor.at += 1;
      this.#apply({ kind: "alarm", isRaised: true, member, alarm, byQuota });
    }
    const length = readVarint(bytes, cursor, bytes.length);
    if (cursor.at + length !== bytes.length) {
      throw new RangeError("the alarms end early, or bytes are left over");
    }
    // Copied: a TextDecoder takes no shared memory.
    this.downgradeTarget = utf8Decoder.decode(bytes.slice(cursor.at));
  }
}
