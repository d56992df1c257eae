// Takes a directory for one process, so that the lock is gone when the process is, however it died: a lock is a
// listening socket, and only a living process listens.
//
// On Unix the sockets lie in `<directory>/lock/`, so containers that share the volume on one machine see each other's.
// Whoever wants the directory first puts in a socket of its own, under a name used once, and then looks at the others:
//   - one that refuses connections belongs to a dead process; its name can be removed, for it never comes back
//   - a holder means that the directory is in use
//   - of several that are starting, those with a greater name give up, and the least waits until they have
// Of two processes, the one that looked second sees the other, so two never hold the directory at once. No step needs
// an atomic test-and-set, and none leaves something behind that a person must clean up.
//
// On Windows the lock is a named pipe, of which the system lets only one process be the first.
//
// Limit: machines that share a directory over a network file system do not see each other's sockets.
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { DiskError, type DirectoryLock } from "./disk.js";
import { diskError } from "./disk-error.js";

/** Longest path a socket can have everywhere (macOS: 104 bytes with the end marker). libuv cuts longer ones off. */
const SOCKET_PATH_BYTES_MAX = 103;
/** A process that accepts a connection and says nothing for this long is stopped or busy, but alive. */
const ANSWER_MS_MAX = 2_000;
/** How long the one that goes first waits for others to give up. */
const OTHERS_MS_MAX = 10_000;
const POLL_MS = 20;
/** Sockets with this prefix are bound but not yet listening: they look dead and are not. */
const NEW_PREFIX = "new-";

const CONNECT_ERRORS: Readonly<Record<string, "dead" | "leaving">> = {
  ECONNREFUSED: "dead",
  ENOENT: "dead",
  ECONNRESET: "leaving",
  EPIPE: "leaving",
};

type State = "starting" | "held";
interface Answer {
  readonly state: State;
  readonly pid: number;
  readonly host: string;
}

export async function lockNodeDirectory(path: string): Promise<DirectoryLock> {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    throw new DiskError("not-found", path, `cannot lock ${path}: it does not exist`, error);
  }
  return process.platform === "win32" ? lockByPipe(path, real) : lockBySockets(path, real);
}

function inUse(path: string, holder: string): DiskError {
  return new DiskError(
    "in-use",
    path,
    `${path} is in use by ${holder}: stop it, or choose another directory`,
  );
}

function describe(answer: Answer): string {
  const host = answer.host === hostname() ? "" : ` on host ${answer.host}`;
  return `process ${answer.pid}${host}`;
}

/** A server that tells whoever connects who we are and whether we hold the lock. */
class Beacon {
  state: State = "starting";
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      socket.on("error", () => {
        // The one who asked has gone: it asks again or does not want to know.
      });
      const answer: Answer = { state: this.state, pid: process.pid, host: hostname() };
      // Destroyed, so that one who never closes its end cannot delay our release.
      socket.end(JSON.stringify(answer), () => {
        socket.destroy();
      });
    });
    this.#server.unref();
  }

  async listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, () => {
        this.#server.removeListener("error", reject);
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

/**
 * What listens at `path`: its answer; "dead" if nothing does; "leaving" if it stopped listening while it was asked;
 * "silent" if it lives and does not answer.
 */
async function ask(path: string): Promise<Answer | "dead" | "leaving" | "silent"> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = "";
    const timer = setTimeout(() => {
      socket.destroy();
      resolve("silent");
    }, ANSWER_MS_MAX);
    const settle = (answer: Answer | "dead" | "leaving" | "silent"): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("end", () => {
      try {
        settle(JSON.parse(text) as Answer);
      } catch {
        settle("leaving");
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      settle(CONNECT_ERRORS[error.code ?? ""] ?? "silent");
    });
  });
}

async function lockByPipe(path: string, real: string): Promise<DirectoryLock> {
  const name = createHash("sha256").update(real.toLowerCase()).digest("hex").slice(0, 32);
  const pipe = `\\\\.\\pipe\\t4-${name}`;
  const beacon = new Beacon();
  try {
    await beacon.listen(pipe);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") {
      throw new DiskError("io", path, `cannot lock ${path}: ${(error as Error).message}`, error);
    }
    const answer = await ask(pipe);
    throw inUse(path, typeof answer === "string" ? "another process" : describe(answer));
  }
  beacon.state = "held";
  return {
    release: async (): Promise<void> => beacon.close(),
  };
}

/** A directory for sockets, by a path short enough for them. */
interface SocketRoom {
  readonly directory: string;
  /** What sockets in `directory` are bound and connected by. */
  readonly prefix: string;
  close(): void;
}

function openRoom(directory: string, mode: number): SocketRoom {
  mkdirSync(directory, { recursive: true, mode });
  if (Buffer.byteLength(directory) + 48 <= SOCKET_PATH_BYTES_MAX) {
    return { directory, prefix: directory, close() {} };
  }
  if (process.platform !== "linux") {
    throw Object.assign(new Error("the path is too long for a socket"), { code: "ENAMETOOLONG" });
  }
  const descriptor = openSync(directory, "r");
  return {
    directory,
    prefix: `/proc/self/fd/${descriptor}`,
    close() {
      closeSync(descriptor);
    },
  };
}

/** What a file system answers that has no sockets, or none by so long a name. */
const NO_SOCKETS: ReadonlySet<string | undefined> = new Set([
  "ENAMETOOLONG",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EINVAL",
  "EPERM",
]);

async function lockBySockets(path: string, real: string): Promise<DirectoryLock> {
  try {
    return await contend(path, openRoom(join(real, "lock"), 0o700));
  } catch (error) {
    if (error instanceof DiskError) {
      throw error;
    }
    const code = (error as NodeJS.ErrnoException).code;
    if (!NO_SOCKETS.has(code)) {
      throw diskError("lock", path, error);
    }
  }
  // Every process of this machine that sees the same directory meets in the same place.
  const { dev, ino } = statSync(real, { bigint: true });
  const name = createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 24);
  try {
    return await contend(path, openRoom(join(tmpdir(), `t4-${name}`), 0o700));
  } catch (error) {
    if (error instanceof DiskError) {
      throw error;
    }
    throw diskError("lock", path, error);
  }
}

async function contend(path: string, room: SocketRoom): Promise<DirectoryLock> {
  const beacon = new Beacon();
  let name: string;
  try {
    name = await enter(path, beacon, room);
  } catch (error) {
    room.close();
    throw error;
  }
  const leave = async (): Promise<void> => {
    rmSync(join(room.directory, name), { force: true });
    await beacon.close();
    room.close();
  };
  try {
    await outlast(path, room, name);
  } catch (error) {
    await leave();
    throw error;
  }
  beacon.state = "held";
  removeUnfinished(room);
  return { release: leave };
}

/** Puts a listening socket into the room, and returns its name. */
async function enter(path: string, beacon: Beacon, room: SocketRoom): Promise<string> {
  const name = `${process.pid}-${randomBytes(6).toString("hex")}`;
  await beacon.listen(`${room.prefix}/${NEW_PREFIX}${name}`);
  // Between bind and listen a socket looks dead. It gets its name when that is over.
  try {
    renameSync(join(room.directory, NEW_PREFIX + name), join(room.directory, name));
  } catch (error) {
    await beacon.close();
    // The holder has cleaned up while we were between bind and listen.
    throw (error as NodeJS.ErrnoException).code === "ENOENT"
      ? inUse(path, "another process")
      : error;
  }
  return name;
}

/** Returns when every other socket in the room is dead; throws "in-use" when one of them goes before ours. */
async function outlast(path: string, room: SocketRoom, own: string): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    let others = 0;
    for (const name of readdirSync(room.directory)) {
      if (name === own || name.startsWith(NEW_PREFIX)) {
        continue;
      }
      const answer = await ask(`${room.prefix}/${name}`);
      if (answer === "dead") {
        rmSync(join(room.directory, name), { force: true });
      } else if (answer === "silent") {
        throw inUse(path, `process ${name.slice(0, name.indexOf("-"))} (it does not answer)`);
      } else if (answer !== "leaving" && (answer.state === "held" || name < own)) {
        throw inUse(path, describe(answer));
      } else {
        others += 1;
      }
    }
    if (others === 0) {
      return;
    }
    if (performance.now() - startMs > OTHERS_MS_MAX) {
      throw inUse(path, "other processes that are starting");
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Removes what died between bind and listen. One that is only slow finds its socket gone, and fails to start. */
function removeUnfinished(room: SocketRoom): void {
  for (const name of readdirSync(room.directory)) {
    if (name.startsWith(NEW_PREFIX)) {
      rmSync(join(room.directory, name), { force: true });
    }
  }
}
