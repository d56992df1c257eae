// A server as a child process: started on a free port and a directory of its own, awaited until it answers, stopped
// or killed by its process id, and started again on the same directory. What it printed is kept for failures.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.js";
import { GrpcClient, type Message } from "../grpc-client.js";
import { repositoryPath } from "../paths.js";
import { makeTempDirectory, removeTempDirectory } from "../temp-directory.js";
import { sleep } from "./wait.js";

/** A node whose disk was lost waits 10 s for its old lock, and the machine may be busy: this only ends a hang. */
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;
const START_ATTEMPTS = 3;
const OUTPUT_CHARS_KEPT = 64 * 1024;

/** What differs between the servers: how they are called, given a port, a second port and a directory. */
interface Program {
  readonly name: "etcd" | "t4";
  readonly command: string;
  arguments(port: number, secondPort: number, dataDirectory: string): string[];
  /** Whether this is the member that was started: two servers may have been given one port, and the other has it. */
  isMember(member: Message, dataDirectory: string): boolean;
}

export interface ServerOptions {
  /** Appended to the command line. */
  readonly flags?: readonly string[];
  /** An existing directory, which then outlives the server; without it a temporary one is made and removed. */
  readonly dataDirectory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
});

export class ServerProcess implements AsyncDisposable {
  readonly name: "etcd" | "t4";
  readonly dataDirectory: string;
  readonly #program: Program;
  readonly #options: ServerOptions;
  #port = 0;
  #secondPort = 0;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = "";

  private constructor(program: Program, options: ServerOptions, dataDirectory: string) {
    this.name = program.name;
    this.dataDirectory = dataDirectory;
    this.#program = program;
    this.#options = options;
  }

  static async launch(program: Program, options: ServerOptions): Promise<ServerProcess> {
    const dataDirectory = options.dataDirectory ?? (await makeTempDirectory(program.name));
    const server = new ServerProcess(program, options, dataDirectory);
    try {
      await server.start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** host:port, as gRPC clients take it. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get endpoint(): string {
    return `http://${this.address}`;
  }

  /** The last of what the server printed, for the message of a failure. */
  get output(): string {
    return this.#output;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the server and waits until it is healthy. A restart keeps port and directory. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#port === 0 || attempt > 1) {
        this.#port = await freePort();
        this.#secondPort = await freePort();
      }
      try {
        await this.#startOnce();
        return;
      } catch (error) {
        await this.kill();
        const portTaken = /address already in use|another program listens there/.test(this.#output);
        if (!portTaken || attempt === START_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  async #startOnce(): Promise<void> {
    const program = this.#program;
    const child = spawn(
      program.command,
      [
        ...program.arguments(this.#port, this.#secondPort, this.dataDirectory),
        ...(this.#options.flags ?? []),
      ],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...this.#options.environment },
      },
    );
    running.add(child);
    this.#child = child;
    this.#output = "";
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString("latin1")).slice(-OUTPUT_CHARS_KEPT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const ending: { how: string | undefined } = { how: undefined };
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => {
        ending.how = String(error);
        running.delete(child);
        resolve();
      });
      child.once("close", (code, signal) => {
        ending.how ??= `exit code ${code ?? "none"}, signal ${signal ?? "none"}`;
        running.delete(child);
        resolve();
      });
    });
    const deadlineAtMs = performance.now() + START_DEADLINE_MS;
    while (!((await this.isHealthy()) && (await this.#isOurs()))) {
      const ended = ending.how;
      if (ended !== undefined || performance.now() > deadlineAtMs) {
        throw new Error(`${this.name} did not start (${ended ?? "too slow"}):\n${this.#output}`);
      }
      await sleep(10);
    }
  }

  async isHealthy(): Promise<boolean> {
    try {
      const response = await fetch(`${this.endpoint}/health`, {
        signal: AbortSignal.timeout(2_000),
      });
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  async #isOurs(): Promise<boolean> {
    using client = new GrpcClient(this.address);
    const answer = await client.call("/etcdserverpb.Cluster/MemberList", {});
    const members = answer.ok ? (answer.response["members"] as Message[]) : [];
    return members.some((member) => this.#program.isMember(member, this.dataDirectory));
  }

  /** Asks the server to end and waits for it; a server that does not obey is killed, and that is a failure. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) {
      return;
    }
    child.kill("SIGTERM");
    const inTime = await Promise.race([
      this.#exited.then(() => true),
      sleep(STOP_DEADLINE_MS, false, { ref: false }),
    ]);
    if (!inTime) {
      await this.kill();
      throw new Error(`${this.name} did not stop on SIGTERM:\n${this.#output}`);
    }
    this.#child = undefined;
  }

  /** kill -9, and waits until the process is gone: its directory and port are free again. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exited;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.#options.dataDirectory === undefined) {
      await removeTempDirectory(this.dataDirectory);
    }
  }
}

const etcd: Program = {
  name: "etcd",
  command: "etcd",
  arguments: (port, peerPort, dataDirectory) => [
    ...["--name", dataDirectory],
    ...["--data-dir", join(dataDirectory, "etcd")],
    ...["--listen-client-urls", `http://127.0.0.1:${port}`],
    ...["--advertise-client-urls", `http://127.0.0.1:${port}`],
    ...["--listen-peer-urls", `http://127.0.0.1:${peerPort}`],
    ...["--initial-advertise-peer-urls", `http://127.0.0.1:${peerPort}`],
    ...["--initial-cluster", `${dataDirectory}=http://127.0.0.1:${peerPort}`],
    ...["--logger", "zap", "--log-level", "error"],
  ],
  isMember: (member, dataDirectory) => member["name"] === dataDirectory,
};

const t4: Program = {
  name: "t4",
  command: process.execPath,
  arguments: (port, _, dataDirectory) => [
    t4EntryPoint(),
    "run",
    ...["--data-dir", join(dataDirectory, "t4")],
    ...["--listen", `127.0.0.1:${port}`],
    ...["--advertise-client-urls", `http://127.0.0.1:${port}`],
  ],
  isMember: (member, dataDirectory) => {
    const path = join(dataDirectory, "t4", "identity.json");
    if (!existsSync(path)) {
      return false;
    }
    const { memberId } = JSON.parse(readFileSync(path, "utf8")) as { memberId: string };
    return BigInt(`0x${memberId}`) === BigInt(member["ID"] as string);
  },
};

/** The compiled server next to the compiled tests, so that `npm test` needs no build of dist/. */
function t4EntryPoint(): string {
  const candidates = ["build/src/cli/main.js", "dist/cli/main.js"].map(repositoryPath);
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(`no server to start: none of ${candidates.join(", ")} exists`);
  }
  return found;
}

export async function startEtcd(options: ServerOptions = {}): Promise<ServerProcess> {
  return ServerProcess.launch(etcd, options);
}

export async function startT4(options: ServerOptions = {}): Promise<ServerProcess> {
  return ServerProcess.launch(t4, options);
}

/** `T4_TEST_SUBJECT=etcd` puts etcd in our server's place: what then fails is the test, not the server. */
export const subjectName: "etcd" | "t4" = process.env["T4_TEST_SUBJECT"] === "etcd" ? "etcd" : "t4";

/** The server under test. `flags` are for our server only. */
export async function startSubject(options: ServerOptions = {}): Promise<ServerProcess> {
  if (subjectName === "t4") {
    return startT4(options);
  }
  return startEtcd({ ...options, flags: [] });
}
