// Latencies in buckets that grow with their value: 128 to each power of two, so a percentile is at most 0.8 % off.
#ifndef T4_LOAD_HISTOGRAM_H
#define T4_LOAD_HISTOGRAM_H

#include "common.h"

enum {
  HISTOGRAM_BUCKET_BITS = 7,
  HISTOGRAM_BUCKETS = (65 - HISTOGRAM_BUCKET_BITS) << HISTOGRAM_BUCKET_BITS,
};

struct histogram {
  uint64_t count, sum, largest;
  uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline void histogram_add(struct histogram *histogram, uint64_t value) {
  int bits = 64 - __builtin_clzll(value | 1);
  int shift = bits > HISTOGRAM_BUCKET_BITS + 1 ? bits - HISTOGRAM_BUCKET_BITS - 1 : 0;
  histogram->buckets[((uint64_t)shift << HISTOGRAM_BUCKET_BITS) + (value >> shift)]++;
  histogram->count++;
  histogram->sum += value;
  if (value > histogram->largest) {
    histogram->largest = value;
  }
}

/** The smallest value that `share` of all values do not exceed. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/** Prints {"count":…,"mean":…,"p50":…,"p90":…,"p99":…,"p999":…,"max":…} in the unit that was added. */
void histogram_print(const struct histogram *histogram);

#endif
