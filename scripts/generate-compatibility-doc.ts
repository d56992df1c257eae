// Writes docs/etcd-compatibility.md: `npm run compile && node build/scripts/generate-compatibility-doc.js`.
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import protobuf from "protobufjs";
import { gatewayRoutes } from "../src/server/gateway/routes.js";
import { fieldsOf, loadProtos, packagesOf } from "./codecs/proto-model.js";
import { FIELDS, METRICS, ROUTES, RPCS, type Verdict, yes } from "./compatibility/table.js";

export const COMPATIBILITY_DOC: URL = new URL("../../docs/etcd-compatibility.md", import.meta.url);

/** Methods of the protocol files: request message by service and method. */
export function protocolMethods(): Map<string, Map<string, protobuf.Type>> {
  const root = loadProtos(fileURLToPath(new URL("../../proto", import.meta.url)));
  const services = new Map<string, Map<string, protobuf.Type>>();
  for (const part of packagesOf(root)) {
    for (const object of part.nestedArray) {
      // Ours have nothing to be compared with.
      if (object instanceof protobuf.Service && !object.fullName.startsWith(".t4.")) {
        const methods = object.methodsArray.map(
          (method) => [method.name, object.lookupType(method.requestType)] as const,
        );
        services.set(object.fullName.slice(1), new Map(methods));
      }
    }
  }
  return services;
}

function shown(verdict: Verdict): string {
  return verdict.is === "yes" ? "yes" : `${verdict.is} (${verdict.why})`;
}

function table(head: string, rows: Readonly<Record<string, Verdict>>): string[] {
  return [
    `| ${head} | here |`,
    "| --- | --- |",
    ...Object.entries(rows).map(([name, verdict]) => `| \`${name}\` | ${shown(verdict)} |`),
    "",
  ];
}

export function compatibilityDoc(): string {
  const lines = [
    "# What of etcd is here",
    "",
    "Compared with etcd 3.6. Every line is yes, differs (why) or no (why); a test holds them against a running server.",
    "The flags have a page of their own: [etcd-flags.md](etcd-flags.md).",
    "",
  ];
  for (const [service, methods] of protocolMethods()) {
    lines.push(`## ${service}`, "", ...table("method", RPCS[service] ?? {}));
    const fields: Record<string, Verdict> = {};
    for (const [method, request] of methods) {
      if (RPCS[service]?.[method]?.is !== "no") {
        for (const { name } of fieldsOf(request)) {
          fields[`${request.name}.${name}`] = FIELDS[request.name]?.[name] ?? yes;
        }
      }
    }
    if (Object.keys(fields).length > 0) {
      lines.push(...table("field of a request", fields));
    }
  }
  lines.push(
    "## HTTP",
    "",
    ...table("path", ROUTES),
    "## JSON gateway",
    "",
    "`POST`, and the same below `/v3beta/`. A stream comes as chunks, or over a websocket.",
    "",
    "| path | method |",
    "| --- | --- |",
    ...[...gatewayRoutes].map(([path, method]) => `| \`${path}\` | \`${method.path}\` |`),
    "",
    "## Metrics",
    "",
    ...table("metric", METRICS),
  );
  lines.push("_Generated from `scripts/compatibility/table.ts`._", "");
  return lines.join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(COMPATIBILITY_DOC, compatibilityDoc());
}
