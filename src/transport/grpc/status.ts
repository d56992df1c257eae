// The end of a gRPC call as header blocks: status, percent-encoded message, what we accept.
import { encodeLiteralBlock } from "../hpack/encoder.js";
import type { GrpcStatus } from "../service.js";

/** Sent with a refused encoding, as gRPC's "Compression" asks. */
export const ACCEPTED_ENCODINGS = "identity,gzip";

/** grpc-message: UTF-8 with everything but printable ASCII, and "%" itself, percent-encoded. */
export function percentEncode(message: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(message)) {
    return message;
  }
  let encoded = "";
  for (const byte of Buffer.from(message, "utf8")) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

function statusFields(
  status: GrpcStatus,
  message: string,
): (readonly [name: string, value: string])[] {
  const fields: (readonly [string, string])[] = [["grpc-status", String(status)]];
  if (message !== "") {
    fields.push(["grpc-message", percentEncode(message)]);
  }
  return fields;
}

/** Trailers after an answer's head. */
export function trailersBlock(status: GrpcStatus, message: string): Uint8Array {
  return encodeLiteralBlock(statusFields(status, message));
}

/** Head and trailers in one, for a call that ends without a message. */
export function trailersOnlyBlock(
  status: GrpcStatus,
  message: string,
  httpStatus = 200,
  more: readonly (readonly [name: string, value: string])[] = [],
): Uint8Array {
  return encodeLiteralBlock([
    [":status", String(httpStatus)],
    ["content-type", "application/grpc"],
    ...more,
    ...statusFields(status, message),
  ]);
}
