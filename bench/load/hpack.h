// Header compression (RFC 7541). The decoder is whole (both tables, Huffman, size updates), because grpc-status comes
// through it and a failure must never be counted as a success. The encoder knows only what requests need.
#ifndef T4_LOAD_HPACK_H
#define T4_LOAD_HPACK_H

#include "common.h"

enum {
  HPACK_TABLE_BYTES = 4096, // what we allow the peer: HTTP/2's default
  HPACK_ENTRY_OVERHEAD = 32,
  HPACK_TABLE_ENTRIES = HPACK_TABLE_BYTES / HPACK_ENTRY_OVERHEAD,
};

enum header_kind { HEADER_OTHER, HEADER_HTTP_STATUS, HEADER_GRPC_STATUS, HEADER_GRPC_MESSAGE };

struct header {
  const char *name, *value; // not ended by a zero
  uint32_t name_length, value_length;
  enum header_kind kind;
  int number; // the value as a decimal number if `kind` is a status, else -1; -1 too if it is none
};

/** The peer's dynamic table: a ring, newest entry at `newest`. */
struct hpack_decoder {
  struct header entries[HPACK_TABLE_ENTRIES];
  uint32_t newest, count, bytes, bytes_max;
};

typedef void header_listener(void *context, const struct header *header);

void hpack_decoder_open(struct hpack_decoder *decoder);
void hpack_decoder_close(struct hpack_decoder *decoder);

/** Calls `listener` with each header of a whole block. Returns false if the block breaks a rule of RFC 7541. */
bool hpack_decode(struct hpack_decoder *decoder, const uint8_t *block, size_t length,
                  header_listener *listener, void *context);

/** Writes an integer with a prefix of `prefix_bits` bits below `first`; returns the bytes written, at most 6. */
size_t hpack_write_integer(uint8_t *at, uint8_t first, int prefix_bits, uint32_t value);

/**
 * Writes a literal header; the name is an index of a table, or text if `name_index` is 0. `indexed` adds it to the
 * dynamic table of the peer. Returns the bytes written, at most 12 and both lengths.
 */
size_t hpack_write_literal(uint8_t *at, bool indexed, uint32_t name_index, const char *name,
                           const char *value);

#endif
