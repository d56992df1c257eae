// The compiled `t4` as a child process: a command run to its end, or a server that is awaited, watched and ended.
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { repositoryPath } from "../paths.js";

const MAIN = repositoryPath("build/src/cli/main.js");
const DEADLINE_MS = 30_000;

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Killed when it is disposed of. */
export interface RunningServer extends Disposable {
  /** host:port, as gRPC clients take it. */
  readonly address: string;
  readonly pid: number;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** How it ended. */
  readonly ended: Promise<CommandResult>;
}

/** Who runs it, `spawn`'s uid and gid, and with which variables. */
export type Identity = Pick<SpawnOptions, "uid" | "gid" | "env">;

interface Started {
  readonly pid: number;
  readonly result: { stdout: string; stderr: string };
  kill(signal: NodeJS.Signals): void;
  onOutput(listener: () => void): void;
  readonly ended: Promise<CommandResult>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
});

function start(args: readonly string[], identity: Identity): Started {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...identity,
  });
  running.add(child);
  const result = { stdout: "", stderr: "" };
  let told = (): void => {};
  child.stdout.on("data", (chunk: Buffer) => {
    result.stdout += chunk.toString();
    told();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    result.stderr += chunk.toString();
  });
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, ...result });
    });
  });
  return {
    pid: child.pid ?? 0,
    result,
    ended,
    kill: (signal) => child.kill(signal),
    onOutput: (listener) => {
      told = listener;
    },
  };
}

/** Runs a command to its end; one that does not end is killed, and its code is then null. */
export async function t4(args: readonly string[], identity: Identity = {}): Promise<CommandResult> {
  const child = start(args, identity);
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
  }, DEADLINE_MS);
  try {
    return await child.ended;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a command that is sent a signal once `when` resolves; as `t4` does else. */
export async function t4Signalled(
  args: readonly string[],
  signal: NodeJS.Signals,
  when: () => Promise<void>,
): Promise<CommandResult> {
  const child = start(args, {});
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
  }, DEADLINE_MS);
  try {
    await Promise.race([when(), child.ended]);
    child.kill(signal);
    return await child.ended;
  } finally {
    clearTimeout(timer);
  }
}

/** A `t4 run` that may not serve yet. Killed when it is disposed of. */
export interface StartingServer extends Disposable {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** How it ended. */
  readonly ended: Promise<CommandResult>;
  /** Rejects if it ends before it serves. */
  readonly serving: Promise<RunningServer>;
}

/** Starts `t4 run` on a free port. */
export function beginServer(
  dataDirectory: string,
  flags: readonly string[] = [],
  identity: Identity = {},
): StartingServer {
  const listen = ["--listen", "127.0.0.1:0"];
  const child = start(["run", "--data-dir", dataDirectory, ...listen, ...flags], identity);
  const { pid, result, ended } = child;
  const handle = {
    pid,
    ended,
    stderr: () => result.stderr,
    kill: (signal: NodeJS.Signals) => {
      child.kill(signal);
    },
    [Symbol.dispose]: () => {
      child.kill("SIGKILL");
    },
  };
  const serving = new Promise<RunningServer>((resolve, reject) => {
    child.onOutput(() => {
      const address = /etcd v3 clients at (127\.0\.0\.1:\d+)/.exec(result.stdout)?.[1];
      if (address !== undefined) {
        resolve({ ...handle, address });
      }
    });
    ended.then(({ code, stderr }) => {
      reject(new Error(`t4 run ended with ${String(code)}: ${stderr}`));
    }, reject);
  });
  // Nobody need wait for it: a test may be about a server that never serves.
  serving.catch(() => {});
  return { ...handle, stdout: () => result.stdout, serving };
}

/** Starts `t4 run` on a free port and waits until it serves. */
export async function startServer(
  dataDirectory: string,
  flags: readonly string[] = [],
  identity: Identity = {},
): Promise<RunningServer> {
  return beginServer(dataDirectory, flags, identity).serving;
}
