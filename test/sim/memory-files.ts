// The file system of a directory store in memory: fast enough to kill, stop and cut the power of a writer at each of its
// calls. After a power loss only what was synced is sure to be there.
import type { FileContent, FileName, FilePart, Files } from "../../src/object/directory/files.js";
import type { ObjectSource } from "../../src/object/object-store.js";
import type { SeededRandom } from "./seeded-random.js";

interface MemoryFile {
  readonly kind: "file";
  bytes: Uint8Array;
  changedMs: number;
}

interface MemoryDirectory {
  readonly kind: "directory";
  readonly id: number;
  names: Map<string, MemoryNode>;
  /** Changes of `names` since the last sync, oldest first. */
  pending: ((names: Map<string, MemoryNode>) => void)[];
  platter: Map<string, MemoryNode>;
  changedMs: number;
}

type MemoryNode = MemoryFile | MemoryDirectory;

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, errno: -1 });
}

export class MemoryFiles implements Files {
  /** What changed files carry as their time. */
  nowMs = 0;
  #nextId = 1;
  #root: MemoryDirectory = this.#newDirectory();

  async makeDirectory(path: string): Promise<void> {
    await Promise.resolve();
    const { directory, name } = this.#parent(path);
    if (directory.names.has(name)) {
      throw failure("EEXIST", path);
    }
    this.#change(directory, name, this.#newDirectory());
  }

  async makeDirectories(path: string): Promise<string | null> {
    let first: string | null = null;
    const parts = path.split("/").slice(1);
    for (let at = 1; at <= parts.length; at += 1) {
      const each = `/${parts.slice(0, at).join("/")}`;
      try {
        await this.makeDirectory(each);
        first ??= each;
      } catch (error) {
        if ((error as { code?: string }).code !== "EEXIST") {
          throw error;
        }
      }
    }
    return first;
  }

  async removeDirectory(path: string): Promise<void> {
    await Promise.resolve();
    if (this.#directory(path).names.size > 0) {
      throw failure("ENOTEMPTY", path);
    }
    const { directory, name } = this.#parent(path);
    this.#change(directory, name, null);
  }

  async list(path: string): Promise<readonly FileName[]> {
    await Promise.resolve();
    return [...this.#directory(path).names].map(([name, { kind }]) => ({
      name,
      isDirectory: kind === "directory",
    }));
  }

  async rename(from: string, to: string): Promise<void> {
    await Promise.resolve();
    const source = this.#parent(from);
    const target = this.#parent(to);
    const node = source.directory.names.get(source.name);
    if (node === undefined) {
      throw failure("ENOENT", from);
    }
    const replaced = target.directory.names.get(target.name);
    if (replaced?.kind === "directory" && replaced.names.size > 0) {
      throw failure("ENOTEMPTY", to);
    }
    if (replaced !== undefined && replaced.kind !== node.kind) {
      throw failure(node.kind === "directory" ? "ENOTDIR" : "EISDIR", to);
    }
    if (source.directory !== target.directory) {
      throw failure("EXDEV", to);
    }
    source.directory.changedMs = this.nowMs;
    this.#apply(source.directory, (names) => {
      names.delete(source.name);
      names.set(target.name, node);
    });
  }

  async remove(path: string): Promise<void> {
    await Promise.resolve();
    const { directory, name } = this.#parent(path);
    if (!directory.names.has(name)) {
      throw failure("ENOENT", path);
    }
    this.#change(directory, name, null);
  }

  async create(path: string, body: ObjectSource): Promise<void> {
    const bytes = await body.read(0, body.bytes);
    const { directory, name } = this.#parent(path);
    if (directory.names.has(name)) {
      throw failure("EEXIST", path);
    }
    this.#change(directory, name, { kind: "file", bytes: bytes.slice(), changedMs: this.nowMs });
  }

  async read(path: string, expectedBytes: number, part: FilePart | null): Promise<FileContent> {
    await Promise.resolve();
    const { directory, name } = this.#parent(path);
    const file = directory.names.get(name);
    if (file?.kind !== "file") {
      throw failure("ENOENT", path);
    }
    const { offset, length } = part ?? { offset: 0, length: expectedBytes };
    const isWhole = file.bytes.length === expectedBytes;
    return {
      fileBytes: file.bytes.length,
      bytes: isWhole ? file.bytes.slice(offset, offset + length) : new Uint8Array(0),
    };
  }

  async syncDirectory(path: string): Promise<void> {
    await Promise.resolve();
    const directory = this.#directory(path);
    for (const apply of directory.pending.splice(0)) {
      apply(directory.platter);
    }
  }

  async identity(path: string): Promise<string> {
    await Promise.resolve();
    return `${this.#directory(path).id}`;
  }

  async changedMs(path: string): Promise<number> {
    await Promise.resolve();
    return this.#directory(path).changedMs;
  }

  /** All paths of files, and of directories with "/" at their end. */
  paths(): string[] {
    const walk = (directory: MemoryDirectory, path: string): string[] =>
      [...directory.names].flatMap(([name, node]) =>
        node.kind === "file"
          ? [path + name]
          : [`${path}${name}/`, ...walk(node, `${path}${name}/`)],
      );
    return walk(this.#root, "/").sort();
  }

  /**
   * What is left when the power fails now: each directory has the names that were synced, and of the changes since those
   * up to some moment, as journals have it, or any.
   */
  afterPowerLoss(random: SeededRandom): MemoryFiles {
    const isScattered = random.chance(0.5);
    const survive = (node: MemoryNode): MemoryNode => {
      if (node.kind === "file") {
        return { ...node };
      }
      const names = new Map(node.platter);
      const cut = random.below(node.pending.length + 1);
      for (const [at, apply] of node.pending.entries()) {
        if (isScattered ? random.chance(0.5) : at < cut) {
          apply(names);
        }
      }
      const kept = [...names].map(([name, each]) => [name, survive(each)] as const);
      return {
        ...node,
        names: new Map(kept),
        platter: new Map(kept),
        pending: [],
      };
    };
    const left = new MemoryFiles();
    left.nowMs = this.nowMs;
    left.#nextId = this.#nextId;
    left.#root = survive(this.#root) as MemoryDirectory;
    return left;
  }

  #newDirectory(): MemoryDirectory {
    this.#nextId += 1;
    return {
      kind: "directory",
      id: this.#nextId,
      names: new Map(),
      pending: [],
      platter: new Map(),
      changedMs: this.nowMs,
    };
  }

  #change(directory: MemoryDirectory, name: string, node: MemoryNode | null): void {
    directory.changedMs = this.nowMs;
    this.#apply(directory, (names) => {
      if (node === null) {
        names.delete(name);
      } else {
        names.set(name, node);
      }
    });
  }

  #apply(directory: MemoryDirectory, change: (names: Map<string, MemoryNode>) => void): void {
    change(directory.names);
    directory.pending.push(change);
  }

  #directory(path: string): MemoryDirectory {
    let node = this.#root as MemoryNode;
    for (const part of path.split("/").slice(1)) {
      const next: MemoryNode | undefined =
        part === "" || node.kind === "file" ? node : node.names.get(part);
      if (next === undefined) {
        throw failure("ENOENT", path);
      }
      node = next;
    }
    if (node.kind === "file") {
      throw failure("ENOTDIR", path);
    }
    return node;
  }

  #parent(path: string): { readonly directory: MemoryDirectory; readonly name: string } {
    const slash = path.lastIndexOf("/");
    return { directory: this.#directory(path.slice(0, slash)), name: path.slice(slash + 1) };
  }
}

export type FilesCall = keyof Files;

/** Calls `before` ahead of each call of `files`, which then happens, or not if it throws. */
export function watchedFiles(
  files: Files,
  before: (call: FilesCall, path: string) => Promise<void>,
): Files {
  const watched =
    <Args extends [string, ...unknown[]], Result>(
      call: FilesCall,
      run: (...args: Args) => Promise<Result>,
    ) =>
    async (...args: Args): Promise<Result> => {
      await before(call, args[0]);
      return run(...args);
    };
  return {
    makeDirectory: watched("makeDirectory", async (path: string) => files.makeDirectory(path)),
    makeDirectories: watched("makeDirectories", async (path: string) =>
      files.makeDirectories(path),
    ),
    removeDirectory: watched("removeDirectory", async (path: string) =>
      files.removeDirectory(path),
    ),
    list: watched("list", async (path: string) => files.list(path)),
    rename: watched("rename", async (from: string, to: string) => files.rename(from, to)),
    remove: watched("remove", async (path: string) => files.remove(path)),
    create: watched("create", async (path: string, body: ObjectSource) => files.create(path, body)),
    read: watched("read", async (path: string, bytes: number, part: FilePart | null) =>
      files.read(path, bytes, part),
    ),
    syncDirectory: watched("syncDirectory", async (path: string) => files.syncDirectory(path)),
    identity: watched("identity", async (path: string) => files.identity(path)),
    changedMs: watched("changedMs", async (path: string) => files.changedMs(path)),
  };
}
