// Protobuf varints (base 128, least significant group first) for safe integers, and for 64-bit bigints.

/** Bytes that `writeVarint` takes. `value` is a safe integer ≥ 0. */
export function varintSize(value: number): number {
  if (value < 0x80) {
    return 1;
  }
  if (value < 0x4000) {
    return 2;
  }
  if (value < 0x20_0000) {
    return 3;
  }
  if (value < 0x1000_0000) {
    return 4;
  }
  if (value < 0x8_0000_0000) {
    return 5;
  }
  if (value < 0x400_0000_0000) {
    return 6;
  }
  return value < 0x2_0000_0000_0000 ? 7 : 8;
}

/** Writes a safe integer ≥ 0 at `at`; returns the offset behind it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  while (rest > 0x7fff_ffff) {
    target[at] = (rest % 128) | 0x80;
    at += 1;
    rest = Math.floor(rest / 128);
  }
  while (rest > 0x7f) {
    target[at] = (rest & 0x7f) | 0x80;
    at += 1;
    rest >>>= 7;
  }
  target[at] = rest;
  return at + 1;
}

/**
 * Reads a varint at `cursor.at` and moves the cursor behind it. Throws a RangeError if it runs past `end` or past
 * 2^53 − 1.
 */
export function readVarint(source: Uint8Array, cursor: { at: number }, end: number): number {
  let at = cursor.at;
  let byte = at < end ? (source[at] ?? 0) : 0x80;
  at += 1;
  if (byte < 0x80) {
    cursor.at = at;
    return byte;
  }
  let value = byte & 0x7f;
  let scale = 0x80;
  while (at < end && at - cursor.at < 8) {
    byte = source[at] ?? 0;
    at += 1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (value > Number.MAX_SAFE_INTEGER) {
        break;
      }
      cursor.at = at;
      return value;
    }
    scale *= 0x80;
  }
  throw new RangeError("a varint ends early or is too large");
}

/** Bytes that `writeBigVarint` takes. Negative values count as their 64-bit two's complement (10 bytes). */
export function bigVarintSize(value: bigint): number {
  let rest = BigInt.asUintN(64, value);
  let size = 1;
  while (rest > 0x7fn) {
    rest >>= 7n;
    size += 1;
  }
  return size;
}

/** Writes a 64-bit integer (signed or not) at `at`; returns the offset behind it. */
export function writeBigVarint(target: Uint8Array, at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    target[at] = Number(rest & 0x7fn) | 0x80;
    at += 1;
    rest >>= 7n;
  }
  target[at] = Number(rest);
  return at + 1;
}
