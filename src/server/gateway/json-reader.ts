// Reads JSON (RFC 8259) for the gateway. JSON.parse will not do: it makes doubles of numbers, and lease ids take 64 bits.
// Must never: recurse deeper than its limit, whatever comes.

export type JsonValue =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  /** As it was written. */
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "array"; readonly items: readonly JsonValue[] }
  /** In the order of writing; a name may come more than once. */
  | { readonly kind: "object"; readonly members: readonly JsonMember[] };

export interface JsonMember {
  readonly name: string;
  readonly value: JsonValue;
}

/** Text that is not JSON, or JSON that is not the message expected. The message is for the client. */
export class JsonFault extends Error {
  override readonly name = "JsonFault";
}

/** Each nesting of a transaction takes three, and a valid one has at most 128 nestings. */
export const JSON_DEPTH_MAX = 500;

const WHITE_SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// eslint-disable-next-line no-control-regex
const NOT_PLAIN = /[\x00-\x1f\\]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first value of the text, or null if there is only white space. What follows is not looked at. */
  first(): JsonValue | null {
    this.#skipSpace();
    return this.#at === this.#text.length ? null : this.#value(0);
  }

  #skipSpace(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code > 0x20) {
      return;
    }
    WHITE_SPACE.lastIndex = this.#at;
    WHITE_SPACE.test(this.#text);
    this.#at = WHITE_SPACE.lastIndex;
  }

  #unexpected(expected: string): JsonFault {
    if (this.#at >= this.#text.length) {
      return new JsonFault("unexpected end of JSON input");
    }
    const found = JSON.stringify(this.#text[this.#at]).slice(1, -1);
    return new JsonFault(`invalid character '${found}' ${expected}, at offset ${this.#at}`);
  }

  #value(depth: number): JsonValue {
    if (depth > JSON_DEPTH_MAX) {
      throw new JsonFault("exceeded maximum recursion depth");
    }
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return { kind: "string", value: this.#string() };
      case "t":
        this.#literal("true");
        return { kind: "boolean", value: true };
      case "f":
        this.#literal("false");
        return { kind: "boolean", value: false };
      case "n":
        this.#literal("null");
        return { kind: "null" };
      default:
        return this.#number();
    }
  }

  #literal(word: string): void {
    if (!this.#text.startsWith(word, this.#at)) {
      throw this.#unexpected("looking for beginning of value");
    }
    this.#at += word.length;
  }

  #number(): JsonValue {
    NUMBER.lastIndex = this.#at;
    const text = NUMBER.exec(this.#text)?.[0];
    if (text === undefined) {
      throw this.#unexpected("looking for beginning of value");
    }
    this.#at += text.length;
    return { kind: "number", text };
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    // A quote behind an odd number of backslashes belongs to the string.
    while (end > 0 && this.#isEscaped(end)) {
      end = this.#text.indexOf('"', end + 1);
    }
    if (end < 0) {
      throw new JsonFault("unexpected end of JSON input");
    }
    this.#at = end + 1;
    const inner = this.#text.slice(start + 1, end);
    const value = NOT_PLAIN.test(inner) ? this.#unescape(start, end + 1) : inner;
    if (LONE_SURROGATE.test(value)) {
      throw new JsonFault(`invalid surrogate pair in a string, at offset ${start}`);
    }
    return value;
  }

  #isEscaped(at: number): boolean {
    let before = at - 1;
    while (this.#text[before] === "\\") {
      before -= 1;
    }
    return (at - before) % 2 === 0;
  }

  #unescape(start: number, end: number): string {
    try {
      return JSON.parse(this.#text.slice(start, end)) as string;
    } catch {
      throw new JsonFault(`invalid character in a string, at offset ${start}`);
    }
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#at += 1;
    this.#skipSpace();
    if (this.#text[this.#at] === "]") {
      this.#at += 1;
      return { kind: "array", items };
    }
    for (;;) {
      this.#skipSpace();
      items.push(this.#value(depth + 1));
      this.#skipSpace();
      const next = this.#text[this.#at];
      if (next === "]") {
        this.#at += 1;
        return { kind: "array", items };
      }
      if (next !== ",") {
        throw this.#unexpected("after array element");
      }
      this.#at += 1;
    }
  }

  #object(depth: number): JsonValue {
    const members: JsonMember[] = [];
    this.#at += 1;
    this.#skipSpace();
    if (this.#text[this.#at] === "}") {
      this.#at += 1;
      return { kind: "object", members };
    }
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') {
        throw this.#unexpected("looking for beginning of object key string");
      }
      const name = this.#string();
      this.#skipSpace();
      if (this.#text[this.#at] !== ":") {
        throw this.#unexpected("after object key");
      }
      this.#at += 1;
      this.#skipSpace();
      members.push({ name, value: this.#value(depth + 1) });
      this.#skipSpace();
      const next = this.#text[this.#at];
      if (next === "}") {
        this.#at += 1;
        return { kind: "object", members };
      }
      if (next !== ",") {
        throw this.#unexpected("after object key:value pair");
      }
      this.#at += 1;
    }
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The first JSON value of a body, or null if it holds only white space. What follows it is ignored, as etcd does.
 * Throws a JsonFault.
 */
export function readFirstJson(body: Uint8Array): JsonValue | null {
  let text: string;
  try {
    text = strictUtf8.decode(body);
  } catch {
    throw new JsonFault("invalid UTF-8");
  }
  return new Reader(text).first();
}
