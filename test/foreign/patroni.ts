// One member of a PostgreSQL cluster that Patroni keeps: two processes (Patroni and the PostgreSQL that it starts), run
// as the system user `postgres`, with etcd's JSON gateway as the place where they agree who leads.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../support/process/free-port.js";
import { sleep } from "../support/process/wait.js";

/** The least that Patroni takes; with it a lost primary is noticed after at most this. */
export const TTL_SECONDS = 20;
export const LOOP_WAIT_SECONDS = 2;

const POSTGRES_PROGRAMS = "/usr/lib/postgresql/15/bin";
const PASSWORD = "of-a-test";
const STOP_DEADLINE_MS = 30_000;

/** Ids of the system user, or null if there is none. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | null {
  const idOf = (option: string): number => {
    const { stdout, status } = spawnSync("id", [option, "postgres"], { encoding: "utf8" });
    return status === 0 ? Number(stdout.trim()) : Number.NaN;
  };
  const [uid, gid] = [idOf("-u"), idOf("-g")];
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : null;
}

export class PatroniMember implements AsyncDisposable {
  readonly name: string;
  /** Everything that Patroni and its PostgreSQL printed, a line an element. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #directory: string;
  readonly #restPort: number;
  readonly #postgresPort: number;

  private constructor(
    name: string,
    directory: string,
    ports: readonly [number, number],
    child: ChildProcess,
  ) {
    this.name = name;
    this.#directory = directory;
    [this.#restPort, this.#postgresPort] = ports;
    this.#child = child;
    this.#exited = new Promise((resolve) =>
      child.once("close", () => {
        resolve();
      }),
    );
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream?.on("data", (chunk: Buffer) => {
        const parts = (rest + chunk.toString("utf8")).split("\n");
        rest = parts.pop() ?? "";
        this.lines.push(...parts);
      });
    }
  }

  /** `parent` must be a directory that the user `postgres` may enter; `etcd` is "host:port". */
  static async start(name: string, parent: string, etcd: string): Promise<PatroniMember> {
    const user = postgresUser();
    if (user === null) {
      throw new Error("there is no user postgres");
    }
    const directory = join(parent, name);
    mkdirSync(directory);
    chownSync(directory, user.uid, user.gid);
    chmodSync(directory, 0o700);
    const ports = [await freePort(), await freePort()] as const;
    const file = join(directory, "patroni.json");
    writeFileSync(file, JSON.stringify(configuration(name, directory, ports, etcd), null, 2));
    chownSync(file, user.uid, user.gid);
    // JSON is YAML too.
    const child = spawn("patroni", [file], {
      ...user,
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: directory,
        LC_ALL: "C.UTF-8",
        PATRONI_LOG_LEVEL: "INFO",
      },
    });
    return new PatroniMember(name, directory, ports, child);
  }

  /** Whether this member holds the leader's key, and its PostgreSQL takes writes. */
  async isPrimary(): Promise<boolean> {
    return (await this.#answersOk("/primary")) && this.sql("select pg_is_in_recovery()") === "f";
  }

  /** Whether it follows the primary's changes. */
  async isReplica(): Promise<boolean> {
    return this.#answersOk("/replica");
  }

  async #answersOk(path: string): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#restPort}${path}`, {
        signal: AbortSignal.timeout(5000),
      });
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  /** Runs SQL as the superuser; what it printed, or the error. */
  sql(statement: string): string {
    const { status, stdout, stderr } = spawnSync(
      `${POSTGRES_PROGRAMS}/psql`,
      ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
      {
        encoding: "utf8",
        timeout: 20_000,
        env: {
          PGHOST: "127.0.0.1",
          PGPORT: String(this.#postgresPort),
          PGUSER: "postgres",
          PGPASSWORD: PASSWORD,
          PGDATABASE: "postgres",
        },
      },
    );
    if (status !== 0) {
      throw new Error(`${this.name}: ${statement}: ${stderr}`);
    }
    return stdout.trim();
  }

  /** As if the machine had gone: both processes killed with -9. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    const postmaster = this.#postmasterPid();
    if (postmaster !== null) {
      process.kill(postmaster, "SIGKILL");
    }
    await this.#exited;
  }

  #postmasterPid(): number | null {
    try {
      const [pid] = readFileSync(join(this.#directory, "data", "postmaster.pid"), "utf8").split(
        "\n",
      );
      process.kill(Number(pid), 0);
      return Number(pid);
    } catch {
      return null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Patroni stops its PostgreSQL before it ends.
      this.#child.kill("SIGTERM");
      await Promise.race([this.#exited, sleep(STOP_DEADLINE_MS, undefined, { ref: false })]);
    }
    await this.kill();
  }
}

function configuration(
  name: string,
  directory: string,
  [restPort, postgresPort]: readonly [number, number],
  etcd: string,
): unknown {
  const rest = `127.0.0.1:${restPort}`;
  const postgres = `127.0.0.1:${postgresPort}`;
  return {
    scope: "accounts",
    name,
    restapi: { listen: rest, connect_address: rest },
    etcd3: { hosts: [etcd], protocol: "http" },
    bootstrap: {
      dcs: { ttl: TTL_SECONDS, loop_wait: LOOP_WAIT_SECONDS, retry_timeout: 5 },
      initdb: [{ encoding: "UTF8" }, "data-checksums"],
    },
    postgresql: {
      listen: postgres,
      connect_address: postgres,
      data_dir: join(directory, "data"),
      bin_dir: POSTGRES_PROGRAMS,
      pgpass: join(directory, "pgpass"),
      authentication: {
        superuser: { username: "postgres", password: PASSWORD },
        replication: { username: "replicator", password: PASSWORD },
        rewind: { username: "rewinder", password: PASSWORD },
      },
      parameters: { unix_socket_directories: directory, shared_buffers: "16MB" },
      pg_hba: [
        "local all all trust",
        "host all all 127.0.0.1/32 md5",
        "host replication replicator 127.0.0.1/32 md5",
      ],
    },
  };
}
