// Foreign programs: started on given cores, watched, and stopped by their process id. Whatever ends the benchmark, what
// it started is stopped and its directories are removed.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const running = new Set<ChildProcess>();
const directories = new Set<string>();

/** Removes the directory when the benchmark ends, however it ends. */
export function removeAtExit(directory: string): void {
  directories.add(directory);
}

function cleanUp(): void {
  for (const child of running) {
    child.kill("SIGKILL");
  }
  for (const directory of directories) {
    rmSync(directory, { recursive: true, force: true });
  }
}

process.on("exit", cleanUp);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    process.exit(1);
  });
}

export function isInstalled(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Why processes cannot be kept on cores of their own; undefined if they can. */
export function whyNotPinned(): string | undefined {
  if (availableParallelism() < 2) {
    return "there is only one core: the load takes part of what the servers could use";
  }
  return isInstalled("taskset")
    ? undefined
    : "taskset is not installed: servers and load share all cores";
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** The cores that all threads are kept on; undefined: any. */
  readonly cores?: readonly number[] | undefined;
}

/** taskset replaces itself by the program, so the process id is the program's own. */
function pinned(command: Command): { file: string; args: string[] } {
  if (command.cores === undefined || whyNotPinned() !== undefined) {
    return { file: command.file, args: [...command.args] };
  }
  return { file: "taskset", args: ["-c", command.cores.join(","), command.file, ...command.args] };
}

/** Runs a program to its end and returns what it printed; throws with its complaints if it failed. */
export async function run(command: Command): Promise<string> {
  const { file, args } = pinned(command);
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...command.environment },
    cwd: command.directory,
  });
  running.add(child);
  let output = "";
  let complaints = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  running.delete(child);
  if (code !== 0) {
    throw new Error(
      `${command.file} ${command.args.join(" ")} ended with ${signal ?? `code ${code}`}: ${complaints}`,
    );
  }
  return output;
}

/** A program that runs until `stop`. */
export class BackgroundProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  #lastOutput = "";

  constructor(command: Command) {
    const { file, args } = pinned(command);
    this.#name = command.file;
    this.#child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...command.environment },
    });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#lastOutput = (this.#lastOutput + text).slice(-4000);
      });
    }
    this.#child.on("exit", () => running.delete(this.#child));
    this.#child.on("error", (error) => (this.#lastOutput += String(error)));
  }

  get pid(): number {
    if (this.#child.pid === undefined) {
      throw new Error(`${this.#name} could not be started: ${this.#lastOutput}`);
    }
    return this.#child.pid;
  }

  /** Throws, with what it printed last, if the program has ended or could not be started. */
  assertRunning(): void {
    if (
      this.#child.pid === undefined ||
      this.#child.exitCode !== null ||
      this.#child.signalCode !== null
    ) {
      throw new Error(`${this.#name} has ended: ${this.#lastOutput}`);
    }
  }

  /** Ends it as Ctrl-C does, and waits. */
  async interrupt(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGINT");
    await exited;
  }

  async stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) {
      return;
    }
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), 15_000);
    await exited;
    clearTimeout(killer);
  }
}

const clockTicksPerSecond = 100; // USER_HZ, the same on every Linux that Node runs on

/** CPU time of all threads of a process; 0 where there is no /proc. */
export function cpuSeconds(pid: number): number {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return 0;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}

/** Resident memory of a process; 0 where there is no /proc. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Waits until the process has nearly stopped working, so that the next measurement meets an idle core. */
export async function settle(pid: number, waitMs: number): Promise<void> {
  const stepMs = 250;
  for (let waited = 0; waited < waitMs; waited += stepMs) {
    const before = cpuSeconds(pid);
    await sleep(stepMs);
    if (cpuSeconds(pid) - before <= (stepMs / 1000) * 0.08) {
      return;
    }
  }
}
