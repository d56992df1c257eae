// Bytes as lower-case hexadecimal digits, the form of hashes and ids in names and in text.

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** The bytes of an even number of hexadecimal digits. */
export function bytesOfHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** A 64-bit id as 16 digits. */
export function hexOfId(id: bigint): string {
  return id.toString(16).padStart(16, "0");
}
