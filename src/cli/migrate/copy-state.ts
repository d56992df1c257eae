// How far a copy of keys has come, so that the same command goes on after an interruption.
import { basename, dirname } from "node:path";
import { utf8Bytes } from "../../lib/bytes.js";
import type { Disk } from "../../runtime/disk/disk.js";
import { readWholeFile, writeWholeFile } from "../../runtime/disk/whole-file.js";
import { CommandError, EXIT_USAGE } from "../exit.js";

/** Format: JSON, keys as hexadecimal digits. */
export interface CopyState {
  readonly format: 1;
  /** The source's cluster. */
  readonly cluster: string;
  readonly prefix: string;
  /** Where it goes: a server's endpoint; empty for the directory that the state is in. */
  readonly to: string;
  /** The revision at which all keys are read. */
  readonly revision: number;
  readonly total: number;
  /** The last key that is durable at the target; null: none is. */
  readonly after: string | null;
  readonly copied: number;
  /** At a server: the leases, as hexadecimal ids, that go on only as long as somebody renews them. */
  readonly leases?: readonly string[];
}

/** Keeps it in a file that is replaced whole. */
export class StateKeeper {
  readonly path: string;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #name: string;

  constructor(disk: Disk, path: string) {
    this.path = path;
    this.#disk = disk;
    this.#directory = dirname(path);
    this.#name = basename(path);
  }

  get exists(): boolean {
    return this.#disk.exists(this.path);
  }

  read(): CopyState | null {
    if (!this.exists) {
      return null;
    }
    try {
      const text = new TextDecoder().decode(readWholeFile(this.#disk, this.path));
      const state = JSON.parse(text) as Partial<CopyState>;
      if (state.format === 1 && Number.isSafeInteger(state.revision)) {
        return state as CopyState;
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw error;
      }
    }
    throw new CommandError(`${this.path} does not say how far a copy has come`, EXIT_USAGE);
  }

  write(state: CopyState): void {
    const text = `${JSON.stringify(state, null, 2)}\n`;
    writeWholeFile(this.#disk, this.#directory, this.#name, utf8Bytes(text));
  }

  remove(): void {
    this.#disk.remove(this.path);
    this.#disk.syncDirectory(this.#directory);
  }
}
