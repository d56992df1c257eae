// What every file of the load generator uses: the clock, integers in network byte order, buffers that grow, and a way
// to give up. The generator never goes on after a broken rule: a wrong figure is worse than none.
#ifndef T4_LOAD_COMMON_H
#define T4_LOAD_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define give_up(...) (fprintf(stderr, "t4-load: " __VA_ARGS__), fputc('\n', stderr), exit(1))

static inline uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void write_u32(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)(value >> 24);
  at[1] = (uint8_t)(value >> 16);
  at[2] = (uint8_t)(value >> 8);
  at[3] = (uint8_t)value;
}

static inline uint32_t read_u32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void *allocate(size_t bytes) {
  void *memory = calloc(1, bytes);
  if (memory == NULL) {
    give_up("out of memory");
  }
  return memory;
}

/** Bytes that arrive or leave in pieces: `start` is the first one not yet used. */
struct buffer {
  uint8_t *bytes;
  size_t start, end, capacity;
};

/** Makes room for `more` bytes behind the end and returns where they go; the caller then raises `end`. */
static inline uint8_t *buffer_reserve(struct buffer *buffer, size_t more) {
  if (buffer->end + more > buffer->capacity) {
    size_t used = buffer->end - buffer->start;
    memmove(buffer->bytes, buffer->bytes + buffer->start, used);
    buffer->start = 0;
    buffer->end = used;
    if (used + more > buffer->capacity) {
      buffer->capacity = (used + more) * 2;
      buffer->bytes = realloc(buffer->bytes, buffer->capacity);
      if (buffer->bytes == NULL) {
        give_up("out of memory");
      }
    }
  }
  return buffer->bytes + buffer->end;
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
  memcpy(buffer_reserve(buffer, length), bytes, length);
  buffer->end += length;
}

/** splitmix64: a fast generator of which every seed is good; a run with the same seed asks for the same keys. */
static inline uint64_t random_next(uint64_t *state) {
  uint64_t mixed = (*state += 0x9e3779b97f4a7c15u);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

/** A number below `bound`, by multiplication instead of a division. */
static inline uint32_t random_below(uint64_t *state, uint32_t bound) {
  return (uint32_t)(((random_next(state) >> 32) * bound) >> 32);
}

#endif
