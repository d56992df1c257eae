// etcdctl over TLS against etcd and against `t4 etcd`, both started with the same arguments: the same clients are let in,
// the same are not. And the list of flags is held against the etcd that is installed.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ETCD_34_FLAGS } from "../cli/etcd-known-flags.js";
import { skipWithout } from "../support/process/foreign-tool.js";
import { freePort } from "../support/process/free-port.js";
import { repositoryPath } from "../support/paths.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { tlsFixturePath } from "../support/tls-fixtures.js";
import { within } from "../support/process/wait.js";

const skip = skipWithout("etcd", "etcdctl");
const READY_MS = 30_000;

const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  etcd: ["etcd"],
  t4: [process.execPath, repositoryPath("build/src/cli/main.js"), "etcd"],
};

/** Starts a program with etcd's arguments; resolves to its client URL when it says that it is ready. */
async function start(
  context: TestContext,
  program: readonly string[],
  args: readonly string[],
): Promise<string> {
  const directory = await makeTempDirectory("tls");
  const [port, peerPort] = [await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const [command = "", ...first] = program;
  const child = spawn(
    command,
    [
      ...first,
      ...["--data-dir", join(directory, "data"), "--logger", "zap"],
      ...["--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", `default=${peer}`, ...args],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = new Promise((resolve) => {
    child.once("close", resolve);
  });
  context.after(async () => {
    child.kill("SIGKILL");
    await exited;
    await removeTempDirectory(directory);
  });
  let output = "";
  const ready = new Promise<void>((resolve) => {
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("serving client traffic")) {
        resolve();
      }
    });
  });
  await within(READY_MS, () => `${command} is ready: ${output}`, Promise.race([ready, exited]));
  return url;
}

function etcdctl(url: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(
    "etcdctl",
    [`--endpoints=${url}`, "--dial-timeout=2s", "--command-timeout=2s", ...args],
    { encoding: "utf8" },
  );
  const error = /^Error: .*$/m.exec(stderr)?.[0] ?? "";
  return `${String(status)} ${stdout}${error}`;
}

const as = (name: string): string[] => [
  ...["--cacert", tlsFixturePath("ca.pem"), "--cert", tlsFixturePath(`${name}.pem`)],
  ...["--key", tlsFixturePath(`${name}-key.pem`)],
];

test("etcdctl with certificates is let in or refused as by etcd", { skip }, async (context) => {
  const args = [
    ...[
      "--cert-file",
      tlsFixturePath("server.pem"),
      "--key-file",
      tlsFixturePath("server-key.pem"),
    ],
    ...["--trusted-ca-file", tlsFixturePath("ca.pem"), "--client-cert-auth"],
    ...["--client-crl-file", tlsFixturePath("crl.pem")],
  ];
  const commands: readonly (readonly string[])[] = [
    [...as("client"), "put", "a", "b"],
    [...as("client"), "get", "a"],
    [...as("client-revoked"), "get", "a"],
    [...as("client-expired"), "get", "a"],
    [...as("client-foreign"), "get", "a"],
    ["--cacert", tlsFixturePath("ca.pem"), "get", "a"],
    ["get", "a"],
  ];
  const answers: Record<string, string[]> = {};
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const url = await start(context, program, args);
    answers[name] = commands.map((command) => etcdctl(url, ...command));
    answers[name].push(etcdctl(url.replace("https:", "http:"), "get", "a"));
  }
  assert.deepEqual(answers["t4"], answers["etcd"]);
  assert.equal(answers["t4"]?.[1], "0 a\nb\n");
});

test(
  "without asking for certificates, and with versions and cipher suites of etcd",
  { skip },
  async (context) => {
    const args = [
      ...[
        "--cert-file",
        tlsFixturePath("server.pem"),
        "--key-file",
        tlsFixturePath("server-key.pem"),
      ],
      ...["--cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
    ];
    for (const program of Object.values(PROGRAMS)) {
      const url = await start(context, program, args);
      assert.equal(etcdctl(url, "--cacert", tlsFixturePath("ca.pem"), "put", "a", "b"), "0 OK\n");
      assert.equal(
        etcdctl(url, "--insecure-transport=false", "--insecure-skip-tls-verify", "get", "a"),
        "0 a\nb\n",
      );
    }
  },
);

test("the flags known of etcd 3.4 are those of the etcd that is installed", { skip }, () => {
  const { stdout } = spawnSync("etcd", ["--help"], { encoding: "utf8" });
  const names = [...stdout.matchAll(/^ {2}--([a-z0-9-]+)/gm)].map(([, name = ""]) => name);
  assert.deepEqual([...new Set(names)].sort(), [...ETCD_34_FLAGS].sort());
});
