// A key as an index run looks for it: its bytes and its hash, made once for all runs. One object serves all reads of a
// thread, since no read awaits between making and using it.
import { latin1 } from "../../lib/bytes.js";
import type { Key } from "../../core/words.js";
import { finishHash, HASH_FACTOR, HASH_START, hashKey } from "./bloom.js";

export class SearchKey {
  /** The key is keyBytes[0, keyLength). */
  keyBytes: Uint8Array = new Uint8Array(256);
  keyLength = 0;
  hash: number = hashKey(this.keyBytes, 0);
  /** Null until it is asked for, if the key came as bytes. */
  #key: Key | null = "";

  get key(): Key {
    this.#key ??= latin1(this.keyBytes, 0, this.keyLength);
    return this.#key;
  }

  set(key: Key): void {
    // A put looks its key up and then appends its row: the string is the same.
    if (key === this.#key) {
      return;
    }
    const { length } = key;
    this.#reserve(length);
    const bytes = this.keyBytes;
    let hash = HASH_START;
    for (let i = 0; i < length; i += 1) {
      const byte = key.charCodeAt(i);
      bytes[i] = byte;
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    this.keyLength = length;
    this.#key = key;
    this.hash = finishHash(hash);
  }

  /** Takes the bytes `key[0, length)`. */
  setBytes(key: Uint8Array, length: number): void {
    this.#reserve(length);
    for (let i = 0; i < length; i += 1) {
      this.keyBytes[i] = key[i] as number;
    }
    this.keyLength = length;
    this.#key = null;
    this.hash = hashKey(this.keyBytes, length);
  }

  #reserve(length: number): void {
    if (length > this.keyBytes.length) {
      this.keyBytes = new Uint8Array(length * 2);
    }
  }
}
