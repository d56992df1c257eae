// The Huffman code of RFC 7541, appendix B. It is canonical (codes of one length are consecutive in the order of their
// symbols), so the lengths alone define it.
#include "huffman.h"

enum { END_OF_STRING = 256, SYMBOLS = 257, LONGEST_CODE_BITS = 30 };

static const uint8_t code_bits[SYMBOLS] = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,
    7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,  5,  6,  7,  7,
    7,  7,  7,  15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
};

static uint32_t first_code[LONGEST_CODE_BITS + 2]; // of each length
static uint16_t first_symbol[LONGEST_CODE_BITS + 2]; // its place in `by_code`
static uint16_t by_code[SYMBOLS];

static void build(void) {
  uint32_t code = 0;
  uint16_t placed = 0;
  for (int bits = 1; bits <= LONGEST_CODE_BITS; bits++) {
    code <<= 1;
    first_code[bits] = code;
    first_symbol[bits] = placed;
    for (int symbol = 0; symbol < SYMBOLS; symbol++) {
      if (code_bits[symbol] == bits) {
        by_code[placed++] = (uint16_t)symbol;
        code++;
      }
    }
  }
  first_symbol[LONGEST_CODE_BITS + 1] = placed;
}

bool huffman_decode(const uint8_t *coded, size_t length, struct buffer *text) {
  if (by_code[0] == 0) {
    build(); // no code word of the shortest length stands for symbol 0, so an unbuilt table is seen
  }
  uint32_t code = 0;
  int bits = 0;
  bool only_ones = true; // since the last whole symbol: what padding must be
  for (size_t at = 0; at < length; at++) {
    for (int shift = 7; shift >= 0; shift--) {
      uint32_t bit = (coded[at] >> shift) & 1u;
      code = code << 1 | bit;
      only_ones = only_ones && bit == 1;
      if (++bits > LONGEST_CODE_BITS) {
        return false;
      }
      uint32_t place = code - first_code[bits];
      uint32_t of_this_length = (uint32_t)(first_symbol[bits + 1] - first_symbol[bits]);
      if (code >= first_code[bits] && place < of_this_length) {
        uint16_t symbol = by_code[first_symbol[bits] + place];
        if (symbol == END_OF_STRING) {
          return false;
        }
        *buffer_reserve(text, 1) = (uint8_t)symbol;
        text->end++;
        code = 0;
        bits = 0;
        only_ones = true;
      }
    }
  }
  return bits < 8 && only_ones;
}
