// The command line as a person or a supervisor meets it: what is printed, the exit code, and that nothing is lost.
import assert from "node:assert/strict";
import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryPath } from "../support/paths.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";

const MAIN = repositoryPath("build/src/cli/main.js");

function t4(args: string[], environment: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [MAIN, ...args], {
    encoding: "utf8",
    timeout: 20_000,
    env: { ...process.env, ...environment },
  });
}

interface Running {
  readonly port: number;
  readonly stderr: () => string;
  /** Sends a signal and resolves to the exit code. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `t4 run` on a free port and waits for its line on standard output. */
async function start(
  dataDir: string,
  args: string[] = [],
  nodeArgs: string[] = [],
): Promise<Running> {
  const child = spawn(
    process.execPath,
    [...nodeArgs, MAIN, "run", "--data-dir", dataDir, "--listen", "127.0.0.1:0", ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => {
      resolve(code);
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      const match = /ready: etcd v3 clients at 127\.0\.0\.1:(\d+)/.exec(stdout);
      if (match !== null) {
        resolve(Number(match[1]));
      }
    });
    child.once("exit", (code) => {
      reject(new Error(`t4 run ended with ${String(code)}: ${stderr}`));
    });
  });
  return {
    port,
    stderr: () => stderr,
    async stop(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

async function withDirectory(use: (path: string) => Promise<void>): Promise<void> {
  const path = await makeTempDirectory("cli");
  try {
    await use(path);
  } finally {
    await removeTempDirectory(path);
  }
}

test("help shows every command with examples and ends with 0", () => {
  const help = t4(["--help"]);
  assert.equal(help.status, 0);
  assert.match(help.stdout, /run .*serve etcd v3 clients/);
  assert.match(help.stdout, /inspect/);
  const run = t4(["run", "--help"]);
  assert.equal(run.status, 0);
  assert.match(run.stdout, /Examples:/);
  assert.match(run.stdout, /env: T4_DATA_DIR/);
  assert.match(t4(["--version"]).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("an unknown flag or command is refused with the nearest known one", () => {
  const flag = t4(["run", "--data-dirr", "x"]);
  assert.equal(flag.status, 2);
  assert.match(flag.stderr, /unknown option '--data-dirr'/);
  assert.match(flag.stderr, /Did you mean --data-dir\?/);
  const command = t4(["rum"]);
  assert.equal(command.status, 2);
  assert.match(command.stderr, /Did you mean run\?/);
});

test("a bad value of a flag or of its variable says what is expected and ends with 2", () => {
  const flag = t4(["run", "--listen", "3379"]);
  assert.equal(flag.status, 2);
  assert.match(flag.stderr, /--listen.*Expected host:port/);
  const variable = t4(["run"], { T4_SEGMENT_MAX_SIZE_MB: "big" });
  assert.equal(variable.status, 2);
  assert.match(variable.stderr, /T4_SEGMENT_MAX_SIZE_MB/);
  assert.match(variable.stderr, /whole number/);
  const choice = t4(["run"], { T4_LOG_LEVEL: "loud" });
  assert.equal(choice.status, 2);
  assert.match(choice.stderr, /T4_LOG_LEVEL.*\n?.*debug, info, warn, error/);
});

test("TLS flags that do not fit together or name no file end with 2", async () => {
  await withDirectory(async (path) => {
    const half = t4(["run", "--data-dir", path, "--client-tls-cert", "x.pem"]);
    assert.equal(half.status, 2);
    assert.match(half.stderr, /needs both --client-tls-cert and --client-tls-key/);
    const missing = t4([
      ...["run", "--data-dir", path, "--client-tls-cert", join(path, "c.pem")],
      ...["--client-tls-key", join(path, "k.pem")],
    ]);
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /--client-tls-cert cannot be read/);
    await Promise.resolve();
  });
});

test("a data directory with other files is refused and left as it is", async () => {
  await withDirectory(async (path) => {
    writeFileSync(join(path, "thesis.txt"), "all my work");
    const result = t4(["run", "--data-dir", path, "--listen", "127.0.0.1:0"]);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /T4_DATA_DIR_UNUSABLE/);
    assert.match(result.stderr, /thesis\.txt/);
    assert.deepEqual(readdirSync(path), ["thesis.txt"]);
    assert.equal(readFileSync(join(path, "thesis.txt"), "utf8"), "all my work");
    const file = t4(["run", "--data-dir", join(path, "thesis.txt"), "--listen", "127.0.0.1:0"]);
    assert.equal(file.status, 1);
    assert.match(file.stderr, /T4_DATA_DIR_UNUSABLE/);
    await Promise.resolve();
  });
});

test("a newer data format is refused and named", async () => {
  await withDirectory(async (path) => {
    const data = join(path, "data");
    const server = await start(data);
    assert.equal(await server.stop("SIGTERM"), 0);
    const identity = join(data, "identity.json");
    const fields = JSON.parse(readFileSync(identity, "utf8")) as Record<string, unknown>;
    writeFileSync(identity, JSON.stringify({ ...fields, formatVersion: 1000 }));
    const result = t4(["run", "--data-dir", data, "--listen", "127.0.0.1:0"]);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /T4_FORMAT_TOO_NEW/);
    assert.match(result.stderr, /1000/);
  });
});

test("a server serves with what it loads at first and later, however Node loads ES modules, and without a warning", async () => {
  for (const nodeArgs of [[], ["--no-experimental-require-module"]]) {
    await withDirectory(async (path) => {
      const server = await start(join(path, "data"), [], nodeArgs);
      const url = `http://127.0.0.1:${server.port}`;
      const put = { method: "POST", body: JSON.stringify({ key: "aw==", value: "dg==" }) };
      const answers = await Promise.all([
        fetch(`${url}/v3/kv/put`, put),
        fetch(`${url}/openapi.json`),
        fetch(`${url}/metrics`),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200],
      );
      assert.equal(await server.stop("SIGTERM"), 0);
      assert.match(server.stderr(), /serving/);
      assert.doesNotMatch(server.stderr(), /ExperimentalWarning/);
    });
  }
});

test("a port in use is named and the directory is given back", async () => {
  await withDirectory(async (path) => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, "127.0.0.1", resolve);
    });
    const { port } = taken.address() as AddressInfo;
    const data = join(path, "data");
    const result = t4(["run", "--data-dir", data, "--listen", `127.0.0.1:${port}`]);
    taken.close();
    assert.equal(result.status, 1);
    assert.match(result.stderr, new RegExp(`${port}`));
    assert.match(result.stderr, /another program listens there/);
    assert.match(result.stderr, /--listen/);
    const server = await start(data);
    assert.equal(await server.stop("SIGINT"), 0);
  });
});

test("a directory in use is refused while its server goes on; inspect reads it all the same", async () => {
  await withDirectory(async (path) => {
    const data = join(path, "data");
    mkdirSync(data);
    const server = await start(data, ["--log-format", "json"]);
    const second = t4(["run", "--data-dir", data, "--listen", "127.0.0.1:0"]);
    assert.equal(second.status, 1);
    assert.match(second.stderr, /T4_DATA_DIR_IN_USE/);
    const health = await fetch(`http://127.0.0.1:${server.port}/health`);
    assert.equal(health.status, 200);
    const meta = t4(["inspect", "meta", "--data-dir", data, "--json"]);
    assert.equal(meta.status, 0, meta.stderr);
    const facts = JSON.parse(meta.stdout) as Record<string, unknown>;
    assert.equal(facts["revision"], 1);
    assert.equal(facts["keys"], 0);
    const absent = t4(["inspect", "get", "nothing", "--data-dir", data]);
    assert.equal(absent.status, 1);
    assert.match(absent.stderr, /does not exist/);
    assert.equal(await server.stop("SIGTERM"), 0);
    for (const line of server.stderr().trim().split("\n")) {
      assert.doesNotThrow(() => JSON.parse(line) as unknown, `a log line is no JSON: ${line}`);
    }
  });
});

test("inspect says so when there is no data directory", async () => {
  await withDirectory(async (path) => {
    const result = t4(["inspect", "meta", "--data-dir", join(path, "absent")]);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /absent/);
    assert.deepEqual(readdirSync(path), []);
    await Promise.resolve();
  });
});
