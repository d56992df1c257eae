// The OpenAPI document of everything that the port answers over plain HTTP, made from the gateway's table of routes and
// the descriptors of its messages.
import { assert } from "../../lib/assert.js";
import type { FieldDescriptor, MethodDescriptor } from "../../etcd/descriptor.js";
import { enumValues, messageFields } from "../../etcd/gen/descriptors.js";
import { SERVER_VERSION } from "../../etcd/version.js";
import { OPEN_API_PATH } from "../http-endpoints.js";
import { gatewayRoutes } from "./routes.js";

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = Readonly<Record<string, Json>>;

/** Names of the schemas of what is no message. */
const FAILURE = "Failure";
const STREAM_FAILURE = "StreamFailure";

const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

function valueSchema(field: FieldDescriptor): JsonObject {
  switch (field.kind) {
    case "int64":
    case "uint64":
      return { type: "string", format: field.kind };
    case "int32":
    case "uint32":
      return { type: "integer", format: field.kind };
    case "bool":
      return { type: "boolean" };
    case "string":
      return { type: "string" };
    case "bytes":
      return { type: "string", format: "byte" };
    case "enum":
    case "message":
      return reference(field.type);
  }
}

function fieldSchema(field: FieldDescriptor): JsonObject {
  const value = valueSchema(field);
  const schema = field.repeated ? { type: "array", items: value } : value;
  if (field.comment === "") {
    return schema;
  }
  // Beside a reference nothing else may stand.
  return "$ref" in schema
    ? { allOf: [schema], description: field.comment }
    : { ...schema, description: field.comment };
}

function messageSchema(fields: readonly FieldDescriptor[]): JsonObject {
  const properties = Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)]));
  return { type: "object", properties };
}

function enumSchema(values: ReadonlyMap<string, number>): JsonObject {
  return { type: "string", enum: [...values.keys()] };
}

/** Names of all messages and enums that a message is made of, itself included. */
function reachable(from: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>(from);
  // A set is iterated over what is added meanwhile too.
  for (const name of found) {
    for (const field of messageFields.get(name) ?? []) {
      if (field.type !== "") {
        found.add(field.type);
      }
    }
  }
  return found;
}

function schemas(): JsonObject {
  const methods = [...gatewayRoutes.values()];
  const names = reachable(methods.flatMap(({ request, response }) => [request, response]));
  const all: Record<string, Json> = {
    [FAILURE]: {
      type: "object",
      description: "A call that failed: gRPC's status and message.",
      properties: {
        code: { type: "integer", format: "int32" },
        message: { type: "string" },
        error: {
          type: "string",
          description: "The message again, as etcd 3.5 and before have it.",
        },
      },
    },
    [STREAM_FAILURE]: {
      type: "object",
      properties: {
        code: { type: "integer", format: "int32" },
        message: { type: "string" },
        grpc_code: { type: "integer", format: "int32" },
        http_code: { type: "integer", format: "int32" },
        http_status: { type: "string" },
      },
    },
  };
  for (const name of [...names].sort()) {
    const fields = messageFields.get(name);
    const values = enumValues.get(name);
    assert(fields !== undefined || values !== undefined, `${name} is a message or an enum`);
    all[name] = fields === undefined ? enumSchema(values ?? new Map()) : messageSchema(fields);
  }
  return all;
}

const jsonContent = (schema: JsonObject): JsonObject => ({ "application/json": { schema } });

function answers(method: MethodDescriptor): JsonObject {
  const failed = { description: "The call failed.", content: jsonContent(reference(FAILURE)) };
  if (!method.serverStreams) {
    const content = jsonContent(reference(method.response));
    return { "200": { description: "The answer.", content }, default: failed };
  }
  const line = {
    type: "object",
    properties: { result: reference(method.response), error: reference(STREAM_FAILURE) },
  };
  const description = "One such object after the other, each on a line and in a chunk of its own.";
  return { "200": { description, content: jsonContent(line) }, default: failed };
}

function gatewayOperation(path: string, method: MethodDescriptor): JsonObject {
  const [, service = "", name = ""] = method.path.split("/");
  const tag = service.slice(service.lastIndexOf(".") + 1);
  const isAlias = [...gatewayRoutes].find(([, other]) => other === method)?.[0] !== path;
  const streams = method.clientStreams
    ? " The body may stay open: it is any number of such objects, one after the other. A websocket is served as well."
    : "";
  return {
    tags: [tag],
    operationId: `${tag}_${name}${isAlias ? "2" : ""}`,
    summary: `${service}.${name}`,
    description: method.comment + streams,
    requestBody: { content: jsonContent(reference(method.request)) },
    responses: answers(method),
    security: [{}, { token: [] }],
  };
}

const text = (description: string): JsonObject => ({
  description,
  content: { "text/plain": { schema: { type: "string" } } },
});

const probeParameters: readonly Json[] = [
  { name: "verbose", in: "query", allowEmptyValue: true, schema: { type: "string" } },
  {
    name: "exclude",
    in: "query",
    description: "A check to leave out. May be given more than once.",
    schema: { type: "array", items: { type: "string" } },
  },
];

function probeOperation(path: string): JsonObject {
  return {
    tags: ["Probes"],
    operationId: path.slice(1).replace(/\//g, "_"),
    parameters: probeParameters,
    responses: { "200": text("All is well."), "503": text("Something is not, and what.") },
  };
}

function getOperation(operationId: string, summary: string, type: string): JsonObject {
  const content = { [type]: { schema: { type: type === "text/plain" ? "string" : "object" } } };
  return {
    tags: ["Server"],
    operationId,
    summary,
    responses: { "200": { description: "The answer.", content } },
  };
}

const healthOperation: JsonObject = {
  tags: ["Probes"],
  operationId: "health",
  parameters: [
    {
      name: "serializable",
      in: "query",
      description: "true: a read of this member alone decides.",
      schema: { type: "boolean" },
    },
    {
      name: "exclude",
      in: "query",
      description: "An alarm that does not count. May be given more than once.",
      schema: { type: "array", items: { type: "string" } },
    },
  ],
  responses: {
    "200": text('{"health":"true","reason":""}'),
    "503": text('{"health":"false","reason":"…"}'),
  },
};

/** Those of the gateway, the probes, and what is served beside them. */
function paths(probes: readonly string[]): JsonObject {
  const all: Record<string, Json> = {};
  for (const [path, method] of gatewayRoutes) {
    all[path] = { post: gatewayOperation(path, method) };
  }
  for (const path of probes) {
    all[path] = { get: probeOperation(path) };
  }
  all["/health"] = { get: healthOperation };
  all["/version"] = { get: getOperation("version", "The version.", "application/json") };
  all["/metrics"] = { get: getOperation("metrics", "Metrics for Prometheus.", "text/plain") };
  all[OPEN_API_PATH] = { get: getOperation("openapi", "This document.", "application/json") };
  return all;
}

/** `probes`: the paths of the probes, with those of single checks. */
export function openApiDocument(probes: readonly string[]): string {
  return JSON.stringify({
    openapi: "3.0.3",
    info: {
      title: "T4: the JSON gateway of etcd v3",
      description:
        "Bytes are base64, 64-bit numbers are strings, fields that hold their zero are left out. " +
        "All paths under /v3/ are served under /v3beta/ too.",
      version: SERVER_VERSION,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    paths: paths(probes),
    components: {
      schemas: schemas(),
      securitySchemes: {
        token: {
          type: "apiKey",
          in: "header",
          name: "authorization",
          description: "A token of /v3/auth/authenticate, with or without Bearer before it.",
        },
      },
    },
  });
}
