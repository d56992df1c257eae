// The body of an HTTP/1.1 request: of a known length, or in chunks (RFC 9112, 7.1).
import { latin1 } from "../../lib/bytes.js";
import { ByteCollector } from "../bytes.js";
import type { BodyLength, Refusal } from "./request.js";

/** A chunk's size line with its extensions, and each line of the trailers. */
const LINE_BYTES_MAX = 1024;
const TRAILER_LINES_MAX = 32;

type Step = "size" | "data" | "data-end" | "trailers" | "done";

/** Takes `input[start, end)` of a body that is not gathered. */
export type BodySink = (input: Uint8Array, start: number, end: number) => void;

const MALFORMED: Refusal = { status: 400, reason: "malformed chunk" };
const TOO_LARGE: Refusal = { status: 413, reason: "request body too large" };

export class BodyReader {
  readonly #bytesMax: number;
  readonly #sink: BodySink | undefined;
  readonly #isChunked: boolean;
  readonly #collected: ByteCollector = new ByteCollector();
  #step: Step;
  /** Bytes missing of the body or of the present chunk. */
  #left = 0;
  #line = "";
  #trailerLines = 0;

  /** With a `sink` the body is passed on as it comes, and has no limit as a whole. */
  constructor(length: BodyLength, bytesMax: number, sink: BodySink | undefined) {
    this.#bytesMax = bytesMax;
    this.#sink = sink;
    this.#isChunked = length.kind === "chunked";
    switch (length.kind) {
      case "none":
        this.#step = "done";
        break;
      case "known":
        this.#step = "data";
        this.#left = length.bytes;
        break;
      case "chunked":
        this.#step = "size";
        break;
    }
  }

  get isDone(): boolean {
    return this.#step === "done";
  }

  get bytes(): Uint8Array {
    return this.#collected.bytes;
  }

  /** Reads from `input[start, …)`; returns the offset behind what it took, or a refusal. */
  read(input: Uint8Array, start: number): number | Refusal {
    let at = start;
    while (at < input.length && this.#step !== "done") {
      if (this.#step === "data") {
        const take = Math.min(this.#left, input.length - at);
        if (this.#sink === undefined) {
          this.#collected.append(input, at, at + take);
        } else {
          this.#sink(input, at, at + take);
        }
        this.#left -= take;
        at += take;
        if (this.#left === 0) {
          this.#step = this.#isChunked ? "data-end" : "done";
        }
        continue;
      }
      const end = input.indexOf(0x0a, at);
      this.#line += latin1(input, at, end < 0 ? input.length : end);
      if (this.#line.length > LINE_BYTES_MAX) {
        return MALFORMED;
      }
      if (end < 0) {
        return input.length;
      }
      at = end + 1;
      const line = this.#line;
      this.#line = "";
      const refusal = line.endsWith("\r") ? this.#takeLine(line.slice(0, -1)) : MALFORMED;
      if (refusal !== undefined) {
        return refusal;
      }
    }
    return at;
  }

  #takeLine(line: string): Refusal | undefined {
    switch (this.#step) {
      case "size": {
        const digits = /^([0-9a-fA-F]{1,8})[ \t]*(?:;[\x20-\x7e\t]*)?$/.exec(line)?.[1];
        if (digits === undefined) {
          return MALFORMED;
        }
        this.#left = Number.parseInt(digits, 16);
        if (this.#collected.length + this.#left > this.#bytesMax) {
          return TOO_LARGE;
        }
        this.#step = this.#left === 0 ? "trailers" : "data";
        return undefined;
      }
      case "data-end":
        this.#step = "size";
        return line === "" ? undefined : MALFORMED;
      default:
        // Trailers say nothing that a handler here would want.
        this.#trailerLines += 1;
        if (line === "") {
          this.#step = "done";
        }
        return this.#trailerLines > TRAILER_LINES_MAX ? MALFORMED : undefined;
    }
  }
}
