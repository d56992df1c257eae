// docs/etcd-compatibility.md says what is true: its table is held against the protocol files and a running server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FIELDS, METRICS, ROUTES, RPCS } from "../../scripts/compatibility/table.js";
import {
  COMPATIBILITY_DOC,
  compatibilityDoc,
  protocolMethods,
} from "../../scripts/generate-compatibility-doc.js";
import { startSubject } from "../support/process/server-process.js";

test("the page is what the table says", () => {
  assert.equal(
    readFileSync(COMPATIBILITY_DOC, "utf8"),
    compatibilityDoc(),
    "run: node build/scripts/generate-compatibility-doc.js",
  );
});

test("the table names every method of the protocol files, and no field that is not there", () => {
  const services = protocolMethods();
  const named = (entries: Iterable<readonly [string, Iterable<string>]>): string[] =>
    [...entries].flatMap(([service, methods]) => [...methods].map((m) => `${service}/${m}`)).sort();
  assert.deepEqual(
    named(Object.entries(RPCS).map(([service, methods]) => [service, Object.keys(methods)])),
    named([...services].map(([service, methods]) => [service, methods.keys()])),
  );
  const requests = [...services.values()].flatMap((methods) => [...methods.values()]);
  for (const [message, fields] of Object.entries(FIELDS)) {
    const type = requests.find(({ name }) => name === message);
    for (const field of Object.keys(fields)) {
      assert.ok(type?.fields[field] !== undefined, `${message}.${field}`);
    }
  }
});

test("a running server serves what the table says, and nothing that it denies", async () => {
  await using server = await startSubject();
  const metrics = await (await fetch(`${server.endpoint}/metrics`)).text();
  const served = new Set(
    [
      ...metrics.matchAll(
        /^grpc_server_started_total\{grpc_service="([^"]+)",grpc_method="([^"]+)"/gm,
      ),
    ].map(([, service = "", method = ""]) => `${service}/${method}`),
  );
  const wrong: string[] = [];
  for (const [service, methods] of Object.entries(RPCS)) {
    for (const [method, verdict] of Object.entries(methods)) {
      if (served.has(`${service}/${method}`) !== (verdict.is !== "no")) {
        wrong.push(`${service}/${method}`);
      }
    }
  }
  for (const [metric, verdict] of Object.entries(METRICS)) {
    if (metrics.includes(`# TYPE ${metric} `) !== (verdict.is !== "no")) {
      wrong.push(metric);
    }
  }
  for (const [path, verdict] of Object.entries(ROUTES)) {
    const { status } = await fetch(`${server.endpoint}${path}`);
    if ((status === 200) !== (verdict.is !== "no")) {
      wrong.push(path);
    }
  }
  assert.deepEqual(wrong, [], "scripts/compatibility/table.ts says otherwise of these");
});
