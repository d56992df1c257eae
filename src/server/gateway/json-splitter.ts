// Cuts a body that may never end into its JSON messages: one object after the other, with white space between them or none.
import { ByteCollector } from "../../transport/bytes.js";
import { JsonFault } from "./json-reader.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export class JsonSplitter {
  readonly #bytesMax: number;
  #message: ByteCollector = new ByteCollector();
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether a message has begun and not ended. */
  get isInMessage(): boolean {
    return this.#depth > 0;
  }

  /**
   * Reads `chunk[start, end)` up to the end of the next message and returns the offset behind it, and the message; null
   * if it is not complete yet. Throws a JsonFault for what begins no message, and for one that is too large.
   */
  next(
    chunk: Uint8Array,
    start: number,
    end: number,
  ): { readonly at: number; readonly message: Uint8Array | null } {
    let at = start;
    while (this.#depth === 0 && at < end && isSpace(chunk[at] as number)) {
      at += 1;
    }
    if (at === end) {
      return { at, message: null };
    }
    if (this.#depth === 0 && chunk[at] !== OPEN_BRACE) {
      throw new JsonFault("a message must be a JSON object");
    }
    const stop = this.#scan(chunk, at, end);
    if (this.#message.length + stop - at > this.#bytesMax) {
      throw new JsonFault(`a message of more than ${this.#bytesMax} bytes`);
    }
    this.#message.append(chunk, at, stop);
    if (this.#depth > 0) {
      return { at: stop, message: null };
    }
    const message = this.#message.bytes;
    this.#message = new ByteCollector();
    return { at: stop, message };
  }

  /** Offset behind the message's last brace, or `end`. */
  #scan(chunk: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      const byte = chunk[at] as number;
      if (this.#isInString) {
        if (this.#isEscaped) {
          this.#isEscaped = false;
        } else if (byte === BACKSLASH) {
          this.#isEscaped = true;
        } else if (byte === QUOTE) {
          this.#isInString = false;
        }
      } else if (byte === QUOTE) {
        this.#isInString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth += 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (this.#depth === 0) {
          return at + 1;
        }
      }
    }
    return end;
  }
}
