// Files of the machine through node:fs/promises. The libuv pool is fine here: no commit waits in it.
import { constants } from "node:fs";
import {
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  unlink,
  type FileHandle,
} from "node:fs/promises";
import { sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ObjectSource } from "../object-store.js";
import type { FileContent, FileName, FilePart, Files } from "./files.js";

/** What is held in memory of a large body while it is written. */
const CHUNK_BYTES = 1024 * 1024;
/** Windows can neither open a directory nor needs to: its journal orders names by itself. */
const hasDirectorySync = process.platform !== "win32";

export const nodeFiles: Files = {
  async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { mode: 0o700 });
  },
  async makeDirectories(path: string): Promise<string | null> {
    const first = await mkdir(path, { mode: 0o700, recursive: true });
    return first === undefined ? null : withSlashes(first);
  },
  removeDirectory: async (path: string): Promise<void> => rmdir(path),
  async list(path: string): Promise<readonly FileName[]> {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
  },
  rename: async (from: string, to: string): Promise<void> => rename(from, to),
  remove: async (path: string): Promise<void> => unlink(path),
  async create(path: string, body: ObjectSource): Promise<void> {
    const file = await open(path, "wx", 0o600);
    try {
      for (let at = 0; at < body.bytes; at += CHUNK_BYTES) {
        await writeAll(file, await body.read(at, Math.min(CHUNK_BYTES, body.bytes - at)));
      }
      await file.sync();
    } finally {
      await file.close();
    }
  },
  async read(path: string, expectedBytes: number, part: FilePart | null): Promise<FileContent> {
    const file = await open(path, constants.O_RDONLY);
    try {
      const { size } = await file.stat();
      const { offset, length } = part ?? { offset: 0, length: expectedBytes };
      const bytes =
        size === expectedBytes ? await readAll(file, offset, length) : new Uint8Array(0);
      return { fileBytes: size, bytes };
    } finally {
      await file.close();
    }
  },
  async syncDirectory(path: string): Promise<void> {
    if (!hasDirectorySync) {
      return;
    }
    const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  async identity(path: string): Promise<string> {
    const found = await stat(path, { bigint: true });
    return `${found.dev}:${found.ino}`;
  },
  changedMs: async (path: string): Promise<number> => (await stat(path)).mtimeMs,
};

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done)).bytesWritten;
  }
}

async function readAll(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) {
      throw new Error("the file was cut off while it was read");
    }
    done += bytesRead;
  }
  return bytes;
}

function withSlashes(path: string): string {
  return path.replaceAll(sep, "/");
}

/** The absolute path in a "file:///…" URL, with "/" on every system. Throws a TypeError for one with a host. */
export function directoryOfUrl(url: string): string {
  return withSlashes(fileURLToPath(url));
}

/** "file:///path/", with what a URL cannot hold escaped. */
export function urlOfDirectory(path: string): string {
  const { href } = pathToFileURL(path);
  return href.endsWith("/") ? href : `${href}/`;
}
