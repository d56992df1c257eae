// Huffman coding of HPACK strings. Decoding walks a state machine by half bytes (RFC 7541, 5.2): two look-ups a byte,
// no bit loop. Encoding is used by tests only through `huffmanEncode`; our own answers are a few constant bytes.
import { latin1 } from "../../lib/bytes.js";
import { HUFFMAN_CODE_BITS } from "./huffman-table.js";

const END_OF_STRING = 256;
const NONE = -1;

interface Tree {
  /** Child nodes for bit 0 and bit 1; NONE where there is none yet. */
  readonly zero: number[];
  readonly one: number[];
  /** The symbol of a leaf; NONE for an inner node. */
  readonly symbol: number[];
}

/** The canonical codes: `codes[symbol]` in `HUFFMAN_CODE_BITS[symbol]` bits. */
function canonicalCodes(): number[] {
  const symbols = HUFFMAN_CODE_BITS.map((_, symbol) => symbol);
  const bitsOf = (symbol: number): number => HUFFMAN_CODE_BITS[symbol] ?? 0;
  symbols.sort((a, b) => bitsOf(a) - bitsOf(b) || a - b);
  const codes = new Array<number>(symbols.length).fill(0);
  let code = 0;
  let bits = 0;
  for (const symbol of symbols) {
    code <<= bitsOf(symbol) - bits;
    bits = bitsOf(symbol);
    codes[symbol] = code;
    code += 1;
  }
  return codes;
}

const CODES: readonly number[] = canonicalCodes();

function buildTree(): Tree {
  const tree: Tree = { zero: [NONE], one: [NONE], symbol: [NONE] };
  CODES.forEach((code, symbol) => {
    let node = 0;
    for (let bit = (HUFFMAN_CODE_BITS[symbol] ?? 0) - 1; bit >= 0; bit -= 1) {
      const children = ((code >>> bit) & 1) === 1 ? tree.one : tree.zero;
      let child = children[node] ?? NONE;
      if (child === NONE) {
        child = tree.symbol.length;
        children[node] = child;
        tree.zero.push(NONE);
        tree.one.push(NONE);
        tree.symbol.push(NONE);
      }
      node = child;
    }
    tree.symbol[node] = symbol;
  });
  return tree;
}

interface Machine {
  /** Next state by `state * 16 + halfByte`; NONE if that spells the end of string. */
  readonly next: Int16Array;
  /** Byte completed by that step, or NONE. The shortest code has 5 bits, so a half byte completes at most one. */
  readonly emit: Int16Array;
  /** 1 for the states in which a string may end: at a symbol's end, or inside a padding of at most 7 ones. */
  readonly accepting: Uint8Array;
}

function buildMachine(): Machine {
  const tree = buildTree();
  const stateOf = new Map<number, number>();
  const nodes: number[] = [];
  tree.symbol.forEach((symbol, node) => {
    if (symbol === NONE) {
      stateOf.set(node, nodes.length);
      nodes.push(node);
    }
  });
  const next = new Int16Array(nodes.length * 16);
  const emit = new Int16Array(nodes.length * 16).fill(NONE);
  nodes.forEach((start, state) => {
    for (let halfByte = 0; halfByte < 16; halfByte += 1) {
      const at = state * 16 + halfByte;
      let node = start;
      for (let bit = 3; bit >= 0 && next[at] !== NONE; bit -= 1) {
        node = (((halfByte >> bit) & 1) === 1 ? tree.one[node] : tree.zero[node]) ?? NONE;
        const symbol = tree.symbol[node] ?? NONE;
        if (symbol === END_OF_STRING) {
          next[at] = NONE;
        } else if (symbol !== NONE) {
          emit[at] = symbol;
          node = 0;
        }
      }
      if (next[at] !== NONE) {
        next[at] = stateOf.get(node) ?? NONE;
      }
    }
  });
  const accepting = new Uint8Array(nodes.length);
  let node = 0;
  for (let ones = 0; ones <= 7; ones += 1) {
    accepting[stateOf.get(node) ?? 0] = 1;
    node = tree.one[node] ?? NONE;
  }
  return { next, emit, accepting };
}

/** Made for the first string: building it would take 2 ms of every start. */
let machine: Machine | null = null;

/** Bytes that `encodedBytes` can decode to at most: the shortest code has 5 bits. */
export function huffmanDecodedBytesMax(encodedBytes: number): number {
  return Math.floor((encodedBytes * 8) / 5);
}

let scratch = new Uint8Array(4096);

/** Decodes `source[start, end)` to a latin1 string; undefined if it is no valid Huffman string (RFC 7541, 5.2). */
export function huffmanDecode(source: Uint8Array, start: number, end: number): string | undefined {
  const bytesMax = huffmanDecodedBytesMax(end - start);
  if (bytesMax > scratch.length) {
    // Bounded by the limit on a header block, which the caller keeps.
    scratch = new Uint8Array(bytesMax);
  }
  machine ??= buildMachine();
  const { next, emit, accepting } = machine;
  const target = scratch;
  let state = 0;
  let length = 0;
  for (let i = start; i < end; i += 1) {
    const byte = source[i] as number;
    let step = state * 16 + (byte >> 4);
    let symbol = emit[step] as number;
    state = next[step] as number;
    if (state < 0) {
      return undefined;
    }
    if (symbol >= 0) {
      target[length] = symbol;
      length += 1;
    }
    step = state * 16 + (byte & 15);
    symbol = emit[step] as number;
    state = next[step] as number;
    if (state < 0) {
      return undefined;
    }
    if (symbol >= 0) {
      target[length] = symbol;
      length += 1;
    }
  }
  return accepting[state] === 1 ? latin1(target, 0, length) : undefined;
}

/** Encodes a latin1 string, padded with ones to a whole byte. */
export function huffmanEncode(text: string): Uint8Array {
  const bytes: number[] = [];
  let pending = 0n;
  let pendingBits = 0n;
  for (let i = 0; i < text.length; i += 1) {
    const symbol = text.charCodeAt(i);
    const bits = BigInt(HUFFMAN_CODE_BITS[symbol] ?? 0);
    pending = (pending << bits) | BigInt(CODES[symbol] ?? 0);
    pendingBits += bits;
    while (pendingBits >= 8n) {
      pendingBits -= 8n;
      bytes.push(Number((pending >> pendingBits) & 0xffn));
      pending &= (1n << pendingBits) - 1n;
    }
  }
  if (pendingBits > 0n) {
    const padding = 8n - pendingBits;
    bytes.push(Number((pending << padding) | ((1n << padding) - 1n)));
  }
  return Uint8Array.from(bytes);
}
