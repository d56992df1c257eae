// A message's protobuf bytes → JSON, as etcd's gateway writes it: names as in the .proto file, fields in its order, those
// that hold their zero left out, 64-bit numbers as strings, bytes as base64, enums by name.
// Nesting is not counted: the bytes are our own, and an answer is no deeper than the request was, which is checked.
import { assert, unreachable } from "../../lib/assert.js";
import type { FieldDescriptor } from "../../etcd/descriptor.js";
import { enumValues, messageFields } from "../../etcd/gen/descriptors.js";
import {
  cursor,
  readBigInt64,
  readBigUint64,
  readBool,
  readEnd,
  readInt32,
  readString,
  readTag,
  readUint32,
  skipField,
} from "../../etcd/wire.js";

interface Plan {
  readonly fields: readonly FieldDescriptor[];
  /** Place of each field in `fields`, by number. */
  readonly places: ReadonlyMap<number, number>;
  /** The name as it stands before a value. */
  readonly heads: readonly string[];
}

const plans: ReadonlyMap<string, Plan> = new Map(
  [...messageFields].map(([type, fields]) => [
    type,
    {
      fields,
      places: new Map(fields.map((field, place) => [field.number, place])),
      heads: fields.map((field) => `${JSON.stringify(field.name)}:`),
    },
  ]),
);

const enumNames: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map(
  [...enumValues].map(([type, values]) => [
    type,
    new Map([...values].map(([name, number]) => [number, JSON.stringify(name)])),
  ]),
);

type Base64Slice = (this: Uint8Array, start: number, end: number) => string;
const { base64Slice } = Buffer.prototype as unknown as { base64Slice: Base64Slice };

const noShape = { name: "message", fields: {} };

/** Reads one value, the cursor behind its tag or, of a packed list, behind the value before. */
function readValue(field: FieldDescriptor, buffer: Uint8Array, end: number): string {
  switch (field.kind) {
    case "int64":
      return `"${readBigInt64(buffer, end)}"`;
    case "uint64":
      return `"${readBigUint64(buffer, end)}"`;
    case "int32":
      return String(readInt32(buffer, end));
    case "uint32":
      return String(readUint32(buffer, end));
    case "bool":
      return readBool(buffer, end) ? "true" : "false";
    case "enum": {
      const number = readInt32(buffer, end);
      return enumNames.get(field.type)?.get(number) ?? String(number);
    }
    case "string":
      return JSON.stringify(readString(buffer, end));
    case "bytes": {
      const fieldEnd = readEnd(buffer, end);
      const start = cursor.at;
      cursor.at = fieldEnd;
      return `"${base64Slice.call(buffer, start, fieldEnd)}"`;
    }
    case "message": {
      const fieldEnd = readEnd(buffer, end);
      const text = messageText(field.type, buffer, cursor.at, fieldEnd);
      cursor.at = fieldEnd;
      return text;
    }
    default:
      return unreachable(field.kind);
  }
}

/** Whether a value is left out where nothing says that the field is set. */
function isZero(field: FieldDescriptor, text: string): boolean {
  switch (field.kind) {
    case "int64":
    case "uint64":
      return text === '"0"';
    case "int32":
    case "uint32":
      return text === "0";
    case "bool":
      return text === "false";
    case "enum":
      return text === (enumNames.get(field.type)?.get(0) ?? "0");
    case "string":
    case "bytes":
      return text === '""';
    case "message":
      return false;
    default:
      return unreachable(field.kind);
  }
}

function messageText(type: string, buffer: Uint8Array, start: number, end: number): string {
  const plan = plans.get(type);
  assert(plan !== undefined, `the message ${type} is described`);
  const values: (string | undefined)[] = [];
  cursor.at = start;
  while (cursor.at < end) {
    const tag = readTag(buffer, end);
    const place = plan.places.get(tag >>> 3);
    if (place === undefined) {
      skipField(buffer, end, tag, noShape);
      continue;
    }
    const field = plan.fields[place] as FieldDescriptor;
    if (!field.repeated) {
      values[place] = readValue(field, buffer, end);
      continue;
    }
    let list = values[place] ?? "";
    const isPacked = (tag & 7) === 2 && !["string", "bytes", "message"].includes(field.kind);
    // One that is not packed ends behind its one value.
    const listEnd = isPacked ? readEnd(buffer, end) : cursor.at + 1;
    while (cursor.at < listEnd) {
      list += `${list === "" ? "" : ","}${readValue(field, buffer, end)}`;
    }
    values[place] = list;
  }
  return joined(plan, values);
}

function joined(plan: Plan, values: readonly (string | undefined)[]): string {
  let text = "";
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place];
    const field = plan.fields[place] as FieldDescriptor;
    if (value === undefined || (!field.repeated && field.oneof === "" && isZero(field, value))) {
      continue;
    }
    const head = plan.heads[place] ?? "";
    text += `${text === "" ? "" : ","}${head}${field.repeated ? `[${value}]` : value}`;
  }
  return `{${text}}`;
}

/** The JSON of a message of `type`. Throws a MalformedMessage for bytes that are none. */
export function wireToJson(type: string, bytes: Uint8Array, start: number, end: number): string {
  return messageText(type, bytes, start, end);
}
