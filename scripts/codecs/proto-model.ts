// What the code generator knows of the protocol files: their messages, and how each field is held.
import { join } from "node:path";
import protobuf from "protobufjs";

/** Each .proto file and the module made from it. */
export const MODULES: Readonly<Record<string, string>> = {
  "etcd/kv.proto": "kv",
  "etcd/auth.proto": "auth",
  "etcd/rpc.proto": "rpc",
  "etcd/v3lock.proto": "v3lock",
  "etcd/v3election.proto": "v3election",
  "grpc/health.proto": "health",
  "t4/admin.proto": "admin",
};

/** 64-bit fields that hold identifiers, of which clients use all bits. All others are counted: numbers. */
const identifiers = new Set([
  "cluster_id",
  "member_id",
  "memberID",
  "lease",
  "leader",
  "ID",
  "targetID",
  "watch_id",
]);

/** Bytes fields that hold keys or parts of keys: latin1 strings. */
const keys = new Set(["key", "range_end", "keys", "name"]);

/** Bytes fields that are not copied out of the buffer: whoever keeps the message copies them, or has done with it. */
export const views: ReadonlySet<string> = new Set([".etcdserverpb.PutRequest.value"]);

export type FieldKind =
  | "int64"
  | "uint64"
  | "bigint64"
  | "biguint64"
  | "int32"
  | "uint32"
  | "bool"
  | "latin1"
  | "bytes"
  | "string"
  | "message";

/** How a field is held in the interfaces. */
export function kindOf(field: protobuf.Field): FieldKind {
  switch (field.type) {
    case "int64":
      return identifiers.has(field.name) ? "bigint64" : "int64";
    case "uint64":
      return identifiers.has(field.name) ? "biguint64" : "uint64";
    case "uint32":
    case "bool":
    case "string":
      return field.type;
    case "bytes":
      return keys.has(field.name) ? "latin1" : "bytes";
    default:
      if (field.resolvedType instanceof protobuf.Enum) {
        return "int32";
      }
      if (field.resolvedType instanceof protobuf.Type) {
        return "message";
      }
      throw new Error(`no codec for ${field.fullName} of type ${field.type}`);
  }
}

/** A name in the interfaces: proto's, without underscores. */
export function propertyName(name: string): string {
  return name.replace(/_+([a-zA-Z])/g, (_, letter: string) => letter.toUpperCase());
}

export function goName(name: string): string {
  const property = propertyName(name);
  return property.charAt(0).toUpperCase() + property.slice(1);
}

export function loadProtos(protoDirectory: string): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_, target) => join(protoDirectory, target);
  root.loadSync(Object.keys(MODULES), {
    keepCase: true,
    alternateCommentMode: true,
  });
  root.resolveAll();
  return root;
}

/** Every message of a .proto file, nested ones after their parent. */
export function messagesOf(root: protobuf.Root, file: string): protobuf.Type[] {
  const found: protobuf.Type[] = [];
  const visit = (namespace: protobuf.NamespaceBase): void => {
    for (const object of namespace.nestedArray) {
      if (object instanceof protobuf.Type && object.filename?.endsWith(file) === true) {
        found.push(object);
      }
      if (object instanceof protobuf.Namespace) {
        visit(object);
      }
    }
  };
  visit(root);
  return found;
}

export const isPlain = (field: protobuf.Field): boolean => field.partOf === null && !field.repeated;

export function fieldsOf(type: protobuf.Type): protobuf.Field[] {
  return [...type.fieldsArray].sort((a, b) => a.id - b.id);
}

export function messageTypeOf(field: protobuf.Field): protobuf.Type | null {
  return field.resolvedType instanceof protobuf.Type ? field.resolvedType : null;
}

/** Whether a message can contain itself. */
export function isRecursive(type: protobuf.Type): boolean {
  const seen = new Set<protobuf.Type>();
  const reaches = (from: protobuf.Type): boolean =>
    from.fieldsArray.some((field) => {
      const inner = messageTypeOf(field);
      if (inner === null || seen.has(inner)) {
        return false;
      }
      seen.add(inner);
      return inner === type || reaches(inner);
    });
  return reaches(type);
}

export function packagesOf(root: protobuf.Root): protobuf.NamespaceBase[] {
  const found: protobuf.NamespaceBase[] = [];
  const visit = (namespace: protobuf.NamespaceBase): void => {
    found.push(namespace);
    for (const object of namespace.nestedArray) {
      if (object instanceof protobuf.Namespace && !(object instanceof protobuf.Type)) {
        visit(object);
      }
    }
  };
  visit(root);
  return found;
}

/** What the readers of wire.ts are called for a kind. */
export const suffixOf: Readonly<Record<FieldKind, string>> = {
  int64: "Int64",
  uint64: "Uint64",
  bigint64: "BigInt64",
  biguint64: "BigUint64",
  int32: "Int32",
  uint32: "Uint32",
  bool: "Bool",
  latin1: "Latin1",
  bytes: "Bytes",
  string: "String",
  message: "",
};

export const typescriptOf: Readonly<Record<FieldKind, string>> = {
  int64: "number",
  uint64: "number",
  bigint64: "bigint",
  biguint64: "bigint",
  int32: "number",
  uint32: "number",
  bool: "boolean",
  latin1: "string",
  bytes: "Uint8Array",
  string: "string",
  message: "",
};

export const zeroOf: Readonly<Record<FieldKind, string>> = {
  int64: "0",
  uint64: "0",
  bigint64: "0n",
  biguint64: "0n",
  int32: "0",
  uint32: "0",
  bool: "false",
  latin1: '""',
  bytes: "noBytes",
  string: '""',
  message: "null",
};
