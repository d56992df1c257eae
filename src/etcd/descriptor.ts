// What a program needs to know of the protocol's messages and methods to handle any of them without code of its own: the
// JSON gateway does. The values are generated (gen/descriptors.ts).

export type FieldKind =
  "int64" | "uint64" | "int32" | "uint32" | "bool" | "string" | "bytes" | "enum" | "message";

export interface FieldDescriptor {
  readonly number: number;
  /** As in the .proto file. */
  readonly name: string;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** Full name of the field's message or enum type; "" if it has none. */
  readonly type: string;
  /** The oneof it belongs to; "" if to none. */
  readonly oneof: string;
  /** etcd's own words on it. */
  readonly comment: string;
}

export interface MethodDescriptor {
  /** Full path: "/etcdserverpb.KV/Range". */
  readonly path: string;
  readonly request: string;
  readonly response: string;
  readonly clientStreams: boolean;
  readonly serverStreams: boolean;
  readonly comment: string;
}
