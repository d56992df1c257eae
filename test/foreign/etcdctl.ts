// Drives the command-line client etcdctl 3.4 and brings what it prints into a form that two servers can share.
import { spawn, type ChildProcess } from "node:child_process";
import { within } from "../support/process/wait.js";

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Only the lines that are answers or say what went wrong: the others are the client's own log. */
  readonly stderr: readonly string[];
}

const COMMAND_DEADLINE_MS = 150_000;

const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ETCDCTL_")));

function spawnEtcdctl(endpoint: string, args: readonly string[]): ChildProcess {
  return spawn("etcdctl", [`--endpoints=${endpoint}`, ...args], {
    stdio: "pipe",
    env: environment(),
  });
}

/** Runs one command to its end, with `input` as what a person would type. */
export async function etcdctl(
  endpoint: string,
  args: readonly string[],
  input = "",
): Promise<CommandResult> {
  const child = spawnEtcdctl(endpoint, args);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString("latin1")));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString("latin1")));
  // A command that reads nothing may have closed its end.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  const exitCode = await within(
    COMMAND_DEADLINE_MS,
    () => `the end of etcdctl ${args.join(" ")}; it printed: ${stdout}${stderr}`,
    new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    }),
  );
  return {
    exitCode,
    stdout,
    stderr: stderr.split("\n").filter((line) => /^Error|healthy/.test(line)),
  };
}

/** A command that goes on, such as `watch`: its lines as they come, and a way to type. */
export class RunningEtcdctl implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #wake = (): void => undefined;
  #rest = "";

  constructor(endpoint: string, args: readonly string[]) {
    this.#child = spawnEtcdctl(endpoint, args);
    this.#exited = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      const parts = (this.#rest + chunk.toString("latin1")).split("\n");
      this.#rest = parts.pop() ?? "";
      this.lines.push(...parts);
      this.#wake();
    });
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async untilLines(count: number): Promise<string[]> {
    const arrived = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (this.lines.length >= count) {
          resolve();
        }
      };
      this.#wake();
    });
    await within(
      10_000,
      () => `${count} lines of etcdctl; so far: ${JSON.stringify(this.lines)}`,
      arrived,
    );
    return this.lines.slice(0, count);
  }

  /** As a person ends it: it cleans up behind itself. */
  async interrupt(): Promise<void> {
    this.#child.kill("SIGINT");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}

/** Replaces what two servers never share: addresses, ids, terms, durations. */
export function comparable(text: string, address: string): string {
  return text
    .replaceAll(address, "<address>")
    .replace(/"(cluster_id|member_id|ID)":\d+/g, '"$1":"<id>"')
    .replace(/"raft_term":\d+/g, '"raft_term":"<term>"')
    .replace(/"(ClusterID|MemberID|RaftTerm)" : \d+/g, '"$1" : <id>')
    .replace(/\b[0-9a-f]{12,16}\b/g, "<id>")
    .replace(/took = [\d.]+[µm]?s/g, "took = <time>")
    .replace(/remaining\(\d+s\)/g, "remaining(<time>)");
}
