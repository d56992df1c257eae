// A store on a fake S3 of its own, for one test.
import type { TestContext } from "node:test";
import type { ObjectStore } from "../../src/object/object-store.js";
import { openS3ObjectStore, type S3Ports } from "../../src/object/s3/s3-object-store.js";
import type { S3StoreOptions } from "../../src/object/s3/s3-options.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import type { Clock } from "../../src/runtime/clock.js";
import { FakeS3, type FakeS3Options } from "./fake-s3.js";

export const BUCKET = "bucket";

/** The machine that runs the tests must lend them neither credentials nor a region. */
export function forgetAwsEnvironment(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("AWS_")) {
      process.env[name] = undefined;
      Reflect.deleteProperty(process.env, name);
    }
  }
  process.env["AWS_EC2_METADATA_DISABLED"] = "true";
  process.env["AWS_CONFIG_FILE"] = "/nonexistent/config";
  process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent/credentials";
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";
}
forgetAwsEnvironment();

export async function startFake(
  context: Pick<TestContext, "after">,
  options: FakeS3Options = {},
): Promise<FakeS3> {
  const fake = new FakeS3(options);
  fake.createBucket(BUCKET);
  await fake.listen();
  context.after(async () => fake.close());
  return fake;
}

/** A clock on which waits are over at once, so that many retries take no time; deadlines are real. */
export const hastyClock: Clock = {
  ...systemClock,
  after: (delayMs, run) => systemClock.after(delayMs >= 10_000 ? delayMs : 0, run),
};

export async function openStore(
  context: Pick<TestContext, "after">,
  fake: Pick<FakeS3, "url" | "rules">,
  options: Partial<S3StoreOptions> = {},
  ports: S3Ports = {},
): Promise<ObjectStore> {
  const store = await openS3ObjectStore(
    {
      bucket: BUCKET,
      prefix: "prefix",
      endpoint: fake.url,
      accessKeyId: fake.rules.accessKeyId,
      secretAccessKey: fake.rules.secretAccessKey,
      ...options,
    },
    ports,
  );
  context.after(async () => store.close());
  return store;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (body: Uint8Array | undefined | null): string =>
  new TextDecoder().decode(body ?? undefined);
