// SHA-1, which a websocket's handshake asks for. Nothing here rests on its strength.
import { createHash } from "node:crypto";

/** The base64 of the SHA-1 of a text of latin1 characters. */
export function sha1Base64(text: string): string {
  return createHash("sha1").update(text, "latin1").digest("base64");
}
