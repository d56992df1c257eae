// `t4 etcd` as a unit file or a test harness meets it: started with etcd's flags, variables or file, awaited by its line,
// reached by http, https and a socket, and ended as etcd ends.
import assert from "node:assert/strict";
import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { freePort } from "../support/process/free-port.js";
import { repositoryPath } from "../support/paths.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { tlsFixture, tlsFixturePath } from "../support/tls-fixtures.js";
import { within } from "../support/process/wait.js";

const MAIN = repositoryPath("build/src/cli/main.js");
const DEADLINE_MS = 20_000;

function etcd(args: string[], environment: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [MAIN, "etcd", ...args], {
    encoding: "utf8",
    timeout: DEADLINE_MS,
    env: { ...process.env, ...environment },
  });
}

interface Running {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends a signal; resolves to how the process ended. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

async function start(
  context: TestContext,
  args: string[],
  {
    environment = {},
    directory,
    main = MAIN,
    command = ["etcd"],
  }: {
    environment?: Record<string, string>;
    directory?: string;
    main?: string;
    command?: string[];
  } = {},
): Promise<Running> {
  const child = spawn(process.execPath, [main, ...command, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
    cwd: directory,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
  });
  context.after(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      if (`${stdout}${stderr}`.includes("ready to serve client requests")) {
        resolve();
      }
    });
    child.stdout.on("data", () => {
      if (stdout.includes("ready to serve client requests")) {
        resolve();
      }
    });
    child.once("exit", (code) => {
      reject(new Error(`t4 etcd ended with ${String(code)}: ${stderr}`));
    });
  });
  await within(DEADLINE_MS, () => `the line of a ready server: ${stderr}`, ready);
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    async stop(signal) {
      child.kill(signal);
      return within(DEADLINE_MS, () => `an end: ${stderr}`, exited);
    },
  };
}

async function temporary(context: TestContext): Promise<string> {
  const directory = await makeTempDirectory("etcd");
  context.after(async () => removeTempDirectory(directory));
  return directory;
}

/** The body of an answer, or how the request failed. */
async function get(options: https.RequestOptions): Promise<string> {
  return new Promise((resolve) => {
    const request = (options.ca === undefined ? http : https).get(
      { agent: false, host: "127.0.0.1", servername: "localhost", ...options },
      (answer) => {
        let body = "";
        answer.on("data", (chunk: Buffer) => {
          body += chunk.toString();
        });
        answer.on("end", () => {
          resolve(body);
        });
      },
    );
    request.on("error", (error) => {
      resolve(`failed: ${error.message}`);
    });
  });
}

suite("how it is started", () => {
  test("on a directory that an import has made, under the name that it has", async (context) => {
    const directory = await temporary(context);
    const data = join(directory, "data");
    const from = repositoryPath("test/fixtures/etcd-3.4.snapshot.db");
    const imported = spawnSync(
      process.execPath,
      [MAIN, "import", "--from", from, "--data-dir", data],
      { encoding: "utf8" },
    );
    assert.equal(imported.status, 0, imported.stderr);
    const url = `http://127.0.0.1:${await freePort()}`;
    const args = ["--data-dir", data, "--listen-client-urls", url];
    const running = await start(context, args);
    const range = await fetch(`${url}/v3/kv/range`, {
      method: "POST",
      body: JSON.stringify({ key: Buffer.from("k1").toString("base64") }),
    });
    assert.equal(((await range.json()) as { count: string }).count, "1");
    await running.stop("SIGTERM");
    const other = etcd([...args, "--name", "node1"]);
    assert.equal(other.status, 1);
    assert.match(other.stderr, /belongs to node "[0-9a-f]{16}", not to "node1": leave --name out/);
  });

  test("help and version are etcd's kind, and mistakes end with its codes", async (context) => {
    const directory = await temporary(context);
    const help = etcd(["--help"]);
    assert.equal(help.status, 0);
    assert.match(help.stdout, /--listen-client-urls 'http:\/\/localhost:2379'/);
    assert.match(help.stdout, /--force-new-cluster 'false'\n {4}refused: /);
    const version = etcd(["--version"]);
    assert.match(version.stdout, /^etcd Version: 3\.\d+\.\d+\n/);
    const unknown = etcd(["--foo"]);
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /flag provided but not defined: -foo/);
    assert.equal(etcd(["serve"]).status, 1);
    assert.equal(etcd(["grpc-proxy"]).status, 1);
    const several = etcd([
      "--data-dir",
      directory,
      "--initial-cluster",
      "a=http://a:1,b=http://b:1",
    ]);
    assert.equal(several.status, 1);
    assert.match(several.stderr, /names 2 members/);
    const both = etcd(["--name", "a"], { ETCD_NAME: "b" });
    assert.equal(both.status, 1);
    assert.match(both.stderr, /conflicting environment variable "ETCD_NAME"/);
    mkdirSync(join(directory, "member"));
    const foreign = etcd(["--data-dir", directory]);
    assert.equal(foreign.status, 1);
    assert.match(foreign.stderr, /data directory of etcd.*t4 import/);
  });

  test("a unit file's flags: it is ready with etcd's line, and SIGTERM ends it by that signal", async (context) => {
    const directory = await temporary(context);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = await start(
      context,
      [
        ...["-name", "node 1/a", "--listen-client-urls", url, `--advertise-client-urls=${url}`],
        ...[
          "--listen-peer-urls",
          "http://127.0.0.1:1",
          "--initial-cluster=node 1/a=http://127.0.0.1:1",
        ],
        ...["--snapshot-count", "5000", "--enable-v2", "--data-dir", join(directory, "data")],
      ],
      { environment: { ETCD_UNSAFE_NO_FSYNC: "true", ETCD_NONSENSE: "1" } },
    );
    const lines = server.stderr().trim().split("\n");
    for (const line of lines) {
      const fields = JSON.parse(line) as Record<string, unknown>;
      assert.deepEqual(Object.keys(fields).slice(0, 2), ["level", "ts"]);
    }
    for (const said of [
      /"info".*--snapshot-count is ignored: /,
      /"warn".*--enable-v2 is ignored: the v2 API is not served/,
      /"warn".*--unsafe-no-fsync is ignored: every write is synced/,
      /"warn".*unrecognized environment variable ETCD_NONSENSE/,
      /"msg":"ready to serve client requests"}$/m,
    ]) {
      assert.match(server.stderr(), said);
    }
    assert.equal(server.stdout(), "");
    assert.match(await get({ port, path: "/health" }), /"true"/);
    assert.deepEqual(await server.stop("SIGTERM"), { code: null, signal: "SIGTERM" });
    const identity = readFileSync(join(directory, "data", "identity.json"), "utf8");
    assert.equal((JSON.parse(identity) as { nodeId: string }).nodeId, "node 1/a");
  });

  test("variables alone, in the current directory, with lines for people on standard output", async (context) => {
    const directory = await temporary(context);
    const port = await freePort();
    const server = await start(context, [], {
      directory,
      environment: {
        ETCD_LISTEN_CLIENT_URLS: `http://127.0.0.1:${port}`,
        ETCD_LOGGER: "capnslog",
        ETCD_LOG_OUTPUTS: "stdout",
      },
    });
    assert.match(server.stdout(), /INFO.*ready to serve client requests\n/);
    assert.equal(server.stderr(), "");
    assert.ok(existsSync(join(directory, "default.etcd", "identity.json")));
    assert.deepEqual(await server.stop("SIGINT"), { code: null, signal: "SIGINT" });
  });

  test("a configuration file, through a link named etcd", async (context) => {
    const directory = await temporary(context);
    const port = await freePort();
    const file = join(directory, "etcd.yml");
    const log = join(directory, "log");
    writeFileSync(
      file,
      [
        ...["name: m1", `listen-client-urls: http://127.0.0.1:${port}`, "color: blue"],
        ...[`data-dir: ${join(directory, "d")}`, `log-outputs: [stderr, ${log}]`],
      ].join("\n"),
    );
    const link = join(directory, "etcd");
    symlinkSync(MAIN, link);
    const server = await start(context, ["--config-file", file, "--name", "ignored"], {
      main: link,
      command: [],
    });
    assert.match(server.stderr(), /color in .*etcd\.yml means nothing here/);
    assert.match(readFileSync(log, "utf8"), /ready to serve client requests/);
    assert.match(await get({ port, path: "/version" }), /etcdserver/);
    await server.stop("SIGTERM");
  });

  test("flags of t4 run that etcd does not have are taken as well", async (context) => {
    const directory = await temporary(context);
    const port = await freePort();
    const server = await start(context, [
      ...["--data-dir", join(directory, "d"), "--listen-client-urls", `http://127.0.0.1:${port}`],
      ...["--object-store", `file://${join(directory, "store")}`, "--wal-sync-upload=true"],
    ]);
    assert.ok(existsSync(join(directory, "store")));
    assert.deepEqual(await server.stop("SIGTERM"), { code: null, signal: "SIGTERM" });
  });
});

suite("where it listens", () => {
  const mutual = [
    ...[
      "--cert-file",
      tlsFixturePath("server.pem"),
      "--key-file",
      tlsFixturePath("server-key.pem"),
    ],
    ...["--trusted-ca-file", tlsFixturePath("ca.pem"), "--client-cert-auth"],
    ...["--client-crl-file", tlsFixturePath("crl.pem")],
  ];
  const as = (name: string): https.RequestOptions => ({
    ca: tlsFixture("ca.pem"),
    cert: tlsFixture(`${name}.pem`),
    key: tlsFixture(`${name}-key.pem`),
  });

  test("http, https and a socket; a revoked certificate is refused on every https listener", async (context) => {
    const directory = await temporary(context);
    const [plain, secure, alone, metrics] = await Promise.all([1, 2, 3, 4].map(freePort));
    const socket = join(directory, "s");
    const server = await start(context, [
      ...["--data-dir", join(directory, "d"), ...mutual],
      "--listen-client-urls",
      `http://127.0.0.1:${plain!},https://127.0.0.1:${secure!},unix://${socket}`,
      `--listen-client-http-urls=https://127.0.0.1:${alone!}`,
      `--listen-metrics-urls=https://127.0.0.1:${metrics!}`,
    ]);
    assert.match(await get({ port: plain, path: "/version" }), /etcdserver/);
    assert.match(await get({ socketPath: socket, path: "/version" }), /etcdserver/);
    for (const port of [secure, alone, metrics]) {
      assert.match(await get({ ...as("client"), port, path: "/health" }), /"true"/);
      assert.match(await get({ ...as("client-revoked"), port, path: "/health" }), /^failed/);
      assert.match(await get({ ca: tlsFixture("ca.pem"), port, path: "/health" }), /^failed/);
    }
    assert.match(await get({ ...as("client"), port: metrics, path: "/metrics" }), /etcd_server/);
    const refused = server.stderr().match(/certificate serial [0-9a-f]+ revoked/g);
    assert.equal(refused?.length, 3);
    assert.match(server.stderr(), /serving client traffic securely/);
    assert.deepEqual(await server.stop("SIGTERM"), { code: null, signal: "SIGTERM" });
    assert.equal(existsSync(socket), false);
  });

  test("--auto-tls serves with a certificate of its own, the same after a restart", async (context) => {
    const directory = await temporary(context);
    const port = await freePort();
    const args = [
      ...["--data-dir", join(directory, "d"), "--auto-tls"],
      ...["--listen-client-urls", `https://127.0.0.1:${port}`],
    ];
    const first = await start(context, args);
    const ca = readFileSync(join(directory, "d.auto-tls", "cert.pem"));
    assert.match(await get({ ca, port, path: "/health" }), /"true"/);
    await first.stop("SIGTERM");
    const second = await start(context, args);
    assert.match(await get({ ca, port, path: "/health" }), /"true"/);
    await second.stop("SIGTERM");
  });

  test("certificates that cannot be used are named by etcd's flags", async (context) => {
    const directory = await temporary(context);
    const url = ["--data-dir", directory, "--listen-client-urls", "https://127.0.0.1:0"];
    const missing = etcd(url);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /\(--cert-file, --key-file\) must be provided for client url/);
    const wrongKey = etcd([
      ...url,
      ...[
        "--cert-file",
        tlsFixturePath("server.pem"),
        "--key-file",
        tlsFixturePath("client-key.pem"),
      ],
    ]);
    assert.equal(wrongKey.status, 2);
    assert.match(wrongKey.stderr, /--key-file \(.*\) cannot be used: it is not the key/);
    const taken = etcd([
      ...["--data-dir", directory, "--tls-min-version", "TLS1.3", "--tls-max-version", "TLS1.2"],
      ...["--listen-client-urls", "https://127.0.0.1:0", ...mutual],
    ]);
    assert.match(taken.stderr, /min version \(TLS1\.3\) is greater than max version \(TLS1\.2\)/);
  });
});
