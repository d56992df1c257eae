// The OpenAPI document: valid, and true of the server in both directions.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { FakeNode } from "../../../test/support/fake-node.js";
import { NODE } from "../../node/has-node.js";
import { systemClock } from "../../runtime/system-clock.js";
import { serve } from "../index.js";
import { gatewayRoutes } from "./routes.js";

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** What the server answers beside the gateway. */
const ENDPOINTS = [
  "/health",
  "/healthz",
  "/livez",
  "/livez/serializable_read",
  "/metrics",
  "/openapi.json",
  "/readyz",
  "/readyz/data_corruption",
  "/readyz/linearizable_read",
  "/readyz/non_learner",
  "/readyz/serializable_read",
  "/version",
];

suite("the OpenAPI document", () => {
  test("is valid, names every route once, and nothing that is not answered", async (context) => {
    const server = await serve({ [NODE]: new FakeNode(systemClock) }, { port: 0 });
    context.after(async () => {
      await server.close(100);
    });
    const url = `http://127.0.0.1:${server.address.port}`;
    const text = await (await fetch(`${url}/openapi.json`)).text();
    const { valid, errors } = await new Validator().validate(
      JSON.parse(text) as Record<string, unknown>,
    );
    assert.ok(valid, JSON.stringify(errors, null, 2));

    const { paths, components } = JSON.parse(text) as Document;
    assert.deepEqual(Object.keys(paths).sort(), [...gatewayRoutes.keys(), ...ENDPOINTS].sort());
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    const ids = new Set(operations.map(({ operationId }) => operationId));
    assert.equal(ids.size, operations.length);
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        const response = await fetch(url + path, {
          method,
          signal: AbortSignal.timeout(5000),
          // A watch of an empty range is answered at once.
          ...(method === "post" ? { body: "{" } : {}),
        });
        await response.text();
        assert.ok(![404, 405].includes(response.status), `${method} ${path}: ${response.status}`);
      }
    }

    const referred = new Set(
      [...text.matchAll(/#\/components\/schemas\/([^"]+)"/g)].map(([, n]) => n),
    );
    assert.deepEqual([...referred].sort(), Object.keys(components.schemas).sort());
  });

  test("is only read", async (context) => {
    const server = await serve({ [NODE]: new FakeNode(systemClock) }, { port: 0 });
    context.after(async () => {
      await server.close(100);
    });
    const url = `http://127.0.0.1:${server.address.port}/openapi.json`;
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
  });
});
