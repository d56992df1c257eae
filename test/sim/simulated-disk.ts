// A disk in memory that does to its files what a power loss does: writes that were not synced are lost, kept, torn at
// sectors or reordered, and so are names that were not synced into their directory. It can also be full, fail, be
// read-only or rot. Every change it is asked for is written to `trace`.
import {
  DiskError,
  type DirectoryLock,
  type DiskErrorCode,
  type DiskFile,
  type LockableDisk,
  type OpenOptions,
} from "../../src/runtime/disk/disk.js";
import { SeededRandom } from "./seeded-random.js";
import { drawSurvival, SECTOR_BYTES, SimulatedFile } from "./simulated-file.js";

/** Thrown by every operation once the power is cut: the process that sees it no longer exists. */
export class PowerLossError extends Error {
  override readonly name = "PowerLossError";
}

export type DiskOperationKind =
  | "read"
  | "create"
  | "write"
  | "sync"
  | "truncate"
  | "rename"
  | "remove"
  | "make-directory"
  | "sync-directory";

export interface DiskOperation {
  readonly kind: DiskOperationKind;
  readonly path: string;
}

type Node = SimulatedFile | SimulatedDirectory;

class SimulatedDirectory {
  shown = new Map<string, Node>();
  platter = new Map<string, Node>();
  pending: ((names: Map<string, Node>) => void)[] = [];

  change(apply: (names: Map<string, Node>) => void): void {
    apply(this.shown);
    this.pending.push(apply);
  }

  sync(): void {
    for (const apply of this.pending) {
      apply(this.platter);
    }
    this.pending = [];
  }

  afterPowerLoss(random: SeededRandom): SimulatedDirectory {
    const survival = drawSurvival(random);
    const cut = random.below(this.pending.length + 1);
    const names = new Map(this.platter);
    for (const [at, apply] of this.pending.entries()) {
      if (
        survival === "kept" ||
        (survival === "prefix" && at < cut) ||
        (survival === "scattered" && random.chance(0.5))
      ) {
        apply(names);
      }
    }
    const left = new SimulatedDirectory();
    for (const [name, node] of names) {
      left.shown.set(name, node.afterPowerLoss(random));
    }
    left.platter = new Map(left.shown);
    return left;
  }
}

const MESSAGES: Readonly<Record<DiskErrorCode, string>> = {
  "not-found": "it does not exist",
  exists: "it exists already",
  "no-space": "the disk is full: free some space",
  permission: "the file system is mounted read-only",
  "not-a-directory": "a part of the path is a file where a directory is needed",
  "in-use": "it is in use",
  io: "the device failed",
};

export class SimulatedDisk implements LockableDisk {
  /** Every change asked for, in order: "write /log/00000001.wal 512+1024". */
  readonly trace: string[] = [];
  /** Bytes that all files together may have. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  readOnly = false;
  /**
   * Called in the middle of each change, when the system shows it and nothing of it is durable: the moment to look at
   * `afterPowerLoss`.
   */
  onChange: ((operation: DiskOperation) => void) | null = null;
  /** An error code makes the operation fail with it. */
  failWhen: ((operation: DiskOperation) => DiskErrorCode | null) | null = null;
  /** The change (counted from 1) in whose middle the power is cut. */
  cutPowerAt: number = Number.POSITIVE_INFINITY;

  #root = new SimulatedDirectory();
  #hasPower = true;
  readonly #locks = new Set<string>();

  /** Changes so far. */
  get changes(): number {
    return this.trace.length;
  }

  get hasPower(): boolean {
    return this.#hasPower;
  }

  /** From now on every operation throws a PowerLossError. */
  cutPower(): void {
    this.#hasPower = false;
  }

  /** A new disk with what a power loss at this moment would leave; the seed chooses among the possible outcomes. */
  afterPowerLoss(seed: number): SimulatedDisk {
    const disk = new SimulatedDisk();
    disk.#root = this.#root.afterPowerLoss(new SeededRandom(seed));
    disk.capacityBytes = this.capacityBytes;
    return disk;
  }

  /** What the next process finds when one was killed: everything that the system has taken, and no lock. */
  afterKill(): SimulatedDisk {
    const disk = new SimulatedDisk();
    disk.#root = this.#root;
    disk.capacityBytes = this.capacityBytes;
    this.cutPower();
    return disk;
  }

  get usedBytes(): number {
    const measure = (directory: SimulatedDirectory): number => {
      let bytes = 0;
      for (const node of directory.shown.values()) {
        bytes += node instanceof SimulatedFile ? node.length : measure(node);
      }
      return bytes;
    };
    return measure(this.#root);
  }

  /** The whole of a file. */
  contents(path: string): Uint8Array {
    const file = this.#file(path, "read");
    const bytes = new Uint8Array(file.length);
    file.read(bytes, 0);
    return bytes;
  }

  /** Flips bits of a byte, on the platter too. */
  corrupt(path: string, offset: number, mask = 0x01): void {
    this.#file(path, "corrupt").corrupt(offset, mask);
  }

  open(path: string, options: OpenOptions): DiskFile {
    this.#check("read", path);
    const { directory, name } = this.#locate(path, "open");
    if (options.mode === "create") {
      if (directory.shown.has(name)) {
        throw this.#error("exists", "open", path);
      }
      const file = new SimulatedFile();
      this.#begin("create", path, path);
      directory.change((names) => names.set(name, file));
      this.#end("create", path);
      return this.#handle(path, file, options);
    }
    const file = this.#file(path, "open");
    if (options.mode === "write" && this.readOnly) {
      throw this.#error("permission", "open", path);
    }
    return this.#handle(path, file, options);
  }

  exists(path: string): boolean {
    this.#check("read", path);
    try {
      const { directory, name } = this.#locate(path, "look at");
      return name === "" || directory.shown.has(name);
    } catch (error) {
      if (error instanceof DiskError) {
        return false;
      }
      throw error;
    }
  }

  list(directory: string): string[] {
    this.#check("read", directory);
    return [...this.#directory(directory, "list").shown.keys()].sort();
  }

  makeDirectory(path: string): void {
    this.#check("make-directory", path);
    let parent = this.#root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      const existing = parent.shown.get(name);
      if (existing instanceof SimulatedFile) {
        throw this.#error("not-a-directory", "create", path);
      }
      if (existing === undefined) {
        const made = new SimulatedDirectory();
        this.#begin("make-directory", path, path);
        parent.change((names) => names.set(name, made));
        this.#end("make-directory", path);
        parent.sync();
        parent = made;
      } else {
        parent = existing;
      }
    }
  }

  rename(from: string, to: string): void {
    const source = this.#locate(from, "rename");
    const target = this.#locate(to, "rename");
    const node = source.directory.shown.get(source.name);
    if (node === undefined) {
      throw this.#error("not-found", "rename", from);
    }
    const replaced = target.directory.shown.get(target.name);
    if (replaced instanceof SimulatedDirectory || node instanceof SimulatedDirectory) {
      if (replaced !== undefined) {
        throw this.#error("exists", "rename", to);
      }
    }
    this.#begin("rename", from, `${from} -> ${to}`);
    if (source.directory === target.directory) {
      source.directory.change((names) => {
        names.delete(source.name);
        names.set(target.name, node);
      });
      this.#end("rename", from);
      return;
    }
    // A file system's journal has both names or neither. That it may have neither yet is not simulated.
    source.directory.change((names) => names.delete(source.name));
    target.directory.change((names) => names.set(target.name, node));
    source.directory.sync();
    target.directory.sync();
    this.#end("rename", from);
  }

  remove(path: string): void {
    const { directory, name } = this.#locate(path, "remove");
    this.#file(path, "remove");
    this.#begin("remove", path, path);
    directory.change((names) => names.delete(name));
    this.#end("remove", path);
  }

  syncDirectory(path: string): void {
    const directory = this.#directory(path, "sync");
    this.#begin("sync-directory", path, path);
    this.#end("sync-directory", path);
    directory.sync();
  }

  async lockDirectory(path: string): Promise<DirectoryLock> {
    this.#directory(path, "lock");
    if (this.#locks.has(path)) {
      return Promise.reject(this.#error("in-use", "lock", path));
    }
    this.#locks.add(path);
    return Promise.resolve({
      release: async (): Promise<void> => {
        this.#locks.delete(path);
        return Promise.resolve();
      },
    });
  }

  #handle(path: string, file: SimulatedFile, options: OpenOptions): DiskFile {
    const durable = options.durableWrites === true;
    const mustWrite = (action: string): void => {
      if (options.mode === "read") {
        throw this.#error("permission", action, path);
      }
    };
    return {
      path,
      read: (target, offset) => {
        this.#check("read", path);
        return file.read(target, offset);
      },
      write: (bytes, offset) => {
        mustWrite("write");
        this.#begin("write", path, `${path} ${offset}+${bytes.length}`, () => {
          // What fails may have been done in part, by whole sectors.
          const half = offset + (bytes.length >>> 1);
          const cut = Math.max(0, half - (half % SECTOR_BYTES) - offset);
          file.write(bytes.subarray(0, cut), offset);
        });
        const room = this.capacityBytes - this.usedBytes;
        const grows = Math.max(0, offset + bytes.length - file.length);
        if (grows > room) {
          file.write(bytes.subarray(0, Math.max(0, bytes.length - (grows - room))), offset);
          throw this.#error("no-space", "write", path);
        }
        file.write(bytes, offset);
        this.#end("write", path);
        if (durable) {
          file.syncRange(offset, bytes.length);
        }
      },
      sync: () => {
        this.#begin("sync", path, path, () => {
          file.dropUnsynced();
        });
        this.#end("sync", path);
        file.sync();
      },
      truncate: (length) => {
        mustWrite("truncate");
        this.#begin("truncate", path, `${path} ${length}`);
        file.truncate(length);
        this.#end("truncate", path);
      },
      size: () => {
        this.#check("read", path);
        return file.length;
      },
      close: () => {
        if (!this.#hasPower) {
          throw new PowerLossError("the power is off");
        }
      },
    };
  }

  #check(kind: DiskOperationKind, path: string, onFailure?: () => void): void {
    if (!this.#hasPower) {
      throw new PowerLossError("the power is off");
    }
    const code = this.failWhen?.({ kind, path }) ?? null;
    if (code !== null) {
      onFailure?.();
      throw this.#error(code, kind, path);
    }
  }

  #begin(kind: DiskOperationKind, path: string, detail: string, onFailure?: () => void): void {
    this.trace.push(`${kind} ${detail}`);
    this.#check(kind, path, onFailure);
    if (this.readOnly) {
      throw this.#error("permission", kind, path);
    }
  }

  #end(kind: DiskOperationKind, path: string): void {
    this.onChange?.({ kind, path });
    if (this.trace.length >= this.cutPowerAt) {
      this.#hasPower = false;
    }
    if (!this.#hasPower) {
      throw new PowerLossError("the power was cut");
    }
  }

  #error(code: DiskErrorCode, action: string, path: string): DiskError {
    return new DiskError(code, path, `cannot ${action} ${path}: ${MESSAGES[code]}`);
  }

  #directory(path: string, action: string): SimulatedDirectory {
    let directory = this.#root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      const next = directory.shown.get(name);
      if (!(next instanceof SimulatedDirectory)) {
        const code = next === undefined ? "not-found" : "not-a-directory";
        throw this.#error(code, action, path);
      }
      directory = next;
    }
    return directory;
  }

  #locate(path: string, action: string): { directory: SimulatedDirectory; name: string } {
    const at = path.lastIndexOf("/");
    return {
      directory: this.#directory(path.slice(0, Math.max(0, at)), action),
      name: path.slice(at + 1),
    };
  }

  #file(path: string, action: string): SimulatedFile {
    const { directory, name } = this.#locate(path, action);
    const file = directory.shown.get(name);
    if (file instanceof SimulatedFile) {
      return file;
    }
    throw this.#error(file === undefined ? "not-found" : "io", action, path);
  }
}
