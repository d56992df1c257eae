// One file of a simulated disk: what the system shows, what is on the platter, and every sector version between.
import type { SeededRandom } from "./seeded-random.js";

export const SECTOR_BYTES = 512;

/** What became of changes that were not synced when the power went. */
export type Survival = "lost" | "kept" | "prefix" | "scattered";

export function drawSurvival(random: SeededRandom): Survival {
  return (["lost", "kept", "prefix", "scattered"] as const)[random.below(4)]!;
}

interface Version {
  readonly ordinal: number;
  readonly bytes: Uint8Array;
}

/** A growing array of bytes; what was never written is zero. */
class Bytes {
  #buffer = new Uint8Array(0);
  length = 0;

  read(target: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(target.length, this.length - offset));
    target.set(this.#buffer.subarray(offset, offset + count));
    return count;
  }

  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    if (end > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.#buffer.length * 2, 4096));
      grown.set(this.#buffer.subarray(0, this.length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, offset);
    this.length = Math.max(this.length, end);
  }

  resize(length: number): void {
    if (length < this.length) {
      this.#buffer.fill(0, length, this.length);
    } else if (length > this.#buffer.length) {
      this.write(new Uint8Array(length - this.length), this.length);
    }
    this.length = length;
  }

  sector(at: number): Uint8Array {
    const bytes = new Uint8Array(SECTOR_BYTES);
    bytes.set(this.#buffer.subarray(at * SECTOR_BYTES, (at + 1) * SECTOR_BYTES));
    return bytes;
  }

  copy(): Uint8Array {
    return this.#buffer.slice(0, this.length);
  }
}

export class SimulatedFile {
  readonly #shown = new Bytes();
  readonly #platter = new Bytes();
  /** Sector → what was written to it since it was last durable, oldest first. */
  readonly #versions = new Map<number, Version[]>();
  #sizes: { readonly ordinal: number; readonly length: number }[] = [];
  #ordinal = 0;

  static holding(bytes: Uint8Array): SimulatedFile {
    const file = new SimulatedFile();
    file.#shown.write(bytes, 0);
    file.#platter.write(bytes, 0);
    return file;
  }

  get length(): number {
    return this.#shown.length;
  }

  read(target: Uint8Array, offset: number): number {
    return this.#shown.read(target, offset);
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#ordinal += 1;
    const before = this.#shown.length;
    this.#shown.write(bytes, offset);
    this.#touch(offset, offset + bytes.length);
    this.#noteSize(before);
  }

  truncate(length: number): void {
    this.#ordinal += 1;
    const before = this.#shown.length;
    this.#shown.resize(length);
    this.#touch(Math.min(length, before), before);
    this.#noteSize(before);
  }

  sync(): void {
    for (const sector of [...this.#versions.keys()]) {
      this.#settleSector(sector);
    }
    this.#platter.resize(this.#shown.length);
    this.#sizes = [];
  }

  /** As a write to a file opened with O_DSYNC: its sectors, and the length if it grew. */
  syncRange(offset: number, length: number): void {
    const grows = offset + length > this.#platter.length;
    for (let sector = Math.floor(offset / SECTOR_BYTES); ; sector += 1) {
      if (sector * SECTOR_BYTES >= offset + length) {
        break;
      }
      this.#settleSector(sector);
    }
    if (grows) {
      this.#platter.resize(this.#shown.length);
      this.#sizes = [];
    }
  }

  /** As after a failed sync: the pages count as clean and are never written. */
  dropUnsynced(): void {
    this.#versions.clear();
    this.#sizes = [];
  }

  corrupt(offset: number, mask: number): void {
    for (const bytes of [this.#shown, this.#platter]) {
      const one = new Uint8Array(1);
      if (bytes.read(one, offset) !== 1) {
        throw new Error(`no byte at ${offset} to corrupt`);
      }
      bytes.write(Uint8Array.of((one[0] ?? 0) ^ mask), offset);
    }
  }

  /** What the platter holds if the power goes now. */
  afterPowerLoss(random: SeededRandom): SimulatedFile {
    const survival = drawSurvival(random);
    const bytes = new Bytes();
    bytes.write(this.#platter.copy(), 0);
    const cut = random.below(this.#ordinal + 2);
    const length = this.#survivingLength(survival, cut, random);
    for (const [sector, versions] of this.#versions) {
      const version = survivingVersion(versions, survival, cut, random);
      if (version !== undefined) {
        bytes.write(version.bytes, sector * SECTOR_BYTES);
      }
    }
    bytes.resize(length);
    return SimulatedFile.holding(bytes.copy());
  }

  #survivingLength(survival: Survival, cut: number, random: SeededRandom): number {
    const sizes = this.#sizes;
    let kept: number;
    switch (survival) {
      case "lost":
        kept = 0;
        break;
      case "kept":
        kept = sizes.length;
        break;
      case "prefix":
        kept = sizes.filter(({ ordinal }) => ordinal <= cut).length;
        break;
      case "scattered":
        kept = random.below(sizes.length + 1);
        break;
    }
    return sizes[kept - 1]?.length ?? this.#platter.length;
  }

  #touch(start: number, end: number): void {
    for (let sector = Math.floor(start / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector += 1) {
      const version = { ordinal: this.#ordinal, bytes: this.#shown.sector(sector) };
      const versions = this.#versions.get(sector);
      if (versions === undefined) {
        this.#versions.set(sector, [version]);
      } else {
        versions.push(version);
      }
    }
  }

  #noteSize(before: number): void {
    if (this.#shown.length !== before) {
      this.#sizes.push({ ordinal: this.#ordinal, length: this.#shown.length });
    }
  }

  #settleSector(sector: number): void {
    const newest = this.#versions.get(sector)?.at(-1);
    if (newest !== undefined) {
      const length = this.#platter.length;
      this.#platter.write(newest.bytes, sector * SECTOR_BYTES);
      this.#platter.resize(Math.max(length, Math.min(this.#platter.length, this.#shown.length)));
      this.#versions.delete(sector);
    }
  }
}

function survivingVersion(
  versions: readonly Version[],
  survival: Survival,
  cut: number,
  random: SeededRandom,
): Version | undefined {
  switch (survival) {
    case "lost":
      return undefined;
    case "kept":
      return versions.at(-1);
    case "prefix": {
      // The write at the cut is torn: of its sectors some arrived.
      const torn = random.chance(0.5) ? cut : cut - 1;
      return versions.findLast(({ ordinal }) => ordinal <= torn);
    }
    case "scattered":
      return versions[random.below(versions.length + 1) - 1];
  }
}
