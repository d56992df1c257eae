// h2spec, the foreign judge of HTTP/2 conformance, against the server in plaintext and over TLS. Every case must run and
// pass: the path is a GET with a body, so that no case is skipped for want of DATA.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { systemClock } from "../../src/runtime/system-clock.js";
import { TransportServer, type TlsOptions } from "../../src/transport/server.js";
import { makeEchoService } from "./echo-service.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sources = `${root}test/transport/h2spec`;
const fixture = (name: string): Uint8Array => readFileSync(`${root}test/fixtures/tls/${name}`);

/** The versions that h2spec is built from are pinned in test/transport/h2spec. */
const binary = `${root}.cache/h2spec/h2spec-v2.2.1`;

const SECTIONS = ["generic", "http2", "hpack"];
/** Fewer would mean that something other than h2spec ran. */
const CASES_MIN = 145;

/** Builds h2spec once; without Go that is a failure in CI, and elsewhere the reason to skip. */
function build(): string | undefined {
  if (existsSync(binary)) {
    return undefined;
  }
  const go = spawnSync("go", ["version"], { encoding: "utf8" });
  if (go.status !== 0) {
    assert.notEqual(process.env["CI"], "true", "CI must have the Go tool to build h2spec");
    return "no Go tool to build h2spec with";
  }
  mkdirSync(`${root}.cache/h2spec`, { recursive: true });
  const built = spawnSync(
    "go",
    ["build", "-mod=readonly", "-o", binary, "github.com/summerwind/h2spec/cmd/h2spec"],
    { cwd: sources, encoding: "utf8", env: { ...process.env, GOFLAGS: "" } },
  );
  assert.equal(built.status, 0, built.stderr);
  return undefined;
}

/** h2spec runs beside this process, which is the server. */
async function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(binary, args, { timeout: 120_000 }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

async function judge(
  context: TestContext,
  tls: TlsOptions | undefined,
  more: string[],
): Promise<void> {
  const reason = build();
  if (reason !== undefined) {
    context.skip(reason);
    return;
  }
  const echo = makeEchoService();
  const errors: unknown[] = [];
  const server = new TransportServer({
    clock: systemClock,
    services: echo.services,
    httpHandler: echo.httpHandler,
    host: "127.0.0.1",
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    onError: (error) => {
      errors.push(error);
    },
  });
  const { port } = await server.listen();
  try {
    const output = await run([
      ...SECTIONS,
      ...["-h", "127.0.0.1", "-p", String(port), "--path", "/version", "-o", "5"],
      ...more,
    ]);
    const summary = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/.exec(output);
    assert.ok(summary !== null, output);
    const [cases, passed, skipped, failed] = summary.slice(1).map(Number);
    assert.deepEqual({ skipped, failed }, { skipped: 0, failed: 0 }, output);
    assert.equal(passed, cases);
    assert.ok((cases ?? 0) >= CASES_MIN, `only ${cases} cases ran`);
    assert.deepEqual(errors, []);
  } finally {
    await server.close();
  }
}

test("h2spec passes in plaintext, without a case skipped", async (context) => {
  await judge(context, undefined, []);
});

test("h2spec passes in plaintext with its strict cases", async (context) => {
  await judge(context, undefined, ["--strict"]);
});

test("h2spec passes over TLS, without a case skipped", async (context) => {
  const tls: TlsOptions = {
    cert: fixture("server.pem"),
    key: fixture("server-key.pem"),
    clientCertificates: "none",
  };
  await judge(context, tls, ["-t", "-k"]);
});
