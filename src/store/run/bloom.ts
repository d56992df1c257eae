// A bloom filter over keys: 10 bits a key and 6 probes let through 1 in 100 keys that are not there.
// Format: the bits, lowest first in each byte; their number is 8 × the bytes. A key sets the bits
//   (h + i × step) mod 2^32 mod bits, i = 0 … 5, where h is `hashKey` and step is `hashStep(h)`.

const BITS_PER_KEY = 10;
const PROBES = 6;

/** A larger filter, of over 400 million keys in one run, is not asked. */
const BYTES_MAX: number = 2 ** 29 - 1;

/** A 32-bit hash of a key's bytes: FNV-1a with a finish that spreads the last bytes. */
export function hashKey(key: Uint8Array, length: number): number {
  let hash = HASH_START;
  for (let i = 0; i < length; i += 1) {
    hash = Math.imul(hash ^ (key[i] as number), HASH_FACTOR);
  }
  return finishHash(hash);
}

/** For a caller that goes over the key's bytes anyway: begin with this, XOR each byte, multiply by the factor … */
export const HASH_START: number = 0x811c9dc5 | 0;
export const HASH_FACTOR = 0x01000193;

/** … and end with this. */
export function finishHash(unfinished: number): number {
  let hash = unfinished;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

/** The distance between probes: odd, and independent enough of the hash it is made from. */
function hashStep(hash: number): number {
  let step = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  step ^= step >>> 12;
  return (Math.imul(step, 0x297a2d39) ^ (step >>> 15)) | 1;
}

/** Makes the filter of keys given by their hashes, `hashes[0, keys)`. */
export function makeBloom(hashes: Uint32Array, keys: number): Uint8Array {
  const bloom = new Uint8Array(Math.max(8, Math.ceil((keys * BITS_PER_KEY) / 8)));
  const bits = bloom.length * 8;
  for (let key = 0; key < keys; key += 1) {
    let hash = hashes[key] as number;
    const step = hashStep(hash);
    for (let i = 0; i < PROBES; i += 1) {
      const bit = (hash >>> 0) % bits;
      bloom[bit >>> 3] = (bloom[bit >>> 3] as number) | (1 << (bit & 7));
      hash = (hash + step) | 0;
    }
  }
  return bloom;
}

/**
 * Whether a key with this hash may be in the filter; false is certain. The number of bits says that it has 32 bits itself,
 * without which each probe would divide as floating point does: a twentieth of a get from files.
 */
export function bloomMayContain(bloom: Uint8Array, keyHash: number): boolean {
  if (bloom.length > BYTES_MAX) {
    return true;
  }
  const bits = (bloom.length * 8) >>> 0;
  let hash = keyHash;
  const step = hashStep(hash);
  for (let i = 0; i < PROBES; i += 1) {
    const bit = (hash >>> 0) % bits;
    if (((bloom[bit >>> 3] as number) & (1 << (bit & 7))) === 0) {
      return false;
    }
    hash = (hash + step) | 0;
  }
  return true;
}
