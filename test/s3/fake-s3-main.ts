// The fake S3 as a process: `node build/test/s3/fake-s3-main.js --port 4700 --bucket name`. Prints its URL when it serves.
import { parseArgs } from "node:util";
import { FakeS3 } from "./fake-s3.js";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    bucket: { type: "string", multiple: true, default: ["t4"] },
    /** Its buckets have versioning on. */
    versioned: { type: "boolean", default: false },
    region: { type: "string", default: "us-east-1" },
    "access-key-id": { type: "string", default: "test-key" },
    "secret-access-key": { type: "string", default: "test-secret" },
    /** As JSON: { "unquotedTagsOnly": true } */
    quirks: { type: "string", default: "{}" },
  },
});

const fake = new FakeS3({
  port: Number(values.port),
  region: values.region,
  accessKeyId: values["access-key-id"],
  secretAccessKey: values["secret-access-key"],
  quirks: JSON.parse(values.quirks) as object,
});
for (const bucket of values.bucket) {
  fake.createBucket(bucket).versioning = values.versioned ? "enabled" : "off";
}
await fake.listen();
console.log(fake.url);
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    fake.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
