// Whole numbers of fixed width in files: little-endian, safe integers only.

export function readU32(source: Uint8Array, at: number): number {
  return (
    ((source[at] as number) |
      ((source[at + 1] as number) << 8) |
      ((source[at + 2] as number) << 16) |
      ((source[at + 3] as number) << 24)) >>>
    0
  );
}

export function writeU32(target: Uint8Array, at: number, value: number): number {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
  return at + 4;
}

export function readU64(source: Uint8Array, at: number): number {
  return readU32(source, at) + readU32(source, at + 4) * 0x1_0000_0000;
}

export function writeU64(target: Uint8Array, at: number, value: number): number {
  writeU32(target, at, value >>> 0);
  return writeU32(target, at + 4, Math.floor(value / 0x1_0000_0000));
}
