// A JSON object whose last member is the SHA-256 of all text before it, for objects whose numbers nothing else would guard: a
// flipped digit is told from the one that was written.
import { utf8, utf8Bytes } from "../lib/bytes.js";
import { sha256Of } from "../lib/hashes/sha256.js";
import { T4Error } from "../core/errors.js";
import { encodeJsonObject } from "./json-object.js";

/** What comes before the hash of the text, and after it. */
const SEAL_BEFORE = ',\n  "sha256": "';
const SEAL_AFTER = '"\n}\n';
const SEAL_LENGTH = SEAL_BEFORE.length + 64 + SEAL_AFTER.length;

/** As `encodeJsonObject`, with the seal behind the last member. */
export function encodeSealedJson(members: Readonly<Record<string, unknown>>): Uint8Array {
  const body = encodeJsonObject(members);
  const text = utf8(body, 0, body.length).slice(0, -"\n}\n".length);
  return utf8Bytes(`${text}${SEAL_BEFORE}${sha256Of(utf8Bytes(text))}${SEAL_AFTER}`);
}

/** Throws T4_CORRUPT if the text is not the one that was sealed. */
export function assertSealed(body: Uint8Array, name: string): void {
  const text = body.subarray(0, Math.max(0, body.length - SEAL_LENGTH));
  const seal = utf8(body, text.length, body.length);
  if (seal !== `${SEAL_BEFORE}${sha256Of(text)}${SEAL_AFTER}`) {
    throw new T4Error("T4_CORRUPT", `the object ${name} is damaged: it does not match its hash`);
  }
}
