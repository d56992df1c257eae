// Watchers on one prefix and a writer under it. Each value begins with the put's number, so that the time from a put to
// its delivery to the last watcher is known; a watcher that misses an event, or gets one twice or out of order, is
// counted and shows in the report.
#include "histogram.h"
#include "load.h"
#include "messages.h"

enum { RING_PUTS = 1 << 17, SEQUENCE_BYTES = 8, OPEN_LOOP_STREAMS = 1000 };

/** A put that not every watcher has got. */
struct pending_put {
  uint64_t sequence, sent_at_ns;
  uint32_t missing;
};

struct watcher {
  int64_t revision; // of its last event
  uint64_t events;
  bool created;
};

static struct {
  const struct options *options;
  struct loop loop;
  struct connection *writer;
  struct watcher *watchers;
  struct pending_put *ring; // at sequence % RING_PUTS
  uint64_t random, started_at_ns, progress_at_ns;
  uint64_t puts, puts_open, undelivered; // whole run
  uint8_t *request, *value;
  uint8_t pool[VALUE_POOL_BYTES];
  bool measuring, draining;
  uint32_t created;

  struct histogram to_last_delivery, to_answer; // of the measured span
  uint64_t deliveries, delivered_puts;          // in the measured span
  uint64_t events, out_of_order;                // whole run
} load;

static void note_event(void *context, const struct key_value *kv) {
  struct watcher *watcher = context;
  uint64_t sequence;
  load.out_of_order += kv->mod_revision <= watcher->revision;
  watcher->revision = kv->mod_revision;
  watcher->events++;
  load.events++;
  load.deliveries += load.measuring;
  if (kv->value_length != load.options->value_bytes) {
    give_up("a watcher got a value of %zu bytes", kv->value_length);
  }
  memcpy(&sequence, kv->value, SEQUENCE_BYTES);
  struct pending_put *put = &load.ring[sequence % RING_PUTS];
  if (put->sequence != sequence || put->missing == 0) {
    load.out_of_order++; // delivered once too often
    return;
  }
  if (--put->missing == 0) {
    load.undelivered--;
    if (load.measuring) {
      load.delivered_puts++;
      histogram_add(&load.to_last_delivery, load.progress_at_ns - put->sent_at_ns);
    }
  }
}

static void on_message(struct connection *connection, struct stream *stream, const uint8_t *bytes,
                       size_t length) {
  if (stream->method != METHOD_WATCH) {
    return;
  }
  struct watcher *watcher = &load.watchers[stream->key];
  struct watch_answer answer;
  load.progress_at_ns = connection->received_at_ns;
  if (!read_watch(bytes, length, &answer, note_event, watcher)) {
    give_up("an answer to Watch is not well formed");
  }
  if (answer.cancelled) {
    give_up("the server cancelled a watch");
  }
  load.created += answer.created && !watcher->created;
  watcher->created = watcher->created || answer.created;
}

static void on_end(struct connection *connection, struct stream *stream, const char *error) {
  if (error != NULL || stream->method == METHOD_WATCH) {
    give_up("a %s ended: %s", stream->method == METHOD_WATCH ? "watch" : "put",
            error == NULL ? "without an error" : error);
  }
  load.puts_open--;
  if (load.measuring) {
    histogram_add(&load.to_answer, connection->received_at_ns - stream->sent_at_ns);
  }
}

static const struct handlers handlers = {on_message, on_end};

/** Returns false if no stream is idle or the window is too small just now. */
static bool put(uint64_t sent_at_ns) {
  uint32_t value_bytes = load.options->value_bytes;
  uint64_t sequence = load.puts;
  struct pending_put *pending = &load.ring[sequence % RING_PUTS];
  if (pending->missing > 0) {
    give_up("the watchers are %d puts behind", RING_PUTS);
  }
  memcpy(load.value, load.pool + random_below(&load.random, VALUE_POOL_BYTES - value_bytes),
         value_bytes);
  memcpy(load.value, &sequence, SEQUENCE_BYTES);
  uint32_t key = random_below(&load.random, load.options->keys);
  size_t length = write_put(load.request, key, load.value, value_bytes);
  struct stream *stream = connection_call(load.writer, METHOD_PUT, load.request, length, true);
  if (stream == NULL) {
    return false;
  }
  stream->sent_at_ns = sent_at_ns;
  *pending = (struct pending_put){sequence, sent_at_ns, load.options->watchers};
  load.puts++;
  load.puts_open++;
  load.undelivered++;
  return true;
}

/**
 * At a fixed rate a put counts from when it was due, even if it had to wait; else as many puts are under way, from being
 * sent to the last delivery, as the writer has streams.
 */
static void write_due(void) {
  double rate = load.options->puts_per_second;
  if (load.draining) {
    return;
  }
  if (rate == 0) {
    uint64_t now = now_ns();
    while (load.undelivered < load.options->streams && put(now)) {
    }
    return;
  }
  double elapsed = (double)(now_ns() - load.started_at_ns) / 1e9;
  while ((double)load.puts < elapsed * rate &&
         put(load.started_at_ns + (uint64_t)((double)load.puts / rate * 1e9))) {
  }
}

static void turn_until(uint64_t until_ns) {
  int timeout_ms = load.options->puts_per_second > 0 ? 1 : TURN_MS;
  while (load.draining ? load.undelivered + load.puts_open > 0 : now_ns() < until_ns) {
    write_due();
    loop_flush(&load.loop, load.writer);
    loop_turn(&load.loop, timeout_ms, NULL);
    if (load.undelivered == 0) {
      load.progress_at_ns = now_ns();
    } else if (now_ns() > load.progress_at_ns + STALL_MS * 1000000ull) {
      give_up("%lu puts were not delivered to all watchers for %d ms", load.undelivered, STALL_MS);
    }
  }
}

static void open_watchers(void) {
  const struct options *options = load.options;
  uint32_t connections = options->connections;
  uint32_t each = (options->watchers + connections - 1) / connections;
  loop_open(&load.loop, connections + 1);
  load.writer = loop_connect(&load.loop, options->port,
                             options->puts_per_second > 0 ? OPEN_LOOP_STREAMS : options->streams,
                             &handlers);
  for (uint32_t at = 0; at < connections; at++) {
    loop_connect(&load.loop, options->port, each, &handlers);
  }
  loop_await_ready(&load.loop);
  for (uint32_t watcher = 0; watcher < options->watchers; watcher++) {
    struct connection *connection = &load.loop.connections[1 + watcher % connections];
    size_t length = write_watch(load.request);
    struct stream *stream =
        connection_call(connection, METHOD_WATCH, load.request, length, false);
    if (stream == NULL) {
      give_up("the server's window does not take the watch requests");
    }
    stream->key = watcher;
    loop_flush(&load.loop, connection);
  }
  load.progress_at_ns = now_ns();
  while (load.created < options->watchers) {
    loop_turn(&load.loop, TURN_MS, NULL);
    if (now_ns() > load.progress_at_ns + STALL_MS * 1000000ull) {
      give_up("only %u of %u watches were created", load.created, options->watchers);
    }
  }
}

static void print_report(const struct usage *usage) {
  const struct options *options = load.options;
  uint64_t missing = 0;
  for (uint32_t at = 0; at < options->watchers; at++) {
    missing += load.watchers[at].events < load.puts ? load.puts - load.watchers[at].events : 0;
  }
  printf("{\"mode\":\"watch\",\"connections\":%u,\"watchers\":%u,\"putsPerSecondWanted\":%.1f"
         ",\"streams\":%u,\"keys\":%u,\"valueBytes\":%u",
         options->connections, options->watchers, options->puts_per_second, options->streams,
         options->keys, options->value_bytes);
  print_usage(options, usage, load.deliveries);
  printf(",\"putsPerSecond\":%.1f,\"latencyNs\":",
         (double)load.delivered_puts * 1e9 / (double)usage->wall_ns);
  histogram_print(&load.to_last_delivery);
  printf(",\"putLatencyNs\":");
  histogram_print(&load.to_answer);
  printf(",\"wholeRun\":{\"put\":%lu,\"events\":%lu,\"missing\":%lu,\"outOfOrder\":%lu}}\n",
         load.puts, load.events, missing, load.out_of_order);
}

void run_watch(const struct options *options) {
  load.options = options;
  load.random = options->seed;
  load.request = allocate(REQUEST_OVERHEAD + options->value_bytes);
  load.value = allocate(options->value_bytes);
  load.watchers = allocate(options->watchers * sizeof *load.watchers);
  load.ring = allocate(RING_PUTS * sizeof *load.ring);
  fill_value_pool(load.pool, &load.random);
  open_watchers();

  load.started_at_ns = load.progress_at_ns = now_ns();
  turn_until(load.started_at_ns + (uint64_t)(options->warm_up_seconds * 1e9));
  struct usage start = usage_now(options);
  load.measuring = true;
  turn_until(start.wall_ns + (uint64_t)(options->seconds * 1e9));
  load.measuring = false;
  struct usage usage = usage_since(options, &start);
  load.draining = true;
  turn_until(0);
  print_report(&usage);
  loop_close(&load.loop);
}
