// Writes the TypeScript of the messages of one .proto file.
import protobuf from "protobufjs";
import {
  fieldsOf,
  goName,
  isPlain,
  isRecursive,
  kindOf,
  messageTypeOf,
  MODULES,
  packagesOf,
  propertyName,
  suffixOf,
  typescriptOf,
  views,
  zeroOf,
  type FieldKind,
} from "./proto-model.js";

/** The code of one module, and which names it needs of others. */
export class ModuleWriter {
  readonly #lines: string[] = [];
  readonly #wire = new Set<string>();
  readonly #varint = new Set<string>();
  readonly #bytes = new Set<string>();
  readonly #foreign = new Map<string, Set<string>>();
  readonly #file: string;
  readonly #mergeable: ReadonlySet<protobuf.Type>;

  constructor(file: string, mergeable: ReadonlySet<protobuf.Type>) {
    this.#file = file;
    this.#mergeable = mergeable;
  }

  #use(name: string): string {
    if (["varintSize", "writeVarint", "bigVarintSize", "writeBigVarint"].includes(name)) {
      this.#varint.add(name);
    } else if (name === "writeLatin1") {
      this.#bytes.add(name);
    } else {
      this.#wire.add(name);
    }
    return name;
  }

  /** A function or type of another message, imported where needed. */
  #of(type: protobuf.Type, prefix: string): string {
    const name = prefix + type.name;
    const file = Object.keys(MODULES).find((known) => type.filename?.endsWith(known) === true);
    if (file !== undefined && file !== this.#file) {
      const module = MODULES[file] ?? "";
      const names = this.#foreign.get(module) ?? new Set();
      names.add(prefix === "" ? `type ${name}` : name);
      this.#foreign.set(module, names);
    }
    return name;
  }

  #line(text: string): void {
    this.#lines.push(text);
  }

  write(type: protobuf.Type): void {
    this.#writeInterface(type);
    this.#writeDecoder(type);
    this.#writeSize(type);
    this.#writeEncoder(type);
  }

  #typeOf(field: protobuf.Field): string {
    const inner = messageTypeOf(field);
    return inner === null ? typescriptOf[kindOf(field)] : this.#of(inner, "");
  }

  #writeInterface(type: protobuf.Type): void {
    for (const enumeration of type.nestedArray) {
      if (enumeration instanceof protobuf.Enum) {
        this.#writeEnum(enumeration, type.name);
      }
    }
    for (const oneof of type.oneofsArray) {
      this.#line(`export type ${type.name}${goName(oneof.name)} =`);
      for (const field of oneof.fieldsArray) {
        const kind = propertyName(field.name);
        this.#line(`  | { readonly kind: "${kind}"; readonly value: ${this.#typeOf(field)} }`);
      }
      this.#line("  ;");
    }
    this.#line(`export interface ${type.name} {`);
    for (const field of fieldsOf(type)) {
      if (field.partOf === null) {
        const orNull = kindOf(field) === "message" && !field.repeated ? " | null" : "";
        const array = field.repeated ? "[]" : "";
        if (views.has(field.fullName)) {
          this.#line("  /** Decoded, a view of the buffer: valid as long as that. */");
        }
        this.#line(`  ${propertyName(field.name)}: ${this.#typeOf(field)}${orNull}${array};`);
      }
    }
    for (const oneof of type.oneofsArray) {
      this.#line(`  ${propertyName(oneof.name)}: ${type.name}${goName(oneof.name)} | null;`);
    }
    this.#line("}");
    this.#line("");
    this.#line(`export function empty${type.name}(): ${type.name} {`);
    this.#line("  return {");
    for (const field of fieldsOf(type)) {
      if (field.partOf === null) {
        const zero = field.repeated ? "[]" : zeroOf[kindOf(field)];
        if (zero === "noBytes") {
          this.#use("noBytes");
        }
        this.#line(`    ${propertyName(field.name)}: ${zero},`);
      }
    }
    for (const oneof of type.oneofsArray) {
      this.#line(`    ${propertyName(oneof.name)}: null,`);
    }
    this.#line("  };");
    this.#line("}");
    this.#line("");
  }

  #writeEnum(enumeration: protobuf.Enum, prefix: string): void {
    const name = prefix + enumeration.name;
    this.#line(`export const ${name}: {`);
    for (const [key, value] of Object.entries(enumeration.values)) {
      this.#line(`  readonly ${key}: ${value};`);
    }
    this.#line("} = {");
    for (const [key, value] of Object.entries(enumeration.values)) {
      this.#line(`  ${key}: ${value},`);
    }
    this.#line("};");
    this.#line("");
  }

  writeTopLevelEnums(root: protobuf.Root): void {
    for (const namespace of packagesOf(root)) {
      for (const object of namespace.nestedArray) {
        if (object instanceof protobuf.Enum && object.filename?.endsWith(this.#file) === true) {
          this.#writeEnum(object, "");
        }
      }
    }
  }

  #writeDecoder(type: protobuf.Type): void {
    const shape = `shapeOf${type.name}`;
    const names = fieldsOf(type).map((field) => `${field.id}: "${goName(field.name)}"`);
    this.#line(`const ${shape}: ${this.#useType("Shape")} = {`);
    this.#line(`  name: "${type.name}",`);
    this.#line(`  fields: { ${names.join(", ")} },`);
    this.#line("};");
    this.#line("");
    this.#use("cursor");
    this.#use("readTag");
    this.#use("skipField");
    const recursive = isRecursive(type);
    const mergeable = this.#mergeable.has(type);
    this.#line(`export function decode${type.name}(`);
    this.#line("  buffer: Uint8Array,");
    this.#line("  start: number,");
    this.#line("  end: number,");
    if (recursive) {
      this.#line("  depth = 0,");
    }
    if (mergeable) {
      this.#line(`  message: ${type.name} = empty${type.name}(),`);
    }
    this.#line(`): ${type.name} {`);
    if (!mergeable) {
      this.#line(`  const message = empty${type.name}();`);
    }
    this.#line("  cursor.at = start;");
    this.#line("  while (cursor.at < end) {");
    this.#line("    const tag = readTag(buffer, end);");
    this.#line("    switch (tag) {");
    for (const field of fieldsOf(type)) {
      this.#writeFieldCases(field, recursive);
    }
    this.#line("      default:");
    this.#line(`        skipField(buffer, end, tag, ${shape});`);
    this.#line("    }");
    this.#line("  }");
    this.#line("  return message;");
    this.#line("}");
    this.#line("");
  }

  #useType(name: string): string {
    this.#wire.add(`type ${name}`);
    return name;
  }

  #writeFieldCases(field: protobuf.Field, recursive: boolean): void {
    const kind = kindOf(field);
    const inner = messageTypeOf(field);
    const lengthDelimited = ["latin1", "bytes", "string", "message"].includes(kind);
    const tag = field.id * 8 + (lengthDelimited ? 2 : 0);
    const target = `message.${propertyName(field.name)}`;
    const assign = (value: string): string => {
      if (field.partOf !== null) {
        const oneof = propertyName(field.partOf.name);
        return `message.${oneof} = { kind: "${propertyName(field.name)}", value: ${value} };`;
      }
      return field.repeated ? `${target}.push(${value});` : `${target} = ${value};`;
    };
    this.#line(`      case ${tag}: {`);
    if (inner === null) {
      const reader = views.has(field.fullName) ? "readView" : `read${suffixOf[kind]}`;
      this.#line(`        ${assign(`${this.#use(reader)}(buffer, end)`)}`);
    } else {
      this.#use("readEnd");
      this.#line("        const fieldEnd = readEnd(buffer, end);");
      let more = isRecursive(inner) ? `, ${recursive ? `${this.#use("deeper")}(depth)` : "0"}` : "";
      if (isPlain(field)) {
        more += `, ${target} ?? undefined`;
      }
      const decode = `${this.#of(inner, "decode")}(buffer, cursor.at, fieldEnd${more})`;
      this.#line(`        ${assign(decode)}`);
      this.#line("        cursor.at = fieldEnd;");
    }
    this.#line("        break;");
    this.#line("      }");
    if (field.repeated && !lengthDelimited) {
      this.#use("readEnd");
      this.#line(`      case ${field.id * 8 + 2}: {`);
      this.#line("        const fieldEnd = readEnd(buffer, end);");
      this.#line("        while (cursor.at < fieldEnd) {");
      this.#line(`          ${target}.push(read${suffixOf[kind]}(buffer, fieldEnd));`);
      this.#line("        }");
      this.#line("        break;");
      this.#line("      }");
    }
  }

  /** The size of a field's value with its length, without its tag. */
  #sizeOf(field: protobuf.Field, value: string): string {
    const kind = kindOf(field);
    const inner = messageTypeOf(field);
    switch (kind) {
      case "int64":
      case "int32":
        return `${this.#use("int64Size")}(${value})`;
      case "uint64":
      case "uint32":
        return `${this.#use("varintSize")}(${value})`;
      case "bigint64":
      case "biguint64":
        return `${this.#use("bigVarintSize")}(${value})`;
      case "bool":
        return "1";
      case "latin1":
      case "bytes":
        return `${this.#use("delimitedSize")}(${value}.length)`;
      case "string":
        return `${this.#use("delimitedSize")}(${this.#use("utf8Size")}(${value}))`;
      case "message":
        if (inner === null) {
          throw new Error("a message field without a message type");
        }
        return `${this.#use("delimitedSize")}(${this.#of(inner, "size")}(${value}))`;
    }
  }

  /** The condition under which a plain field is written. */
  #isSet(field: protobuf.Field, value: string): string {
    switch (kindOf(field)) {
      case "bool":
        return value;
      case "bytes":
        return `${value}.length > 0`;
      case "message":
        return `${value} !== null`;
      default:
        return `${value} !== ${zeroOf[kindOf(field)]}`;
    }
  }

  #writeSize(type: protobuf.Type): void {
    const fields = fieldsOf(type);
    const argument = fields.length === 0 ? "_message" : "message";
    this.#line(`export function size${type.name}(${argument}: ${type.name}): number {`);
    if (fields.length === 0) {
      this.#line("  return 0;");
      this.#line("}");
      this.#line("");
      return;
    }
    this.#line("  let size = 0;");
    this.#eachField(type, (field, value, indent) => {
      const bytes =
        value === "packed" ? `${this.#use("delimitedSize")}(packed)` : this.#sizeOf(field, value);
      this.#line(`${indent}size += ${this.#tagSize(field)} + ${bytes};`);
    });
    this.#line("  return size;");
    this.#line("}");
    this.#line("");
  }

  #tagSize(field: protobuf.Field): number {
    return field.id < 16 ? 1 : 2;
  }

  /** Walks the fields in the order they are written, under the conditions that they are. */
  #eachField(
    type: protobuf.Type,
    emit: (field: protobuf.Field, value: string, indent: string) => void,
  ): void {
    const done = new Set<protobuf.OneOf>();
    for (const field of fieldsOf(type)) {
      const property = `message.${propertyName(field.name)}`;
      if (field.partOf !== null) {
        if (!done.has(field.partOf)) {
          done.add(field.partOf);
          this.#eachOneof(field.partOf, emit);
        }
      } else if (!field.repeated) {
        this.#line(`  if (${this.#isSet(field, property)}) {`);
        emit(field, property, "    ");
        this.#line("  }");
      } else if (["latin1", "bytes", "string", "message"].includes(kindOf(field))) {
        this.#line(`  for (const value of ${property}) {`);
        emit(field, "value", "    ");
        this.#line("  }");
      } else {
        this.#line(`  if (${property}.length > 0) {`);
        this.#line("    let packed = 0;");
        this.#line(`    for (const value of ${property}) {`);
        this.#line(`      packed += ${this.#sizeOf(field, "value")};`);
        this.#line("    }");
        emit(field, "packed", "    ");
        this.#line("  }");
      }
    }
  }

  #eachOneof(
    oneof: protobuf.OneOf,
    emit: (field: protobuf.Field, value: string, indent: string) => void,
  ): void {
    const name = propertyName(oneof.name);
    this.#line(`  const ${name} = message.${name};`);
    this.#line(`  switch (${name}?.kind) {`);
    for (const field of oneof.fieldsArray) {
      this.#line(`    case "${propertyName(field.name)}":`);
      emit(field, `${name}.value`, "      ");
      this.#line("      break;");
    }
    this.#line("    case undefined:");
    this.#line("      break;");
    this.#line("  }");
  }

  #writeEncoder(type: protobuf.Type): void {
    const fields = fieldsOf(type);
    const empty = fields.length === 0;
    this.#line(`export function write${type.name}(`);
    this.#line(`  ${empty ? "_target" : "target"}: Uint8Array,`);
    this.#line("  start: number,");
    this.#line(`  ${empty ? "_message" : "message"}: ${type.name},`);
    this.#line("): number {");
    this.#line(empty ? "  return start;" : "  let at = start;");
    if (!empty) {
      this.#eachField(type, (field, value, indent) => {
        this.#writeField(field, value, indent);
      });
      this.#line("  return at;");
    }
    this.#line("}");
    this.#line("");
  }

  #writeField(field: protobuf.Field, value: string, indent: string): void {
    const kind = kindOf(field);
    const packed = value === "packed";
    const lengthDelimited = packed || ["latin1", "bytes", "string", "message"].includes(kind);
    this.#writeTag(field.id * 8 + (lengthDelimited ? 2 : 0), indent);
    const out = (text: string): void => {
      this.#line(indent + text);
    };
    if (packed) {
      this.#use("writeVarint");
      out("at = writeVarint(target, at, packed);");
      out(`for (const value of message.${propertyName(field.name)}) {`);
      this.#writeNumber(kind, "value", `${indent}  `);
      out("}");
      return;
    }
    const inner = messageTypeOf(field);
    switch (kind) {
      case "bool":
        out(`target[at] = ${value} ? 1 : 0;`);
        out("at += 1;");
        break;
      case "latin1":
        this.#use("writeVarint");
        out(`at = writeVarint(target, at, ${value}.length);`);
        out(`at = ${this.#use("writeLatin1")}(target, at, ${value});`);
        break;
      case "bytes":
        this.#use("writeVarint");
        out(`at = writeVarint(target, at, ${value}.length);`);
        out(`target.set(${value}, at);`);
        out(`at += ${value}.length;`);
        break;
      case "string":
        this.#use("writeVarint");
        out(`at = writeVarint(target, at, utf8Size(${value}));`);
        out(`at = ${this.#use("writeUtf8")}(target, at, ${value});`);
        break;
      case "message":
        if (inner !== null) {
          this.#use("writeVarint");
          out(`at = writeVarint(target, at, ${this.#of(inner, "size")}(${value}));`);
          out(`at = ${this.#of(inner, "write")}(target, at, ${value});`);
        }
        break;
      default:
        this.#writeNumber(kind, value, indent);
    }
  }

  #writeTag(tag: number, indent: string): void {
    if (tag < 0x80) {
      this.#line(`${indent}target[at] = ${tag};`);
      this.#line(`${indent}at += 1;`);
    } else {
      this.#line(`${indent}target[at] = ${(tag & 0x7f) | 0x80};`);
      this.#line(`${indent}target[at + 1] = ${tag >>> 7};`);
      this.#line(`${indent}at += 2;`);
    }
  }

  #writeNumber(kind: FieldKind, value: string, indent: string): void {
    switch (kind) {
      case "int64":
      case "int32":
        this.#use("writeInt64");
        this.#line(`${indent}at = writeInt64(target, at, ${value});`);
        break;
      case "uint64":
      case "uint32":
        this.#use("writeVarint");
        this.#line(`${indent}at = writeVarint(target, at, ${value});`);
        break;
      case "bigint64":
      case "biguint64":
        this.#use("writeBigVarint");
        this.#line(`${indent}at = writeBigVarint(target, at, ${value});`);
        break;
      default:
        throw new Error(`${kind} is no number`);
    }
  }

  text(): string {
    const head = [
      `// Made by scripts/generate-codecs.ts from proto/${this.#file}: change that file, not this one.`,
    ];
    const imports = (names: Iterable<string>, from: string): void => {
      const sorted = [...names].sort((a, b) => {
        const bare = (name: string): string => name.replace("type ", "");
        return bare(a) < bare(b) ? -1 : 1;
      });
      if (sorted.length > 0) {
        head.push(`import { ${sorted.join(", ")} } from "${from}";`);
      }
    };
    imports(this.#bytes, "../../lib/bytes.js");
    imports(this.#varint, "../../lib/varint.js");
    imports(this.#wire, "../wire.js");
    for (const [module, names] of [...this.#foreign].sort(([a], [b]) => (a < b ? -1 : 1))) {
      imports(names, `./${module}.js`);
    }
    return `${head.join("\n")}\n\n${this.#lines.join("\n").trimEnd()}\n`;
  }
}
