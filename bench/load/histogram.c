#include "histogram.h"

uint64_t histogram_quantile(const struct histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)(share * (double)histogram->count + 0.5);
  uint64_t seen = 0;
  for (uint32_t at = 0; at < HISTOGRAM_BUCKETS; at++) {
    seen += histogram->buckets[at];
    if (seen > 0 && seen >= wanted) {
      uint32_t shift = at >> HISTOGRAM_BUCKET_BITS;
      if (shift > 0) {
        shift--; // the bucket's values have their top bit above the bucket's own bits
      }
      uint64_t lowest = ((uint64_t)at - ((uint64_t)shift << HISTOGRAM_BUCKET_BITS)) << shift;
      uint64_t highest = lowest + ((1ull << shift) - 1);
      return highest < histogram->largest ? highest : histogram->largest;
    }
  }
  return 0;
}

void histogram_print(const struct histogram *histogram) {
  double mean = histogram->count == 0 ? 0 : (double)histogram->sum / (double)histogram->count;
  printf("{\"count\":%lu,\"mean\":%.0f,\"p50\":%lu,\"p90\":%lu,\"p99\":%lu,\"p999\":%lu,\"max\":%lu}",
         histogram->count, mean, histogram_quantile(histogram, 0.5),
         histogram_quantile(histogram, 0.9), histogram_quantile(histogram, 0.99),
         histogram_quantile(histogram, 0.999), histogram->largest);
}
