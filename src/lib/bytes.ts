// Bytes and latin1 strings (one char = one byte), the form in which keys are compared and hashed.

type Latin1Slice = (this: Uint8Array, start: number, end: number) => string;
const latin1Slice = (Buffer.prototype as unknown as { latin1Slice: Latin1Slice }).latin1Slice;

/** `source[start, end)` as a latin1 string. Throws a RangeError if `end` lies past the source. */
export function latin1(source: Uint8Array, start: number, end: number): string {
  if (end > source.length) {
    throw new RangeError("a string ends past its buffer");
  }
  return latin1Slice.call(source, start, end);
}

/** Writes a latin1 string at `at`, byte by byte: for keys of tens of bytes faster than a call into C++. */
export function writeLatin1(target: Uint8Array, at: number, text: string): number {
  const length = text.length;
  for (let i = 0; i < length; i += 1) {
    target[at + i] = text.charCodeAt(i);
  }
  return at + length;
}

/** The bytes of a latin1 string. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeLatin1(bytes, 0, text);
  return bytes;
}

/** Byte order: negative if `left` comes first, 0 if they are equal. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}
