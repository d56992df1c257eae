// The calls of a file system that the directory of objects is made of, as a port: a test stops, kills or fails a writer
// at each of them. They fail with the operating system's codes (`code: "ENOENT"`).
import type { ObjectSource } from "../object-store.js";

export interface FileName {
  readonly name: string;
  readonly isDirectory: boolean;
}

export interface Files {
  /** Fails with EEXIST or ENOENT. */
  makeDirectory(path: string): Promise<void>;
  /** Creates a directory and what is missing above it; returns the first one that was, or null. */
  makeDirectories(path: string): Promise<string | null>;
  /** Fails with ENOTEMPTY. */
  removeDirectory(path: string): Promise<void>;
  list(path: string): Promise<readonly FileName[]>;
  /** Atomic. Replaces a file or an empty directory. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Creates a file, which must not exist, with these bytes, durable but for its name. */
  create(path: string, body: ObjectSource): Promise<void>;
  /** The file's size, and the part of it asked for (null: all), if it is as long as `expectedBytes`. */
  read(path: string, expectedBytes: number, part: FilePart | null): Promise<FileContent>;
  /** Makes the names in it durable. */
  syncDirectory(path: string): Promise<void>;
  /** Tells whether it is still the same directory, which something else mounted there is not. */
  identity(path: string): Promise<string>;
  /** Milliseconds since 1970. */
  changedMs(path: string): Promise<number>;
}

export interface FilePart {
  readonly offset: number;
  readonly length: number;
}

export interface FileContent {
  readonly fileBytes: number;
  /** Empty if the file has another size than expected. */
  readonly bytes: Uint8Array;
}

export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as { code?: unknown } | null)?.code as string);
}
