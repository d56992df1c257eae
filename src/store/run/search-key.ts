// A key as an index run looks for it: its bytes and its hash, made once for all runs. One object serves all reads of a
// thread, since no read awaits between making and using it.
import { latin1, writeLatin1 } from "../../lib/bytes.js";
import type { Key } from "../../core/words.js";
import { hashKey } from "./bloom.js";

export class SearchKey {
  bytes: Uint8Array = new Uint8Array(256);
  length = 0;
  hash = 0;
  key: Key = "";

  set(key: Key): void {
    this.#reserve(key.length);
    writeLatin1(this.bytes, 0, key);
    this.length = key.length;
    this.key = key;
    this.hash = hashKey(this.bytes, this.length);
  }

  /** Takes the bytes `key[0, length)`. */
  setBytes(key: Uint8Array, length: number): void {
    this.#reserve(length);
    for (let i = 0; i < length; i += 1) {
      this.bytes[i] = key[i] as number;
    }
    this.length = length;
    this.key = latin1(this.bytes, 0, length);
    this.hash = hashKey(this.bytes, length);
  }

  #reserve(length: number): void {
    if (length > this.bytes.length) {
      this.bytes = new Uint8Array(length * 2);
    }
  }
}
