// Writes the descriptors of all messages, enums and methods: what the JSON gateway and its OpenAPI document are made from.
import protobuf from "protobufjs";
import { fieldsOf, MODULES, packagesOf } from "./proto-model.js";

/** In the order of the .proto file, in which JSON shows them; `fieldsOf` sorts by number. */
function declaredFields(type: protobuf.Type): protobuf.Field[] {
  return [...fieldsOf(type)].sort(
    (a, b) => type.fieldsArray.indexOf(a) - type.fieldsArray.indexOf(b),
  );
}

function kindOf(field: protobuf.Field): string {
  if (field.resolvedType instanceof protobuf.Enum) {
    return "enum";
  }
  return field.resolvedType instanceof protobuf.Type ? "message" : field.type;
}

/** Without the leading dot that protobufjs puts before a full name. */
const nameOf = (object: protobuf.ReflectionObject): string => object.fullName.slice(1);

const commentOf = (object: protobuf.ReflectionObject): string =>
  (object.comment ?? "").replace(/\s+/g, " ").trim();

function isFromModules(object: protobuf.ReflectionObject): boolean {
  return Object.keys(MODULES).some((file) => object.filename?.endsWith(file) === true);
}

function fieldText(field: protobuf.Field): string {
  const type = field.resolvedType === null ? "" : nameOf(field.resolvedType);
  const values = [
    field.id,
    field.name,
    kindOf(field),
    field.repeated,
    type,
    field.partOf?.name ?? "",
    commentOf(field),
  ];
  return `    field(${values.map((value) => JSON.stringify(value)).join(", ")}),`;
}

interface Found {
  readonly types: protobuf.Type[];
  readonly enums: protobuf.Enum[];
  readonly methods: protobuf.Method[];
}

/** All types of a namespace and of those in it, each parent before its children. */
function collect(namespace: protobuf.NamespaceBase, found: Found): void {
  for (const object of namespace.nestedArray) {
    if (object instanceof protobuf.Enum && isFromModules(object)) {
      found.enums.push(object);
    } else if (object instanceof protobuf.Service) {
      found.methods.push(...object.methodsArray);
    } else if (object instanceof protobuf.Type) {
      found.types.push(object);
      collect(object, found);
    }
  }
}

export function descriptorModule(root: protobuf.Root): string {
  const found: Found = { types: [], enums: [], methods: [] };
  for (const namespace of packagesOf(root)) {
    collect(namespace, found);
  }
  const lines = [
    "// Made by scripts/generate-codecs.ts from proto/: change the files there, not this one.",
    'import type { FieldDescriptor, FieldKind, MethodDescriptor } from "../descriptor.js";',
    "",
    "function field(",
    "  number: number, name: string, kind: FieldKind, repeated: boolean, type: string, oneof: string, comment: string,",
    "): FieldDescriptor {",
    "  return { number, name, kind, repeated, type, oneof, comment };",
    "}",
    "",
    "/** Fields of each message, in the order of its declaration. */",
    "export const messageFields: ReadonlyMap<string, readonly FieldDescriptor[]> = new Map([",
  ];
  for (const type of found.types) {
    lines.push(
      `  [${JSON.stringify(nameOf(type))}, [`,
      ...declaredFields(type).map(fieldText),
      "  ]],",
    );
  }
  lines.push(
    "]);",
    "",
    "/** Numbers of each enum's names. */",
    "export const enumValues: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map([",
  );
  for (const enumeration of found.enums) {
    lines.push(
      `  [${JSON.stringify(nameOf(enumeration))}, new Map(${JSON.stringify(Object.entries(enumeration.values))})],`,
    );
  }
  lines.push("]);", "", "export const methodDescriptors: readonly MethodDescriptor[] = [");
  for (const method of found.methods) {
    const value = {
      path: `/${method.parent === null ? "" : nameOf(method.parent)}/${method.name}`,
      request: method.resolvedRequestType === null ? "" : nameOf(method.resolvedRequestType),
      response: method.resolvedResponseType === null ? "" : nameOf(method.resolvedResponseType),
      clientStreams: method.requestStream === true,
      serverStreams: method.responseStream === true,
      comment: commentOf(method),
    };
    lines.push(`  ${JSON.stringify(value)},`);
  }
  lines.push("];", "");
  return lines.join("\n");
}
