// JSON ⇄ protobuf for every message there is: round trips, agreement with protobufjs, the forms that protojson accepts, and
// what is malformed.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type protobuf from "protobufjs";
import fc from "../../../test/support/fast-check.js";
import { loadProtos } from "../../../scripts/codecs/proto-model.js";
import { repositoryPath } from "../../../test/support/paths.js";
import type { FieldDescriptor } from "../../etcd/descriptor.js";
import { enumValues, messageFields, methodDescriptors } from "../../etcd/gen/descriptors.js";
import { JSON_DEPTH_MAX, JsonFault, type JsonValue, readFirstJson } from "./json-reader.js";
import { JsonSplitter } from "./json-splitter.js";
import { camelCase, jsonToWire } from "./json-to-wire.js";
import { ROUTE_PATHS, STREAM_PATHS } from "./route-table.js";
import { gatewayRoutes, METHODS_WITHOUT_ROUTE } from "./routes.js";
import { wireToJson } from "./wire-to-json.js";

const root = loadProtos(repositoryPath("proto"));

const bytesOf = (text: string): Uint8Array => Buffer.from(text, "utf8");

function toWire(type: string, json: string): Uint8Array {
  const value = readFirstJson(bytesOf(json));
  assert.ok(value !== null);
  return jsonToWire(type, value);
}

const toJson = (type: string, bytes: Uint8Array): string =>
  wireToJson(type, bytes, 0, bytes.length);

/** Plain JSON of one field's value as the gateway writes it: without zeros where those are left out. */
function valueOf(field: FieldDescriptor, depth: number): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case "int64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
    case "uint64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
    case "int32":
      return fc.integer();
    case "uint32":
      return fc.nat(0xffffffff);
    case "bool":
      return fc.boolean();
    case "string":
      return fc.oneof(fc.string({ unit: "grapheme", maxLength: 8 }), fc.constant("0"));
    case "bytes":
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    case "enum":
      return fc.constantFrom<unknown>(...(enumValues.get(field.type)?.keys() ?? []), 77);
    case "message":
      return messageOf(field.type, depth + 1);
  }
}

function isZero(field: FieldDescriptor, value: unknown): boolean {
  switch (field.kind) {
    case "int64":
    case "uint64":
      return value === "0";
    case "int32":
    case "uint32":
      return value === 0;
    case "bool":
      return value === false;
    case "enum":
      return enumValues.get(field.type)?.get(value as string) === 0;
    case "string":
    case "bytes":
      return value === "";
    case "message":
      return false;
  }
}

/** JSON of a message as the gateway writes it. */
function messageOf(type: string, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const fields = messageFields.get(type)!.filter(({ kind }) => depth < 4 || kind !== "message");
  const arbitraries = fields.map((field) => {
    const value = field.repeated
      ? fc.array(valueOf(field, depth), { minLength: 1, maxLength: 3 })
      : valueOf(field, depth);
    return fc.option(value, { nil: undefined });
  });
  return fc.tuple(...arbitraries, fc.nat()).map((values) => {
    const message: Record<string, unknown> = {};
    const set = new Set<string>();
    for (const [i, field] of fields.entries()) {
      const value = values[i];
      const isTaken = field.oneof !== "" && set.has(field.oneof);
      const isLeftOut = !field.repeated && field.oneof === "" && isZero(field, value);
      if (value === undefined || isTaken || isLeftOut) {
        continue;
      }
      set.add(field.oneof);
      message[field.name] = value;
    }
    return message;
  });
}

const types = [...messageFields.keys()];
const anyMessage = fc
  .constantFrom(...types)
  .chain((type) => messageOf(type).map((message) => ({ type, message })));

function lookUp(type: string): protobuf.Type {
  return root.lookupType(type);
}

suite("every message", () => {
  test("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(anyMessage, ({ type, message }) => {
        const json = JSON.stringify(message);
        assert.equal(toJson(type, toWire(type, json)), json);
      }),
      { numRuns: 1000 },
    );
  });

  test("has the bytes of protobufjs, in both directions", () => {
    fc.assert(
      fc.property(anyMessage, ({ type, message }) => {
        const theirs = lookUp(type);
        const decoded = theirs.decode(toWire(type, JSON.stringify(message)));
        const shown = theirs.toObject(decoded, {
          longs: String,
          bytes: String,
          enums: String,
          oneofs: false,
        });
        // What they hold, written by them, is what we read.
        const encoded = theirs.encode(decoded).finish();
        assert.deepEqual(JSON.parse(toJson(type, encoded)), message);
        // And they read what we wrote: nothing is lost, nothing is added.
        assert.deepEqual(jsonWithoutZeros(type, shown), message);
      }),
      { numRuns: 1000 },
    );
  });

  test("is also read with names in camel case, numbers as numbers, enums by number, base64 as URLs have it", () => {
    fc.assert(
      fc.property(anyMessage, ({ type, message }) => {
        const other = JSON.stringify(loosened(type, message)).replace(/"@number:(-?\d+)"/g, "$1");
        assert.deepEqual(
          Buffer.from(toWire(type, other)),
          Buffer.from(toWire(type, JSON.stringify(message))),
        );
      }),
      { numRuns: 500 },
    );
  });
});

/** What protobufjs shows, without the zeros that it shows of fields that are set to them. */
function jsonWithoutZeros(type: string, shown: Record<string, unknown>): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const field of messageFields.get(type)!) {
    const value = shown[field.name];
    if (value === undefined || (!field.repeated && field.oneof === "" && isZero(field, value))) {
      continue;
    }
    const each = (one: unknown): unknown =>
      field.kind === "message" ? jsonWithoutZeros(field.type, one as Record<string, unknown>) : one;
    message[field.name] = field.repeated ? (value as unknown[]).map(each) : each(value);
  }
  return message;
}

/**
 * The same message in the other forms that are accepted. "@number:…", longer than any text of a message, stands for a number
 * as a number.
 */
function loosened(type: string, message: Record<string, unknown>): Record<string, unknown> {
  const other: Record<string, unknown> = {};
  for (const field of messageFields.get(type)!) {
    const value = message[field.name];
    if (value === undefined) {
      continue;
    }
    const each = (one: unknown): unknown => {
      switch (field.kind) {
        case "message":
          return loosened(field.type, one as Record<string, unknown>);
        case "int64":
        case "uint64":
          return `@number:${String(one)}`;
        case "int32":
        case "uint32":
          return String(one);
        case "enum":
          return enumValues.get(field.type)?.get(one as string) ?? one;
        case "bytes":
          return (one as string).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
        default:
          return one;
      }
    };
    other[camelCase(field.name)] = field.repeated ? (value as unknown[]).map(each) : each(value);
    other[`unknown_${field.name}`] = [{ deep: [1, null, "x"] }];
  }
  return other;
}

suite("forms of values", () => {
  const type = "etcdserverpb.RangeRequest";
  const limitOf = (json: string): unknown => {
    const { limit = "0" } = JSON.parse(toJson(type, toWire(type, `{"limit":${json}}`))) as {
      limit?: string;
    };
    return limit;
  };

  test("integers in any notation", () => {
    assert.equal(limitOf("1e3"), "1000");
    assert.equal(limitOf('"1000"'), "1000");
    assert.equal(limitOf("1.50E1"), "15");
    assert.equal(limitOf("1500e-2"), "15");
    assert.equal(limitOf("-0"), "0");
    assert.equal(limitOf("null"), "0");
    assert.equal(limitOf("9223372036854775807"), "9223372036854775807");
    assert.equal(limitOf('"-9223372036854775808"'), "-9223372036854775808");
    for (const bad of [
      '""',
      '" 1"',
      '"1 "',
      "1.5",
      "9223372036854775808",
      '"0x10"',
      "true",
      "[]",
      "{}",
      "1e99999999999",
      '"1_0"',
    ]) {
      assert.throws(() => limitOf(bad), JsonFault, bad);
    }
  });

  test("base64 as Go takes it", () => {
    const keyOf = (text: string): string =>
      Buffer.from(
        (JSON.parse(toJson(type, toWire(type, JSON.stringify({ key: text })))) as { key?: string })
          .key ?? "",
        "base64",
      ).toString("latin1");
    assert.equal(keyOf("Zm9v"), "foo");
    assert.equal(keyOf("Zm8="), "fo");
    assert.equal(keyOf("Zm8"), "fo");
    assert.equal(keyOf("-_8="), "\xfb\xff");
    assert.equal(keyOf("-_8"), "\xfb\xff");
    assert.equal(keyOf("Zm9v\nZm9v\r\n"), "foofoo");
    assert.equal(keyOf(""), "");
    for (const bad of ["Z", "Zm9v=", "Zm8==", "=", "!!!!", "Zm+_", "Zm 8", "Zm9vé"]) {
      assert.throws(() => keyOf(bad), JsonFault, bad);
    }
    assert.throws(() => toWire(type, '{"key":5}'), JsonFault);
  });

  test("what is set twice is refused, what is unknown is ignored", () => {
    assert.throws(() => toWire(type, '{"range_end":"","rangeEnd":""}'), /duplicate field/);
    assert.throws(() => toWire(type, '{"key":"","key":""}'), /duplicate field/);
    const operation = "etcdserverpb.RequestOp";
    assert.throws(
      () => toWire(operation, '{"request_put":{},"request_range":{}}'),
      /oneof request is already set/,
    );
    assert.equal(
      toJson(operation, toWire(operation, '{"request_put":{},"requestTxn":null}')),
      '{"request_put":{}}',
    );
    assert.equal(toJson(type, toWire(type, '{"x":{"y":[1e999]},"sort_order":"SIDEWAYS"}')), "{}");
  });

  test("values of the wrong kind are refused", () => {
    const put = "etcdserverpb.PutRequest";
    for (const bad of ['{"prev_kv":"true"}', '{"prev_kv":1}', "[]", "5", '"x"', "null", "true"]) {
      assert.throws(() => toWire(put, bad), JsonFault, bad);
    }
    const txn = "etcdserverpb.TxnRequest";
    for (const bad of [
      '{"success":{}}',
      '{"success":[null]}',
      '{"success":[[]]}',
      '{"compare":[5]}',
    ]) {
      assert.throws(() => toWire(txn, bad), JsonFault, bad);
    }
  });
});

suite("JSON", () => {
  /** As JSON.parse would have it. */
  function plain(value: JsonValue): unknown {
    switch (value.kind) {
      case "null":
        return null;
      case "number":
        return Number(value.text);
      case "array":
        return value.items.map(plain);
      case "object": {
        // As JSON.parse defines them, "__proto__" too.
        const entries = value.members.map(
          ({ name, value: inner }) => [name, plain(inner)] as const,
        );
        return Object.fromEntries(entries);
      }
      default:
        return value.value;
    }
  }

  test("is read as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent);
        assert.deepEqual(plain(readFirstJson(bytesOf(text))!), JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test("that is cut or changed anywhere is read, or refused as JSON.parse refuses it", () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom("cut", '"', "\\", "{", "}", "]", ",", ":", "0", "\n", "\u0001", "e"),
        (json, position, change) => {
          const at = position % (json.length + 1);
          const text =
            change === "cut" ? json.slice(0, at) : json.slice(0, at) + change + json.slice(at);
          let theirs: { value: unknown } | null = null;
          try {
            theirs = { value: JSON.parse(text) };
          } catch {
            // Malformed as a whole; its first value may still be good.
          }
          let ours: JsonValue | null;
          try {
            ours = readFirstJson(bytesOf(text));
          } catch (error) {
            assert.ok(error instanceof JsonFault);
            assert.equal(theirs, null, text);
            return;
          }
          if (theirs !== null) {
            assert.deepEqual(plain(ours!), theirs.value);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("nested too deeply, not UTF-8, or with half a surrogate pair is refused", () => {
    const nested = (depth: number): Uint8Array => bytesOf("[".repeat(depth) + "]".repeat(depth));
    assert.ok(readFirstJson(nested(JSON_DEPTH_MAX)));
    assert.throws(() => readFirstJson(nested(JSON_DEPTH_MAX + 2)), /recursion depth/);
    assert.throws(() => readFirstJson(bytesOf('{"a":'.repeat(1_000_000))), /recursion depth/);
    assert.throws(() => readFirstJson(Uint8Array.of(0x22, 0xff, 0x22)), /UTF-8/);
    assert.throws(() => readFirstJson(bytesOf('"\\ud800"')), /surrogate/);
    assert.throws(() => readFirstJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)), JsonFault);
    assert.equal(readFirstJson(bytesOf(" \n")), null);
  });

  test("a body is cut into its messages wherever its pieces end", () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), { maxLength: 5 }),
        fc.constantFrom("", "\n", " \r\n\t"),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }),
        (messages, space, cuts) => {
          const all = Buffer.from(space + messages.map((m) => JSON.stringify(m) + space).join(""));
          const splitter = new JsonSplitter(1 << 20);
          const found: string[] = [];
          let start = 0;
          for (const cut of [...cuts, all.length]) {
            const end = Math.min(start + cut, all.length);
            let at = start;
            while (at < end) {
              const next = splitter.next(all, at, end);
              at = next.at;
              if (next.message !== null) {
                found.push(Buffer.from(next.message).toString());
              }
            }
            start = end;
          }
          assert.deepEqual(
            found,
            messages.map((m) => JSON.stringify(m)),
          );
          assert.ok(!splitter.isInMessage);
        },
      ),
    );
  });

  test("a body that is no object, and a message that is too large, are refused", () => {
    for (const text of ["5", "x", '"a"', "[", "}", "]"]) {
      const bytes = bytesOf(text);
      assert.throws(() => new JsonSplitter(100).next(bytes, 0, bytes.length), JsonFault);
    }
    const splitter = new JsonSplitter(100);
    const piece = bytesOf(`{"a":"${"x".repeat(60)}`);
    splitter.next(piece, 0, piece.length);
    const more = bytesOf("x".repeat(60));
    assert.throws(() => splitter.next(more, 0, more.length), /more than 100 bytes/);
  });
});

test("every method has a route, or a reason to have none", () => {
  const routed = new Set([...gatewayRoutes.values()].map(({ path }) => path));
  for (const { path } of methodDescriptors) {
    assert.equal(routed.has(path), !METHODS_WITHOUT_ROUTE.has(path), path);
  }
});

test("what is known of the routes before the gateway is there is what they are", () => {
  assert.deepEqual([...ROUTE_PATHS], [...gatewayRoutes.keys()]);
  const streams = [...gatewayRoutes].filter(
    ([, { clientStreams, serverStreams }]) => clientStreams || serverStreams,
  );
  assert.deepEqual(
    [...STREAM_PATHS],
    streams.map(([path]) => path),
  );
});
