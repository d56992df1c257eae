// The header of every answer: cluster, member, revision, term. Its first half never changes and is encoded once; the
// whole is kept for the revision used last, since many answers in a row carry the same.
import { assert } from "../lib/assert.js";
import type { Node } from "../node/node.js";
import { bigVarintSize, varintSize, writeBigVarint, writeVarint } from "../lib/varint.js";
import type { ResponseHeader } from "./gen/rpc.js";

export class ResponseHeaders {
  readonly #node: Node;
  readonly #clusterId: bigint;
  readonly #memberId: bigint;
  readonly #ids: Uint8Array;
  #revision = -1;
  #term = -1;
  #field: Uint8Array = new Uint8Array(0);
  /** What `passingField` returns, for revisions whose number takes as many bytes and for this term. */
  #passing: Uint8Array = new Uint8Array(0);
  #passingRevisionBytes = -1;
  #passingTerm = -1;

  constructor(node: Node) {
    this.#node = node;
    this.#clusterId = node.clusterId;
    this.#memberId = node.memberId;
    const ids = new Uint8Array(2 + bigVarintSize(node.clusterId) + bigVarintSize(node.memberId));
    ids[0] = 0x08;
    const at = writeBigVarint(ids, 1, node.clusterId);
    ids[at] = 0x10;
    writeBigVarint(ids, at + 1, node.memberId);
    this.#ids = ids;
  }

  /** A header for the generated encoders. Revision 0 leaves it out. */
  message(revision: number): ResponseHeader {
    return {
      clusterId: this.#clusterId,
      memberId: this.#memberId,
      revision,
      raftTerm: this.#node.term,
    };
  }

  /**
   * The encoded field, tag and length included, as the first of every response message has it. Never changed once
   * returned. Revision 0 leaves it out.
   */
  field(revision: number): Uint8Array {
    const term = this.#node.term;
    if (revision !== this.#revision || term !== this.#term) {
      this.#revision = revision;
      this.#term = term;
      this.#field = this.#encode(revision, term);
    }
    return this.#field;
  }

  /**
   * As `field`, but good only until the next call: every write has a revision of its own, and a header made for each was
   * an eighth of what a put left to the garbage collector. `revision` is above 0.
   */
  passingField(revision: number): Uint8Array {
    assert(revision > 0, "what was written has a revision");
    const term = this.#node.term;
    const revisionBytes = varintSize(revision);
    if (revisionBytes !== this.#passingRevisionBytes || term !== this.#passingTerm) {
      this.#passing = this.#encode(revision, term);
      this.#passingRevisionBytes = revisionBytes;
      this.#passingTerm = term;
    } else {
      // In front of it: tag and length of the field, both of one byte, the ids, and the revision's tag.
      writeVarint(this.#passing, 2 + this.#ids.length + 1, revision);
    }
    return this.#passing;
  }

  #encode(revision: number, term: number): Uint8Array {
    const ids = this.#ids;
    const content =
      ids.length + (revision > 0 ? 1 + varintSize(revision) : 0) + 1 + varintSize(term);
    const field = new Uint8Array(1 + varintSize(content) + content);
    field[0] = 0x0a;
    let at = writeVarint(field, 1, content);
    field.set(ids, at);
    at += ids.length;
    if (revision > 0) {
      field[at] = 0x18;
      at = writeVarint(field, at + 1, revision);
    }
    field[at] = 0x20;
    writeVarint(field, at + 1, term);
    return field;
  }
}

/** Copies some tens of bytes: faster than a call into the runtime below about 50. */
export function writeShort(target: Uint8Array, at: number, bytes: Uint8Array): number {
  const length = bytes.length;
  for (let i = 0; i < length; i += 1) {
    target[at + i] = bytes[i] ?? 0;
  }
  return at + length;
}
