// The vectors of RFC 7541, Appendix C, and what must hold for all blocks.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { HpackDecoder, HpackError } from "./decoder.js";
import { encodeLiteralBlock, HpackEncoder } from "./encoder.js";
import { FIELD, type HeaderField } from "./field.js";
import { huffmanDecode, huffmanEncode } from "./huffman.js";
import { HUFFMAN_CODE_BITS } from "./huffman-table.js";
import { STATIC_TABLE } from "./static-table.js";

function decode(decoder: HpackDecoder, block: Uint8Array): string[] {
  const fields: HeaderField[] = [];
  const count = decoder.decode(block, 0, block.length, fields);
  return fields.slice(0, count).map(({ name, value }) => `${name}: ${value}`);
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

const REQUESTS: readonly (readonly string[])[] = [
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
  [
    ":method: GET",
    ":scheme: http",
    ":path: /",
    ":authority: www.example.com",
    "cache-control: no-cache",
  ],
  [
    ":method: GET",
    ":scheme: https",
    ":path: /index.html",
    ":authority: www.example.com",
    "custom-key: custom-value",
  ],
];
const DATE_1 = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const DATE_2 = "date: Mon, 21 Oct 2013 20:13:22 GMT";
const LOCATION = "location: https://www.example.com";
const ANSWERS: readonly (readonly string[])[] = [
  [":status: 302", "cache-control: private", DATE_1, LOCATION],
  [":status: 307", "cache-control: private", DATE_1, LOCATION],
  [
    ":status: 200",
    "cache-control: private",
    DATE_2,
    LOCATION,
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];

describe("RFC 7541, Appendix C", () => {
  test("single representations (C.2)", () => {
    const decoder = new HpackDecoder(4096);
    assert.deepEqual(
      decode(decoder, hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")),
      ["custom-key: custom-header"],
    );
    assert.equal(decoder.tableBytes, 55);
    assert.deepEqual(decode(decoder, hex("040c 2f73 616d 706c 652f 7061 7468")), [
      ":path: /sample/path",
    ]);
    assert.deepEqual(decode(decoder, hex("1008 7061 7373 776f 7264 0673 6563 7265 74")), [
      "password: secret",
    ]);
    assert.deepEqual(decode(decoder, hex("82")), [":method: GET"]);
  });

  const series: readonly (readonly [
    string,
    readonly (readonly string[])[],
    readonly string[],
    number[],
  ])[] = [
    [
      "requests without Huffman (C.3)",
      REQUESTS,
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
      [57, 110, 164],
    ],
    [
      "requests with Huffman (C.4)",
      REQUESTS,
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
      [57, 110, 164],
    ],
  ];
  for (const [name, lists, blocks, sizes] of series) {
    test(name, () => {
      const decoder = new HpackDecoder(4096);
      blocks.forEach((block, i) => {
        assert.deepEqual(decode(decoder, hex(block)), lists[i]);
        assert.equal(decoder.tableBytes, sizes[i]);
      });
    });
  }

  const answers: readonly (readonly [string, readonly string[]])[] = [
    [
      "answers without Huffman in a table of 256 bytes (C.5)",
      [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ],
    ],
    [
      "answers with Huffman in a table of 256 bytes (C.6)",
      [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ],
    ],
  ];
  for (const [name, blocks] of answers) {
    test(name, () => {
      const decoder = new HpackDecoder(4096);
      blocks.forEach((block, i) => {
        // The examples assume a table of 256 bytes from the start.
        const updated = i === 0 ? Buffer.concat([hex("3fe101"), hex(block)]) : hex(block);
        assert.deepEqual(decode(decoder, updated), ANSWERS[i]);
        assert.equal(decoder.tableBytes, [222, 222, 215][i]);
      });
    });
  }
});

describe("Huffman", () => {
  test("the code is complete: its lengths satisfy Kraft's equality", () => {
    assert.equal(HUFFMAN_CODE_BITS.length, 257);
    assert.equal(
      HUFFMAN_CODE_BITS.reduce((sum, bits) => sum + 2 ** (30 - bits), 0),
      2 ** 30,
    );
  });
  test("every string survives", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString("latin1");
        const encoded = huffmanEncode(text);
        assert.equal(huffmanDecode(encoded, 0, encoded.length), text);
      }),
    );
  });
  test("any bytes are decoded or refused, and what is decoded encodes to the same", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const text = huffmanDecode(bytes, 0, bytes.length);
        if (text !== undefined) {
          assert.deepEqual([...huffmanEncode(text)], [...bytes]);
        }
      }),
    );
  });
});

/** A straightforward HPACK encoder with a dynamic table, to feed the decoder with every representation. */
class ModelEncoder {
  table: [string, string][] = [];
  bytesMax = 4096;

  integer(first: number, mask: number, value: number): number[] {
    if (value < mask) {
      return [first | value];
    }
    const bytes = [first | mask];
    let rest = value - mask;
    while (rest > 127) {
      bytes.push((rest & 127) | 128);
      rest >>= 7;
    }
    return [...bytes, rest];
  }

  string(text: string, huffman: boolean): number[] {
    const bytes = huffman ? [...huffmanEncode(text)] : [...Buffer.from(text, "latin1")];
    return [...this.integer(huffman ? 0x80 : 0, 127, bytes.length), ...bytes];
  }

  evict(): void {
    const size = (): number =>
      this.table.reduce((sum, [n, v]) => sum + n.length + v.length + 32, 0);
    while (size() > this.bytesMax) {
      this.table.pop();
    }
  }

  resize(bytesMax: number): number[] {
    this.bytesMax = bytesMax;
    this.evict();
    return this.integer(0x20, 31, bytesMax);
  }

  field(name: string, value: string, how: "index" | "plain" | "never", huffman: boolean): number[] {
    const all = [...STATIC_TABLE, ...this.table];
    const whole = all.findIndex(([n, v]) => n === name && v === value);
    if (whole >= 0) {
      return this.integer(0x80, 127, whole + 1);
    }
    const index = all.findIndex(([n]) => n === name) + 1;
    const [first, mask] = { index: [0x40, 63], plain: [0, 15], never: [0x10, 15] }[how] as [
      number,
      number,
    ];
    const bytes = [
      ...this.integer(first, mask, index),
      ...(index === 0 ? this.string(name, huffman) : []),
      ...this.string(value, huffman),
    ];
    if (how === "index") {
      this.table.unshift([name, value]);
      this.evict();
    }
    return bytes;
  }
}

describe("decoder", () => {
  const anyField = fc.record({
    name: fc.oneof(
      fc.constantFrom(":path", ":method", "te", "content-type", "x-a", "x-b", "x-c"),
      fc.stringMatching(/^[a-z-]{1,20}$/),
    ),
    value: fc.string({ maxLength: 60 }).filter((text) => /^[\x20-\x7e]*$/.test(text)),
    how: fc.constantFrom("index" as const, "plain" as const, "never" as const),
    huffman: fc.boolean(),
  });
  const anyBlock = fc.record({
    resize: fc.option(fc.integer({ min: 0, max: 4096 }), { nil: undefined }),
    fields: fc.array(anyField, { maxLength: 10 }),
  });

  test("blocks of all representations, in any order, decode to what was encoded", () => {
    fc.assert(
      fc.property(fc.array(anyBlock, { maxLength: 12 }), (blocks) => {
        const encoder = new ModelEncoder();
        const decoder = new HpackDecoder(1 << 20);
        for (const { resize, fields } of blocks) {
          const block = resize === undefined ? [] : encoder.resize(resize);
          for (const { name, value, how, huffman } of fields) {
            block.push(...encoder.field(name, value, how, huffman));
          }
          assert.deepEqual(
            decode(decoder, Uint8Array.from(block)),
            fields.map(({ name, value }) => `${name}: ${value}`),
          );
        }
      }),
    );
  });

  test("any bytes are decoded or refused with an HpackError, and the table keeps its limit", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (blocks) => {
        const decoder = new HpackDecoder(16_384);
        for (const block of blocks) {
          try {
            decode(decoder, block);
          } catch (error) {
            assert.ok(error instanceof HpackError);
            return;
          }
          assert.ok(decoder.tableBytes <= 4096);
        }
      }),
    );
  });

  test("a list over the limit is cut, and the table stays in step", () => {
    const decoder = new HpackDecoder(1000);
    const insert = Buffer.concat([Uint8Array.of(0x40, 1, 0x61, 100), Buffer.alloc(100, 0x62)]);
    decode(decoder, insert);
    const bomb = new Uint8Array(50_000).fill(0xbe);
    assert.ok(decode(decoder, bomb).length <= 8);
    assert.ok(decoder.listTooLarge);
    assert.deepEqual(decode(decoder, Uint8Array.of(0xbe)), [`a: ${"b".repeat(100)}`]);
    assert.ok(!decoder.listTooLarge);
  });

  test("a field larger than the table empties it", () => {
    const decoder = new HpackDecoder(1 << 20);
    const encoder = new ModelEncoder();
    decode(decoder, Uint8Array.from(encoder.field("a", "b", "index", false)));
    decode(decoder, Uint8Array.from(encoder.field("c", "d".repeat(5000), "index", false)));
    assert.equal(decoder.tableBytes, 0);
  });

  test("names and values are judged once, also through the table", () => {
    const decoder = new HpackDecoder(4096);
    const kindOf = (block: Uint8Array): number => {
      const fields: HeaderField[] = [];
      decoder.decode(block, 0, block.length, fields);
      return fields[0]!.kind;
    };
    assert.equal(kindOf(Uint8Array.of(0x40, 1, 0x61, 1, 0x0a)), FIELD.FORBIDDEN);
    assert.equal(kindOf(Uint8Array.of(0x40 | 62, 1, 0x62)), FIELD.OTHER);
    assert.equal(kindOf(Uint8Array.of(0xbe)), FIELD.OTHER);
    assert.equal(kindOf(Uint8Array.of(0xbf)), FIELD.FORBIDDEN);
  });
});

describe("encoder", () => {
  test("whatever the peer's table sizes, its decoder sees the same fields", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("size" as const), bytes: fc.integer({ min: 0, max: 9000 }) }),
      fc.record({ kind: fc.constant("together" as const) }),
      fc.record({ kind: fc.constant("apart" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder(1 << 20);
        const head = [":status: 200", "content-type: application/grpc"];
        for (const one of steps) {
          if (one.kind === "size") {
            encoder.peerTableBytes(one.bytes);
            continue;
          }
          const updates = encoder.takeSizeUpdates();
          const blocks =
            one.kind === "together" ? encoder.grpcBlocksTogether() : encoder.grpcBlocks();
          assert.deepEqual(decode(decoder, Buffer.concat([updates, blocks.head])), head);
          assert.deepEqual(decode(decoder, blocks.trailers), ["grpc-status: 0"]);
        }
      }),
    );
  });

  test("a literal block decodes to its fields and leaves the table alone", () => {
    const decoder = new HpackDecoder(1 << 20);
    const block = encodeLiteralBlock([
      [":status", "200"],
      ["x", "y".repeat(300)],
    ]);
    assert.deepEqual(decode(decoder, block), [":status: 200", `x: ${"y".repeat(300)}`]);
    assert.equal(decoder.tableBytes, 0);
  });
});
