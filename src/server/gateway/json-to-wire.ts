// A message as JSON → its protobuf bytes, by the rules of protojson as etcd 3.6's gateway sets it: names as in the .proto
// file or in camel case, unknown names ignored, 64-bit numbers as strings or numbers, bytes as base64 of either alphabet.
import { assert } from "../../lib/assert.js";
import { utf8Bytes } from "../../lib/bytes.js";
import type { FieldDescriptor, FieldKind } from "../../etcd/descriptor.js";
import { enumValues, messageFields } from "../../etcd/gen/descriptors.js";
import { BackwardWriter } from "./backward-writer.js";
import { JsonFault, type JsonMember, type JsonValue } from "./json-reader.js";

/** A name in camel case, as protobuf makes it. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Fields of each message by the names that JSON may use. */
const fieldsByName: ReadonlyMap<string, ReadonlyMap<string, FieldDescriptor>> = new Map(
  [...messageFields].map(([type, fields]) => [
    type,
    new Map(
      fields.flatMap((field) => [
        [field.name, field],
        [camelCase(field.name), field],
      ]),
    ),
  ]),
);

const RANGES: Readonly<Record<"int32" | "uint32" | "int64" | "uint64", readonly [bigint, bigint]>> =
  {
    int32: [-(2n ** 31n), 2n ** 31n - 1n],
    uint32: [0n, 2n ** 32n - 1n],
    int64: [-(2n ** 63n), 2n ** 63n - 1n],
    uint64: [0n, 2n ** 64n - 1n],
  };

function invalid(field: FieldDescriptor): JsonFault {
  const kind = field.kind === "message" ? "message" : `${field.kind} field`;
  return new JsonFault(`proto: invalid value for ${kind} ${field.name}`);
}

/** Numbers longer than this are out of every range, whatever their exponent says. */
const NUMBER_CHARS_MAX = 64;

/** The integer that a JSON number stands for ("1e3" is 1000); null if it is none. */
function integerOf(text: string): bigint | null {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text);
  if (match === null || text.length > NUMBER_CHARS_MAX) {
    return null;
  }
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > NUMBER_CHARS_MAX) {
    return null;
  }
  const digits = whole + fraction;
  const scale = exponent - fraction.length;
  const padded = scale >= 0 ? digits + "0".repeat(scale) : digits.padStart(-scale + 1, "0");
  const cut = scale >= 0 ? padded.length : padded.length + scale;
  if (/[1-9]/.test(padded.slice(cut))) {
    return null;
  }
  const value = BigInt(padded.slice(0, cut));
  return sign === "-" ? -value : value;
}

function readInteger(field: FieldDescriptor, value: JsonValue, kind: keyof typeof RANGES): bigint {
  const isNumeric = value.kind === "number" || value.kind === "string";
  const integer = isNumeric ? integerOf(value.kind === "number" ? value.text : value.value) : null;
  const [lowest, highest] = RANGES[kind];
  if (integer === null || integer < lowest || integer > highest) {
    throw invalid(field);
  }
  return integer;
}

/** Null: a name that this version does not know, which counts as unset, as unknown fields do. */
function readEnum(field: FieldDescriptor, value: JsonValue): bigint | null {
  if (value.kind === "string") {
    const number = enumValues.get(field.type)?.get(value.value);
    return number === undefined ? null : BigInt(number);
  }
  if (value.kind !== "number") {
    throw invalid(field);
  }
  return readInteger(field, value, "int32");
}

function readBase64(field: FieldDescriptor, value: JsonValue): Uint8Array {
  if (value.kind !== "string") {
    throw invalid(field);
  }
  // As Go decodes it: padded if the length is a multiple of four, unpadded else; line ends within are nothing.
  const isPadded = value.value.length % 4 === 0;
  const text = value.value.replace(/[\r\n]/g, "");
  const alphabet = /[-_]/.test(text) ? /^[A-Za-z0-9_-]*(={0,2})$/ : /^[A-Za-z0-9+/]*(={0,2})$/;
  const padding = alphabet.exec(text)?.[1];
  const fits = isPadded ? text.length % 4 === 0 : padding === "" && text.length % 4 !== 1;
  if (padding === undefined || !fits) {
    throw invalid(field);
  }
  return Buffer.from(text, "base64");
}

function isPacked(kind: FieldKind): boolean {
  return kind !== "string" && kind !== "bytes" && kind !== "message";
}

/** A varint's value; null if it is not to be written. */
function readVarintField(field: FieldDescriptor, value: JsonValue): bigint | null {
  switch (field.kind) {
    case "bool":
      if (value.kind !== "boolean") {
        throw invalid(field);
      }
      return value.value ? 1n : 0n;
    case "enum":
      return readEnum(field, value);
    case "int32":
    case "uint32":
    case "int64":
    case "uint64":
      return readInteger(field, value, field.kind);
    default:
      assert(false, `a ${field.kind} is no varint`);
  }
}

function writeVarintValue(writer: BackwardWriter, value: bigint): void {
  if (value >= 0n && value <= 0xffffffffn) {
    writer.varint(Number(value));
  } else {
    writer.bigVarint(value);
  }
}

/** `keepsZero`: a zero is written too, because it says which member of a oneof is set, or is an element of a list. */
function writeSingle(
  writer: BackwardWriter,
  field: FieldDescriptor,
  value: JsonValue,
  keepsZero: boolean,
): void {
  if (isPacked(field.kind)) {
    const number = readVarintField(field, value);
    if (number !== null && (number !== 0n || keepsZero)) {
      writeVarintValue(writer, number);
      writer.tag(field.number, 0);
    }
    return;
  }
  const before = writer.length;
  if (field.kind === "message") {
    writeMessage(writer, field.type, value, field);
  } else if (field.kind === "bytes") {
    writer.raw(readBase64(field, value));
  } else if (value.kind === "string") {
    writer.raw(utf8Bytes(value.value));
  } else {
    throw invalid(field);
  }
  const bytes = writer.length - before;
  if (bytes > 0 || keepsZero || field.kind === "message") {
    writer.varint(bytes);
    writer.tag(field.number, 2);
  }
}

function writeRepeated(writer: BackwardWriter, field: FieldDescriptor, value: JsonValue): void {
  if (value.kind !== "array") {
    throw invalid(field);
  }
  const before = writer.length;
  for (let i = value.items.length - 1; i >= 0; i -= 1) {
    const item = value.items[i] as JsonValue;
    if (item.kind === "null") {
      throw invalid(field);
    }
    if (isPacked(field.kind)) {
      const number = readVarintField(field, item);
      if (number !== null) {
        writeVarintValue(writer, number);
      }
    } else {
      writeSingle(writer, field, item, true);
    }
  }
  if (isPacked(field.kind) && writer.length > before) {
    writer.varint(writer.length - before);
    writer.tag(field.number, 2);
  }
}

/** Members with their fields; throws for what is set twice. */
function fieldsOf(
  type: string,
  members: readonly JsonMember[],
): readonly (readonly [FieldDescriptor, JsonValue])[] {
  const byName = fieldsByName.get(type);
  assert(byName !== undefined, `the message ${type} is described`);
  const set = new Set<string>();
  const found: (readonly [FieldDescriptor, JsonValue])[] = [];
  for (const { name, value } of members) {
    const field = byName.get(name);
    if (field === undefined) {
      continue;
    }
    if (set.has(field.name)) {
      throw new JsonFault(`proto: duplicate field ${name}`);
    }
    set.add(field.name);
    if (value.kind === "null") {
      continue;
    }
    if (field.oneof !== "") {
      // No field has such a name.
      const oneof = `oneof ${field.oneof}`;
      if (set.has(oneof)) {
        throw new JsonFault(`proto: ${name}: ${oneof} is already set`);
      }
      set.add(oneof);
    }
    found.push([field, value]);
  }
  return found;
}

function writeMessage(
  writer: BackwardWriter,
  type: string,
  value: JsonValue,
  within: FieldDescriptor | null,
): void {
  if (value.kind !== "object") {
    throw within === null
      ? new JsonFault(`proto: a ${type} must be a JSON object`)
      : invalid(within);
  }
  const fields = fieldsOf(type, value.members);
  for (let i = fields.length - 1; i >= 0; i -= 1) {
    const [field, fieldValue] = fields[i] as (typeof fields)[number];
    if (field.repeated) {
      writeRepeated(writer, field, fieldValue);
    } else {
      writeSingle(writer, field, fieldValue, field.oneof !== "");
    }
  }
}

/** The protobuf bytes of a message of `type`. Throws a JsonFault. */
export function jsonToWire(type: string, value: JsonValue): Uint8Array {
  const writer = new BackwardWriter();
  writeMessage(writer, type, value, null);
  return writer.bytes;
}
