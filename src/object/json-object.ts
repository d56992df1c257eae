// The small JSON objects of the store (the lock, the manifest, checkpoints, pins): one form for all of them.
// Format: JSON with two spaces and a newline at the end, members in the documented order, the first of them "format". Ids are
// 16 hexadecimal digits. Objects that are compared and swapped hold a fresh "writeId", so that no two writes have the same
// bytes and reading back tells whose write it is.
// Must never: guess. What is not exactly as it was written is refused, with the object's name.
import { utf8, utf8Bytes } from "../lib/bytes.js";
import { hexOf } from "../lib/hex.js";
import { T4Error } from "../core/errors.js";
import type { Random } from "../runtime/random.js";

export const JSON_OBJECT_FORMAT: number = 1;
const WRITE_ID_BYTES = 8;

/** Differs for each write. */
export function makeWriteId(random: Random): string {
  return hexOf(random.bytes(WRITE_ID_BYTES));
}

/** `members` without "format", which becomes the first. */
export function encodeJsonObject(members: Readonly<Record<string, unknown>>): Uint8Array {
  return utf8Bytes(`${JSON.stringify({ format: JSON_OBJECT_FORMAT, ...members }, null, 2)}\n`);
}

/** Reads one object's members; every method throws T4_CORRUPT if the member is missing or of another kind. */
export class JsonObjectReader {
  /** What messages call the object: its key, with the store before it if known. */
  readonly name: string;
  readonly #path: string;
  readonly #members: Readonly<Record<string, unknown>>;

  private constructor(name: string, path: string, members: Readonly<Record<string, unknown>>) {
    this.name = name;
    this.#path = path;
    this.#members = members;
  }

  /** Throws T4_CORRUPT for what is no object of ours, T4_FORMAT_TOO_NEW for a later format. */
  static decode(body: Uint8Array, name: string): JsonObjectReader {
    let value: unknown;
    try {
      value = JSON.parse(utf8(body, 0, body.length));
    } catch (cause) {
      throw new T4Error("T4_CORRUPT", `the object ${name} is damaged: it is not JSON`, { cause });
    }
    if (!isRecord(value)) {
      throw new T4Error("T4_CORRUPT", `the object ${name} is damaged: it is not a JSON object`);
    }
    const reader = new JsonObjectReader(name, "", value);
    const format = reader.count("format");
    if (format > JSON_OBJECT_FORMAT) {
      throw new T4Error(
        "T4_FORMAT_TOO_NEW",
        `the object ${name} has format ${format}, and this version of T4 reads up to ${JSON_OBJECT_FORMAT}: use a newer one`,
      );
    }
    return reader;
  }

  /** A whole number from 0 that JSON keeps exactly. */
  count(member: string): number {
    const value = this.#members[member];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw this.corrupt(member, "is no whole number");
    }
    return value;
  }

  text(member: string): string {
    const value = this.#members[member];
    if (typeof value !== "string") {
      throw this.corrupt(member, "is no text");
    }
    return value;
  }

  /** `digits` lower-case hexadecimal digits. */
  hex(member: string, digits: number): string {
    const value = this.text(member);
    if (value.length !== digits || !/^[0-9a-f]*$/.test(value)) {
      throw this.corrupt(member, `is not ${digits} hexadecimal digits`);
    }
    return value;
  }

  /** 64 bits as 16 hexadecimal digits. */
  id(member: string): bigint {
    return BigInt(`0x${this.hex(member, 16)}`);
  }

  choice<Choice extends string>(member: string, choices: readonly Choice[]): Choice {
    const value = this.text(member);
    const choice = choices.find((known) => known === value);
    if (choice === undefined) {
      throw this.corrupt(member, `is none of ${choices.join(", ")}`);
    }
    return choice;
  }

  object(member: string): JsonObjectReader {
    const value = this.#members[member];
    if (!isRecord(value)) {
      throw this.corrupt(member, "is no object");
    }
    return new JsonObjectReader(this.name, `${this.#path}${member}.`, value);
  }

  /** Null only if the member is there and null. */
  objectOrNull(member: string): JsonObjectReader | null {
    return this.#members[member] === null ? null : this.object(member);
  }

  textOrNull(member: string): string | null {
    return this.#members[member] === null ? null : this.text(member);
  }

  objects(member: string): JsonObjectReader[] {
    return this.#list(member).map((value, at) => {
      if (!isRecord(value)) {
        throw this.corrupt(member, `has an item that is no object, at ${at}`);
      }
      return new JsonObjectReader(this.name, `${this.#path}${member}.${at}.`, value);
    });
  }

  texts(member: string): string[] {
    return this.#list(member).map((value, at) => {
      if (typeof value !== "string") {
        throw this.corrupt(member, `has an item that is no text, at ${at}`);
      }
      return value;
    });
  }

  /** Any JSON, for members that somebody else checks. */
  raw(member: string): unknown {
    return this.#members[member];
  }

  corrupt(member: string, what: string): T4Error {
    return new T4Error(
      "T4_CORRUPT",
      `the object ${this.name} is damaged: its member ${this.#path}${member} ${what}`,
    );
  }

  #list(member: string): readonly unknown[] {
    const value = this.#members[member];
    if (!Array.isArray(value)) {
      throw this.corrupt(member, "is no list");
    }
    return value;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
