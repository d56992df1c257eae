// What every form of the Disk port must do. Cases as plain functions: the real disk and the simulated one run them all.
import assert from "node:assert/strict";
import {
  DiskError,
  type Disk,
  type DiskErrorCode,
  type LockableDisk,
} from "../../src/runtime/disk/disk.js";

export interface DiskCase {
  readonly name: string;
  /** `directory` exists and is empty. */
  readonly run: (disk: LockableDisk, directory: string) => Promise<void> | void;
}

function throwsCode(code: DiskErrorCode, run: () => unknown): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof DiskError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(error.path), error.message);
    return true;
  });
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function readAll(disk: Disk, path: string): string {
  const file = disk.open(path, { mode: "read" });
  const target = new Uint8Array(file.size());
  assert.equal(file.read(target, 0), target.length);
  file.close();
  return Buffer.from(target).toString();
}

function writeAll(disk: Disk, path: string, text: string): void {
  const file = disk.open(path, { mode: "create" });
  file.write(bytes(text), 0);
  file.sync();
  file.close();
}

export const diskCases: readonly DiskCase[] = [
  {
    name: "what is written is read back at its offset, and gaps are zeros",
    run(disk, directory) {
      const file = disk.open(`${directory}/a`, { mode: "create", durableWrites: true });
      file.write(bytes("hello"), 0);
      file.write(bytes("world"), 8);
      file.write(bytes("J"), 0);
      assert.equal(file.size(), 13);
      file.close();
      assert.equal(readAll(disk, `${directory}/a`), "Jello\0\0\0world");
    },
  },
  {
    name: "a read past the end returns the bytes there are",
    run(disk, directory) {
      writeAll(disk, `${directory}/a`, "abc");
      const file = disk.open(`${directory}/a`, { mode: "read" });
      const target = new Uint8Array(8);
      assert.equal(file.read(target, 1), 2);
      assert.equal(file.read(target, 3), 0);
      assert.equal(file.read(target, 100), 0);
      file.close();
    },
  },
  {
    name: "a file is cut, and lengthened with zeros",
    run(disk, directory) {
      writeAll(disk, `${directory}/a`, "abcdef");
      const file = disk.open(`${directory}/a`, { mode: "write" });
      file.truncate(2);
      file.truncate(4);
      file.sync();
      file.close();
      assert.equal(readAll(disk, `${directory}/a`), "ab\0\0");
    },
  },
  {
    name: "shared memory can be written from and read into",
    run(disk, directory) {
      const shared = new Uint8Array(new SharedArrayBuffer(4));
      shared.set(bytes("data"));
      const file = disk.open(`${directory}/a`, { mode: "create" });
      file.write(shared, 0);
      shared.fill(0);
      assert.equal(file.read(shared, 0), 4);
      assert.deepEqual([...shared], [...bytes("data")]);
      file.close();
    },
  },
  {
    name: "a mode refuses what it does not allow",
    run(disk, directory) {
      throwsCode("not-found", () => disk.open(`${directory}/a`, { mode: "read" }));
      throwsCode("not-found", () => disk.open(`${directory}/a`, { mode: "write" }));
      throwsCode("not-found", () => disk.open(`${directory}/none/a`, { mode: "create" }));
      writeAll(disk, `${directory}/a`, "");
      throwsCode("exists", () => disk.open(`${directory}/a`, { mode: "create" }));
      throwsCode("not-a-directory", () => disk.open(`${directory}/a/b`, { mode: "create" }));
    },
  },
  {
    name: "a directory lists its names in order",
    run(disk, directory) {
      for (const name of ["b", "a", "C", "a1"]) {
        writeAll(disk, `${directory}/${name}`, "");
      }
      disk.makeDirectory(`${directory}/sub/deeper`);
      disk.makeDirectory(`${directory}/sub/deeper`);
      assert.deepEqual(disk.list(directory), ["C", "a", "a1", "b", "sub"]);
      assert.deepEqual(disk.list(`${directory}/sub`), ["deeper"]);
      throwsCode("not-found", () => disk.list(`${directory}/none`));
      throwsCode("not-a-directory", () => disk.list(`${directory}/a`));
      throwsCode("not-a-directory", () => {
        disk.makeDirectory(`${directory}/a`);
      });
    },
  },
  {
    name: "a rename replaces its target",
    run(disk, directory) {
      writeAll(disk, `${directory}/a`, "new");
      writeAll(disk, `${directory}/b`, "old");
      disk.rename(`${directory}/a`, `${directory}/b`);
      disk.syncDirectory(directory);
      assert.deepEqual(disk.list(directory), ["b"]);
      assert.equal(readAll(disk, `${directory}/b`), "new");
      throwsCode("not-found", () => {
        disk.rename(`${directory}/a`, `${directory}/b`);
      });
    },
  },
  {
    name: "a removed file can still be read by whoever has it open",
    run(disk, directory) {
      writeAll(disk, `${directory}/a`, "abc");
      const file = disk.open(`${directory}/a`, { mode: "read" });
      disk.remove(`${directory}/a`);
      assert.equal(disk.exists(`${directory}/a`), false);
      assert.equal(file.read(new Uint8Array(3), 0), 3);
      file.close();
      throwsCode("not-found", () => {
        disk.remove(`${directory}/a`);
      });
    },
  },
  {
    name: "a directory is moved with all it holds",
    run(disk, directory) {
      disk.makeDirectory(`${directory}/a/sub`);
      writeAll(disk, `${directory}/a/sub/file`, "abc");
      disk.rename(`${directory}/a`, `${directory}/b`);
      disk.syncDirectory(directory);
      assert.deepEqual(disk.list(directory), ["b"]);
      assert.equal(readAll(disk, `${directory}/b/sub/file`), "abc");
    },
  },
  {
    name: "a directory is locked until it is released",
    async run(disk, directory) {
      const lock = await disk.lockDirectory(directory);
      await assert.rejects(disk.lockDirectory(directory), (error: unknown) => {
        assert.ok(error instanceof DiskError);
        assert.equal(error.code, "in-use");
        return true;
      });
      await lock.release();
      const again = await disk.lockDirectory(directory);
      await again.release();
    },
  },
];
