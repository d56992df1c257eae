// The servers that are compared. Each gets a fresh data directory on the same file system, its default durability (a
// write is acknowledged when it is on disk), and the same load.
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { freePort } from "../../test/support/process/free-port.js";
import { BackgroundProcess, removeAtExit, type Command } from "./processes.js";

/** `ours` and `etcd` get one core, all threads pinned to it; `etcd-two-cores` gets the load's core too. */
export type ServerName = "ours" | "etcd" | "etcd-two-cores";

/** What plays our part: the server of this package, or etcd, which shows what the machine's noise alone does. */
export type Subject = "t4" | "etcd";

const serverCore = 0;
export const loadCore = 1;

/** Above what the longest run writes: etcd refuses writes at its default of 2 GiB. */
const etcdQuotaBytes = 8 * 1024 ** 3;

export const t4Program: string = fileURLToPath(
  new URL("../../../dist/cli/main.js", import.meta.url),
);

const certificates = fileURLToPath(new URL("../../../test/fixtures/tls/", import.meta.url));

/** Beside the plaintext port, which the data is filled in by. */
function tlsArgs(port: number, tlsPort: number | undefined): string[] {
  const urls = [
    `http://127.0.0.1:${port}`,
    ...(tlsPort === undefined ? [] : [`https://127.0.0.1:${tlsPort}`]),
  ].join(",");
  const files = [
    "--cert-file",
    `${certificates}server.pem`,
    "--key-file",
    `${certificates}server-key.pem`,
  ];
  return [
    ...["--listen-client-urls", urls, "--advertise-client-urls", urls],
    ...(tlsPort === undefined ? [] : files),
  ];
}

export function t4Command(dataDirectory: string, port: number, tlsPort?: number): Command {
  const args =
    tlsPort === undefined
      ? ["run", "--data-dir", dataDirectory, "--listen", `127.0.0.1:${port}`]
      : ["etcd", "--data-dir", dataDirectory, ...tlsArgs(port, tlsPort)];
  return { file: process.execPath, args: [t4Program, ...args], cores: [serverCore] };
}

export function etcdCommand(
  dataDirectory: string,
  port: number,
  peerPort: number,
  cores: 1 | 2,
  tlsPort?: number,
): Command {
  const peer = `http://127.0.0.1:${peerPort}`;
  return {
    file: "etcd",
    args: [
      ...["--data-dir", dataDirectory, "--log-level", "error"],
      ...tlsArgs(port, tlsPort),
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", `default=${peer}`],
      ...["--quota-backend-bytes", String(etcdQuotaBytes)],
    ],
    environment: { GOMAXPROCS: String(cores) },
    cores: cores === 1 ? [serverCore] : [serverCore, loadCore],
  };
}

/** One running server with a data directory of its own. */
export class ServerUnderTest {
  readonly name: ServerName;
  readonly port: number;
  /** Speaks TLS; undefined if the run measures nothing of it. */
  readonly tlsPort: number | undefined;
  readonly dataDirectory: string;
  readonly #command: Command;
  #process: BackgroundProcess;

  private constructor(
    name: ServerName,
    port: number,
    tlsPort: number | undefined,
    dataDirectory: string,
    command: Command,
  ) {
    this.name = name;
    this.port = port;
    this.tlsPort = tlsPort;
    this.dataDirectory = dataDirectory;
    this.#command = command;
    this.#process = new BackgroundProcess(command);
  }

  /** Starts the server on an empty directory under `parentDirectory` and waits until it serves. */
  static async start(
    name: ServerName,
    subject: Subject,
    parentDirectory: string,
    withTls = false,
  ): Promise<ServerUnderTest> {
    const dataDirectory = mkdtempSync(join(parentDirectory, `t4-bench-${name}-`));
    removeAtExit(dataDirectory);
    const port = await freePort();
    const tlsPort = withTls ? await freePort() : undefined;
    const cores = name === "etcd-two-cores" ? 2 : 1;
    const command =
      name === "ours" && subject === "t4"
        ? t4Command(dataDirectory, port, tlsPort)
        : etcdCommand(dataDirectory, port, await freePort(), cores, tlsPort);
    const server = new ServerUnderTest(name, port, tlsPort, dataDirectory, command);
    await waitUntilServing(port, server.#process);
    return server;
  }

  /** Stops the server and starts it again on its data. */
  async restart(): Promise<void> {
    await this.#process.stop();
    this.#process = new BackgroundProcess(this.#command);
    await waitUntilServing(this.port, this.#process);
  }

  get pid(): number {
    this.#process.assertRunning();
    return this.#process.pid;
  }

  /** Stops the server and removes its data. */
  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.dataDirectory, { recursive: true, force: true });
  }
}

/** How often a server that starts is asked: rarely enough to leave it both cores. */
const pollMs = 2;

/** Asks GET /health until it says yes. Throws if the process ends or half a minute passes. */
export async function waitUntilServing(port: number, background: BackgroundProcess): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    background.assertRunning();
    try {
      if (await isHealthy(port)) {
        return;
      }
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`port ${port} does not serve`, { cause: error });
      }
    }
    if (performance.now() > deadline) {
      throw new Error(`the server on port ${port} does not become healthy`);
    }
    await sleep(pollMs);
  }
}

/** Not by fetch: its first use takes 40 ms of a core that the server wants, and each later one twice what this takes. */
async function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path: "/health", agent: false }, (response) => {
      text(response).then((body) => {
        resolve(response.statusCode === 200 && body.includes("true"));
      }, reject);
    });
    request.once("error", reject);
  });
}
