// The generated codecs against protobufjs, for every message and in both directions, and against bytes that are no
// message at all.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import fc from "../../test/support/fast-check.js";
import {
  kindOf,
  loadProtos,
  messagesOf,
  MODULES,
  propertyName,
} from "../../scripts/codecs/proto-model.js";
import { generate } from "../../scripts/generate-codecs.js";
import * as admin from "./gen/admin.js";
import * as auth from "./gen/auth.js";
import * as health from "./gen/health.js";
import * as kv from "./gen/kv.js";
import * as rpc from "./gen/rpc.js";
import * as v3election from "./gen/v3election.js";
import * as v3lock from "./gen/v3lock.js";
import { MalformedMessage, NestedTooDeep } from "./wire.js";

const project = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const root = loadProtos(join(project, "proto"));
const modules: Record<string, Record<string, unknown>> = {
  admin,
  auth,
  health,
  kv,
  rpc,
  v3election,
  v3lock,
};

type Message = Record<string, unknown>;

interface Codec {
  readonly type: protobuf.Type;
  decode(buffer: Uint8Array, start: number, end: number): Message;
  size(message: Message): number;
  write(target: Uint8Array, at: number, message: Message): number;
}

const codecs: Codec[] = Object.entries(MODULES).flatMap(([file, module]) =>
  messagesOf(root, file).map((type) => {
    const functions = modules[module] ?? {};
    return {
      type,
      decode: functions[`decode${type.name}`] as Codec["decode"],
      size: functions[`size${type.name}`] as Codec["size"],
      write: functions[`write${type.name}`] as Codec["write"],
    };
  }),
);

const codecOf = (name: string): Codec => codecs.find((codec) => codec.type.name === name)!;

const latin1String = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const signed = fc.oneof(
  fc.integer({ min: -3, max: 300 }),
  fc.maxSafeInteger(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, 2 ** 32, -(2 ** 32)),
);
const unsigned = signed.map(Math.abs);

const scalars: Record<string, fc.Arbitrary<unknown>> = {
  int64: signed,
  uint64: unsigned,
  bigint64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  biguint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int32: fc.integer(),
  uint32: fc.nat(0xffffffff),
  bool: fc.boolean(),
  latin1: latin1String,
  // Plain Uint8Arrays with the bytes as content, as decoders return them.
  bytes: fc.uint8Array({ maxLength: 12 }),
  string: fc.string({ unit: "grapheme", maxLength: 12 }),
};

/** Messages of a type as our interfaces hold them. */
function messages(type: protobuf.Type, depth: number): fc.Arbitrary<Message> {
  const fieldValue = (field: protobuf.Field): fc.Arbitrary<unknown> =>
    field.resolvedType instanceof protobuf.Type
      ? messages(field.resolvedType, depth - 1)
      : scalars[kindOf(field)]!;
  const record: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.fieldsArray) {
    const isMessage = field.resolvedType instanceof protobuf.Type;
    const name = propertyName(field.name);
    if (field.partOf !== null) {
      continue;
    } else if (field.repeated) {
      record[name] =
        isMessage && depth <= 0
          ? fc.constant([])
          : fc.array(fieldValue(field), { maxLength: depth + 1 });
    } else if (isMessage) {
      record[name] = depth <= 0 ? fc.constant(null) : fc.option(fieldValue(field));
    } else {
      record[name] = fieldValue(field);
    }
  }
  for (const oneof of type.oneofsArray) {
    const choices = oneof.fieldsArray.filter(
      (field) => depth > 0 || !(field.resolvedType instanceof protobuf.Type),
    );
    record[propertyName(oneof.name)] = fc.oneof(
      fc.constant(null),
      ...choices.map((field) =>
        fieldValue(field).map((value) => ({ kind: propertyName(field.name), value })),
      ),
    );
  }
  return fc.record(record, { noNullPrototype: true });
}

const long = (value: number | bigint): unknown =>
  (protobuf.util.Long as unknown as { fromString(text: string): unknown }).fromString(
    BigInt.asIntN(64, BigInt(value)).toString(),
  );

/** The same message as protobufjs takes and gives it. */
function toProtobufjs(type: protobuf.Type, message: Message): Message {
  const result: Message = {};
  const convert = (field: protobuf.Field, value: unknown): unknown => {
    if (field.resolvedType instanceof protobuf.Type) {
      return toProtobufjs(field.resolvedType, value as Message);
    }
    switch (field.type) {
      case "int64":
      case "uint64":
        return long(value as number | bigint);
      case "bytes":
        return typeof value === "string" ? Buffer.from(value, "latin1") : value;
      default:
        return value;
    }
  };
  for (const field of type.fieldsArray) {
    const value =
      field.partOf === null
        ? message[propertyName(field.name)]
        : chosen(message[propertyName(field.partOf.name)], propertyName(field.name));
    if (Array.isArray(value)) {
      result[field.name] = value.map((element) => convert(field, element));
    } else if (value !== null && value !== undefined) {
      result[field.name] = convert(field, value);
    }
  }
  return result;
}

function chosen(oneof: unknown, kind: string): unknown {
  const union = oneof as { kind: string; value: unknown } | null;
  return union?.kind === kind ? union.value : undefined;
}

function encode(codec: Codec, message: Message): Uint8Array {
  const size = codec.size(message);
  // One byte on either side shows writes outside the place reserved.
  const bytes = new Uint8Array(size + 2);
  assert.equal(codec.write(bytes, 1, message), size + 1);
  assert.equal(bytes[0], 0);
  assert.equal(bytes[size + 1], 0);
  return bytes.slice(1, size + 1);
}

const decode = (codec: Codec, bytes: Uint8Array): Message => codec.decode(bytes, 0, bytes.length);

/** What two protobufjs messages are compared by. */
const canonical = (type: protobuf.Type, message: protobuf.Message | Message): unknown =>
  type.toObject(message as protobuf.Message, { longs: String, bytes: String, enums: Number });

test("generating the codecs again gives the committed text", () => {
  for (const [module, text] of generate(join(project, "proto"))) {
    const committed = readFileSync(join(project, "src/etcd/gen", `${module}.ts`), "utf8");
    assert.equal(text, committed, `src/etcd/gen/${module}.ts is stale: run generate-codecs`);
  }
});

suite("every message", () => {
  for (const codec of codecs) {
    const arbitrary = messages(codec.type, 3);

    test(`${codec.type.name}: what we write, protobufjs reads, and we read back`, () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          const bytes = encode(codec, message);
          assert.deepEqual(
            canonical(codec.type, codec.type.decode(bytes)),
            canonical(codec.type, codec.type.fromObject(toProtobufjs(codec.type, message))),
          );
          assert.deepEqual(decode(codec, bytes), message);
        }),
        { numRuns: 40 },
      );
    });

    test(`${codec.type.name}: what protobufjs writes, we read`, () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          const theirs = codec.type.encode(toProtobufjs(codec.type, message)).finish();
          assert.deepEqual(decode(codec, new Uint8Array(theirs)), message);
        }),
        { numRuns: 40 },
      );
    });

    test(`${codec.type.name}: a cut or damaged message is refused or read, never worse`, () => {
      fc.assert(
        fc.property(
          arbitrary,
          fc.nat(),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
          (message, cut, damage) => {
            const bytes = encode(codec, message);
            for (const [at, value] of damage) {
              if (bytes.length > 0) {
                bytes[at % bytes.length] = value;
              }
            }
            try {
              decode(codec, bytes.subarray(0, cut % (bytes.length + 1)));
            } catch (error) {
              assert.ok(error instanceof MalformedMessage, String(error));
            }
          },
        ),
        { numRuns: 30 },
      );
    });
  }
});

const requestRange = codecOf("RangeRequest");
const compare = codecOf("Compare");
const watchCreate = codecOf("WatchCreateRequest");

test("unknown fields of every wire type are skipped", () => {
  const bytes = Uint8Array.from([
    ...[0xa0, 0x1f, 0x96, 0x01], // field 500, varint
    ...[0xa1, 0x1f, 1, 2, 3, 4, 5, 6, 7, 8], // fixed64
    ...[0xa5, 0x1f, 1, 2, 3, 4], // fixed32
    ...[0xa2, 0x1f, 2, 9, 9], // bytes
    ...[0xa3, 0x1f, 0x08, 0x01, 0xab, 0x01, 0xac, 0x01, 0xa4, 0x1f], // groups in a group
    ...[0x0a, 1, 0x6b], // key "k"
  ]);
  assert.equal(decode(requestRange, bytes)["key"], "k");
});

test("the last of several occurrences of a field counts", () => {
  const bytes = Uint8Array.from([0x0a, 1, 0x61, 0x18, 5, 0x0a, 1, 0x62, 0x18, 7]);
  const message = decode(requestRange, bytes);
  assert.equal(message["key"], "b");
  assert.equal(message["limit"], 7);
});

test("the last member of a oneof counts", () => {
  const bytes = Uint8Array.from([0x20, 1, 0x3a, 1, 0x76]);
  assert.deepEqual(decode(compare, bytes)["targetUnion"], {
    kind: "value",
    value: Uint8Array.from([0x76]),
  });
});

test("repeated occurrences of a submessage merge", () => {
  const grant = codecOf("AuthRoleGrantPermissionRequest");
  const bytes = Uint8Array.from([0x12, 3, 0x12, 1, 0x6b, 0x12, 3, 0x1a, 1, 0x6c, 0x12, 2, 0x08, 1]);
  assert.deepEqual(decode(grant, bytes)["perm"], { permType: 1, key: "k", rangeEnd: "l" });
});

test("repeated numbers are read packed and one by one", () => {
  const packed = Uint8Array.from([0x2a, 3, 0, 1, 7]);
  const single = Uint8Array.from([0x28, 0, 0x28, 1, 0x28, 7]);
  assert.deepEqual(decode(watchCreate, packed)["filters"], [0, 1, 7]);
  assert.deepEqual(decode(watchCreate, single)["filters"], [0, 1, 7]);
});

test("numbers above 2^53 are clamped, below zero are kept", () => {
  const limit = (...varint: number[]): unknown =>
    decode(requestRange, Uint8Array.from([0x18, ...varint]))["limit"];
  assert.equal(
    limit(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
    Number.MAX_SAFE_INTEGER,
  );
  assert.equal(limit(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), -1);
  assert.equal(
    limit(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01),
    Number.MIN_SAFE_INTEGER,
  );
});

test("malformed messages are refused in the words of etcd's decoder", () => {
  const refuses = (bytes: number[], message: string): void => {
    assert.throws(() => decode(requestRange, Uint8Array.from(bytes)), { message });
  };
  refuses([0x0a, 5, 0x61], "unexpected EOF");
  refuses([0x18], "unexpected EOF");
  refuses([0x18, 0xff], "unexpected EOF");
  refuses([0x08, 1], "proto: wrong wireType = 0 for field Key");
  refuses([0x12], "unexpected EOF");
  refuses([0x10, 1], "proto: wrong wireType = 0 for field RangeEnd");
  refuses([0x0c], "proto: RangeRequest: wiretype end group for non-group");
  refuses([0x02, 0], "proto: RangeRequest: illegal tag 0 (wire type 2)");
  refuses([0xa7, 0x1f], "proto: illegal wireType 7");
  refuses(
    [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    "proto: integer overflow",
  );
});

test("transactions nested without end are refused, not followed", () => {
  let bytes = Uint8Array.from([]);
  const wrap = (tag: number, inner: Uint8Array): Uint8Array<ArrayBuffer> => {
    const length = inner.length;
    const head =
      length < 0x80
        ? [tag, length]
        : length < 0x4000
          ? [tag, (length & 0x7f) | 0x80, length >>> 7]
          : [tag, (length & 0x7f) | 0x80, ((length >>> 7) & 0x7f) | 0x80, length >>> 14];
    return Uint8Array.from([...head, ...inner]);
  };
  for (let level = 0; level < 1000; level += 1) {
    bytes = wrap(0x12, wrap(0x22, bytes));
  }
  assert.throws(() => rpc.decodeTxnRequest(bytes, 0, bytes.length), NestedTooDeep);
});
