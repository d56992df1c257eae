// Closed loops of unary calls: each of the streams of each connection has one call open, and the next one starts as soon
// as it is answered. Only calls that were answered with grpc-status 0 and one whole message count as done.
#include "histogram.h"
#include "load.h"
#include "messages.h"

enum { PAGE_KEYS = 5000 };

enum phase { PHASE_WARM_UP, PHASE_MEASURE, PHASE_DRAIN };

static struct {
  const struct options *options;
  struct loop loop;
  enum phase phase;
  uint64_t random, open, done_at_ns;
  uint32_t filled; // keys that were asked to be filled
  uint8_t *request;
  uint8_t pool[VALUE_POOL_BYTES];
  int64_t *revisions; // of each key, as far as known; only for txn

  struct histogram all, of_method[METHODS]; // of the measured span
  uint64_t done, failed;                    // in the measured span
  uint64_t ended[METHODS], failures[GRPC_STATUSES]; // in the whole run
  uint64_t not_found, conflicts;                    // in the whole run
  char first_failure[GRPC_MESSAGE_MAX];
} load;

static void ignore_key_value(const struct key_value *kv) { (void)kv; }

static void on_message(struct connection *connection, struct stream *stream, const uint8_t *bytes,
                       size_t length) {
  (void)connection;
  if (stream->method == METHOD_RANGE) {
    int found = read_range(bytes, length, ignore_key_value);
    if (found < 0) {
      give_up("an answer to Range is not well formed");
    }
    load.not_found += found == 0;
  } else if (stream->method == METHOD_TXN) {
    struct txn_answer answer;
    if (!read_txn(bytes, length, &answer)) {
      give_up("an answer to Txn is not well formed");
    }
    load.conflicts += !answer.succeeded;
    int64_t revision = answer.succeeded ? answer.revision : answer.mod_revision;
    if (revision > load.revisions[stream->key]) { // answers of one key may overtake each other
      load.revisions[stream->key] = revision;
    }
  }
}

static void note_failure(const struct stream *stream, const char *error) {
  int status = stream->grpc_status < GRPC_STATUSES ? stream->grpc_status : STATUS_UNKNOWN;
  load.failures[status]++;
  load.failed += load.phase == PHASE_MEASURE;
  if (load.first_failure[0] == 0) {
    snprintf(load.first_failure, sizeof load.first_failure, "%s", error);
  }
}

static void on_end(struct connection *connection, struct stream *stream, const char *error) {
  load.open--;
  load.done_at_ns = connection->received_at_ns;
  if (error == NULL && stream->messages != 1) {
    error = "the call was answered without exactly one message";
    stream->grpc_status = STATUS_UNKNOWN;
  }
  if (error != NULL) {
    note_failure(stream, error);
    return;
  }
  load.ended[stream->method]++;
  if (load.phase == PHASE_MEASURE) {
    uint64_t latency = connection->received_at_ns - stream->sent_at_ns;
    load.done++;
    histogram_add(&load.all, latency);
    histogram_add(&load.of_method[stream->method], latency);
  }
}

static const struct handlers handlers = {on_message, on_end};

static enum method choose_method(void) {
  switch (load.options->mode) {
  case MODE_RANGE:
    return METHOD_RANGE;
  case MODE_TXN:
    return METHOD_TXN;
  case MODE_MIXED:
    return random_below(&load.random, 10) == 0 ? METHOD_PUT : METHOD_RANGE;
  default:
    return METHOD_PUT;
  }
}

static size_t write_request(enum method method, uint32_t key) {
  uint32_t value_bytes = load.options->value_bytes;
  const uint8_t *value = load.pool;
  if (method != METHOD_RANGE) {
    value += random_below(&load.random, VALUE_POOL_BYTES - value_bytes);
  }
  switch (method) {
  case METHOD_RANGE:
    return write_range(load.request, key);
  case METHOD_TXN:
    return write_guarded_put(load.request, key, load.revisions[key], value, value_bytes);
  default:
    return write_put(load.request, key, value, value_bytes);
  }
}

/** Gives every idle stream of the connection a new call, as far as its window reaches. */
static void start_calls(struct connection *connection) {
  bool fill = load.options->mode == MODE_FILL;
  if (load.phase == PHASE_DRAIN || connection->idle_count == 0) {
    return;
  }
  uint64_t now = now_ns();
  while (connection->idle_count > 0 && !(fill && load.filled == load.options->keys)) {
    enum method method = choose_method();
    uint32_t key = fill ? load.filled : random_below(&load.random, load.options->keys);
    size_t length = write_request(method, key);
    struct stream *stream = connection_call(connection, method, load.request, length, true);
    if (stream == NULL) {
      return; // a WINDOW_UPDATE brings us back here
    }
    stream->key = key;
    stream->sent_at_ns = now;
    load.open++;
    load.filled += fill;
  }
}

static uint8_t page_start[KEY_BYTES];
static int page_keys;

static void note_revision(const struct key_value *kv) {
  uint32_t key = key_number(kv->key);
  if (key < load.options->keys) {
    load.revisions[key] = kv->mod_revision;
  }
  memcpy(page_start, kv->key, KEY_BYTES);
}

static void on_page(struct connection *connection, struct stream *stream, const uint8_t *bytes,
                    size_t length) {
  (void)connection, (void)stream;
  page_keys = read_range(bytes, length, note_revision);
}

static void on_page_end(struct connection *connection, struct stream *stream, const char *error) {
  (void)connection, (void)stream;
  if (error != NULL || page_keys < 0) {
    give_up("cannot read the revisions of the keys: %s", error == NULL ? "malformed" : error);
  }
  load.open--;
}

/** Reads every key's mod revision, so that the first compare of each key succeeds as an informed client's does. */
static void learn_revisions(void) {
  static const struct handlers page_handlers = {on_page, on_page_end};
  struct loop loop;
  load.revisions = allocate(load.options->keys * sizeof *load.revisions);
  loop_open(&loop, 1);
  loop_connect(&loop, load.options->port, 1, &page_handlers);
  loop_await_ready(&loop);
  write_key(page_start, 0);
  memset(page_start + KEY_PREFIX_BYTES, '0', KEY_BYTES - KEY_PREFIX_BYTES);
  do { // the last key of a page is the first of the next one, which does no harm
    size_t length = write_range_of_keys(load.request, page_start, PAGE_KEYS);
    connection_call(loop.connections, METHOD_RANGE, load.request, length, true);
    loop_flush(&loop, loop.connections);
    for (load.open = 1; load.open > 0;) {
      loop_turn(&loop, TURN_MS, NULL);
    }
  } while (page_keys == PAGE_KEYS);
  loop_close(&loop);
}

/** Turns the loop until `until_ns`, or for a fill until all keys are asked for. */
static void turn_until(uint64_t until_ns) {
  bool fill = load.options->mode == MODE_FILL;
  while (fill ? load.filled < load.options->keys : now_ns() < until_ns) {
    loop_turn(&load.loop, TURN_MS, start_calls);
    if (now_ns() > load.done_at_ns + STALL_MS * 1000000ull) {
      give_up("no call was answered for %d ms", STALL_MS);
    }
  }
}

static void drain(void) {
  while (load.open > 0) {
    loop_turn(&load.loop, TURN_MS, NULL);
    if (now_ns() > load.done_at_ns + STALL_MS * 1000000ull) {
      give_up("%lu calls were not answered for %d ms", load.open, STALL_MS);
    }
  }
}

static void print_report(const struct usage *usage) {
  static const char *const names[] = {"range", "put", "txn"};
  printf("{\"mode\":\"%s\",\"connections\":%u,\"streams\":%u,\"keys\":%u,\"valueBytes\":%u",
         load.options->mode_name, load.options->connections, load.options->streams,
         load.options->keys, load.options->value_bytes);
  print_usage(load.options, usage, load.done);
  printf(",\"done\":%lu,\"failed\":%lu,\"latencyNs\":", load.done, load.failed);
  histogram_print(&load.all);
  printf(",\"latencyNsByMethod\":{");
  const char *comma = "";
  for (int method = METHOD_RANGE; method <= METHOD_TXN; method++) {
    if (load.of_method[method].count > 0) {
      printf("%s\"%s\":", comma, names[method]);
      histogram_print(&load.of_method[method]);
      comma = ",";
    }
  }
  printf("},\"wholeRun\":{\"range\":%lu,\"put\":%lu,\"txn\":%lu,\"notFound\":%lu,\"conflicts\":%lu",
         load.ended[METHOD_RANGE], load.ended[METHOD_PUT], load.ended[METHOD_TXN], load.not_found,
         load.conflicts);
  printf(",\"failuresByStatus\":{");
  comma = "";
  for (int status = 0; status < GRPC_STATUSES; status++) {
    if (load.failures[status] > 0) {
      printf("%s\"%d\":%lu", comma, status, load.failures[status]);
      comma = ",";
    }
  }
  printf("},\"firstFailure\":\"");
  for (const char *at = load.first_failure; *at != 0; at++) {
    printf(*at < ' ' || *at == '"' || *at == '\\' ? "\\u%04x" : "%c", (unsigned char)*at);
  }
  printf("\"}}\n");
}

void run_requests(const struct options *options) {
  load.options = options;
  load.random = options->seed;
  load.request = allocate(REQUEST_OVERHEAD + options->value_bytes);
  fill_value_pool(load.pool, &load.random);
  if (options->mode == MODE_TXN) {
    learn_revisions();
  }
  loop_open(&load.loop, options->connections);
  for (uint32_t at = 0; at < options->connections; at++) {
    loop_connect(&load.loop, options->port, options->streams, &handlers);
  }
  loop_await_ready(&load.loop);
  load.done_at_ns = now_ns();
  load.phase = options->mode == MODE_FILL ? PHASE_MEASURE : PHASE_WARM_UP;
  struct usage start = usage_now(options);
  for (uint32_t at = 0; at < options->connections; at++) {
    start_calls(&load.loop.connections[at]);
    loop_flush(&load.loop, &load.loop.connections[at]);
  }
  if (load.phase == PHASE_WARM_UP) {
    turn_until(now_ns() + (uint64_t)(options->warm_up_seconds * 1e9));
    load.phase = PHASE_MEASURE;
    start = usage_now(options);
  }
  turn_until(start.wall_ns + (uint64_t)(options->seconds * 1e9));
  if (options->mode == MODE_FILL) {
    drain(); // the span ends with the last answer
  }
  struct usage usage = usage_since(options, &start);
  load.phase = PHASE_DRAIN;
  drain();
  print_report(&usage);
  loop_close(&load.loop);
}
