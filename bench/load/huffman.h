#ifndef T4_LOAD_HUFFMAN_H
#define T4_LOAD_HUFFMAN_H

#include "common.h"

/** Appends the text to `text`. Returns false for a coded end of string and for wrong padding. */
bool huffman_decode(const uint8_t *coded, size_t length, struct buffer *text);

#endif
