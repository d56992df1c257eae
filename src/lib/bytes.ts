// Bytes and latin1 strings (one char = one byte), the form in which keys are compared and hashed.

type Slice = (this: Uint8Array, start: number, end: number) => string;
const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as {
  latin1Slice: Slice;
  utf8Slice: Slice;
};

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

/** `source[start, end)` read as UTF-8; what is none becomes U+FFFD. */
export function utf8(source: Uint8Array, start: number, end: number): string {
  return utf8Slice.call(source, start, end);
}

/** The UTF-8 bytes of a string; half a surrogate pair becomes U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

/** Whether every character is one of ASCII's. Only those take one byte; V8 counts the bytes without a look at each here. */
export function isAscii(text: string): boolean {
  return Buffer.byteLength(text, "utf8") === text.length;
}

/** Byte order: negative if `left` comes first, 0 if they are equal. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

/** Larger ones spread the cost of an allocation further, but keep more memory for a copy that lives longer than the others. */
const poolBytes = 16 * 1024;
let pool = new ArrayBuffer(0);
let poolUsed = 0;

/** A copy of `source`. Small ones share an allocation with others: a third of the time of `slice`. */
export function copyBytes(source: Uint8Array): Uint8Array {
  const { length } = source;
  if (length > poolBytes >>> 4) {
    return Uint8Array.prototype.slice.call(source);
  }
  if (pool.byteLength - poolUsed < length) {
    pool = new ArrayBuffer(poolBytes);
    poolUsed = 0;
  }
  const copy = new Uint8Array(pool, poolUsed, length);
  copy.set(source);
  poolUsed += length;
  return copy;
}
