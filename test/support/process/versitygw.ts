// versitygw, an S3 server that nobody here wrote, on buckets in a temporary directory. It is built once, at a release that is
// known to be atomic; without Go that is a failure in CI, and elsewhere a reason to skip.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "./free-port.js";
import { repositoryPath } from "../paths.js";
import { makeTempDirectory, removeTempDirectory } from "../temp-directory.js";
import { sleep, within } from "./wait.js";

const VERSION = "v1.8.0";
const directory = repositoryPath(join(".cache", `versitygw-${VERSION}`));
const binary = join(directory, "versitygw");

export interface Versitygw extends AsyncDisposable {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A client of the SDK, to be destroyed by the caller. */
  client(): S3Client;
}

/** For `test(name, { skip: buildVersitygw() }, …)`: the reason to skip, or false to run. Throws in CI. */
export function buildVersitygw(): string | false {
  if (existsSync(binary)) {
    return false;
  }
  if (spawnSync("go", ["version"]).status !== 0) {
    assert.notEqual(process.env["CI"], "true", "CI must have the Go tool to build versitygw");
    console.log("skipped: no Go tool to build versitygw with");
    return "no Go tool to build versitygw with";
  }
  mkdirSync(directory, { recursive: true });
  const built = spawnSync(
    "go",
    ["install", `github.com/versity/versitygw/cmd/versitygw@${VERSION}`],
    { encoding: "utf8", env: { ...process.env, GOBIN: directory, GOFLAGS: "" } },
  );
  assert.equal(built.status, 0, built.stderr);
  return false;
}

/** Killed, and its objects removed, when it is disposed of. */
export async function startVersitygw(buckets: readonly string[]): Promise<Versitygw> {
  const data = await makeTempDirectory("versitygw");
  const [objects, versions] = [join(data, "buckets"), join(data, "versions")];
  await Promise.all([objects, versions].map(async (path) => mkdir(path)));
  const access = {
    region: "eu-test-1",
    accessKeyId: "foreign-key",
    secretAccessKey: "foreign-secret",
  };
  const { region, ...credentials } = access;
  const port = await freePort();
  const server = spawn(
    binary,
    [
      ...["--port", `127.0.0.1:${port}`, "--region", region, "--quiet"],
      ...["posix", "--versioning-dir", versions, objects],
    ],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
        ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
  );
  const kill = (): void => {
    server.kill("SIGKILL");
  };
  process.once("exit", kill);
  const endpoint = `http://127.0.0.1:${port}`;
  const started: Versitygw = {
    endpoint,
    ...access,
    client: () => new S3Client({ endpoint, region, credentials, forcePathStyle: true }),
    [Symbol.asyncDispose]: async () => {
      kill();
      process.removeListener("exit", kill);
      await removeTempDirectory(data);
    },
  };
  try {
    await within(30_000, "versitygw serves", untilAnswers(endpoint));
    const client = started.client();
    for (const Bucket of buckets) {
      await client.send(new CreateBucketCommand({ Bucket }));
    }
    client.destroy();
    return started;
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
}

async function untilAnswers(url: string): Promise<void> {
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch {
      await sleep(20);
    }
  }
}
