// What the two kinds of load share: their options, the event loop, and the processes' use of the CPU.
#ifndef T4_LOAD_LOAD_H
#define T4_LOAD_LOAD_H

#include "http2.h"

enum mode { MODE_FILL, MODE_RANGE, MODE_PUT, MODE_MIXED, MODE_TXN, MODE_WATCH };

enum {
  VALUE_POOL_BYTES = 64 * 1024,
  TURN_MS = 50,
  STALL_MS = 20000, // a server that answers nothing for so long has failed
};

struct options {
  enum mode mode;
  const char *mode_name;
  int port;
  int server_pid; // 0: not known
  uint32_t connections, streams;
  uint32_t keys;
  uint32_t value_bytes;
  uint32_t watchers;
  double puts_per_second; // of the writer that watchers watch; 0: as many as are delivered
  double seconds, warm_up_seconds;
  uint64_t seed;
};

void run_requests(const struct options *options);
void run_watch(const struct options *options);

/** The connections of a load, in one array, and their epoll. */
struct loop {
  int epoll;
  struct connection *connections;
  uint32_t count;
};

void loop_open(struct loop *loop, uint32_t connections_max);
/** Opens one more connection, for `streams` calls at once. */
struct connection *loop_connect(struct loop *loop, int port, uint32_t streams,
                                const struct handlers *handlers);
/** Waits until the server end of each connection has sent its SETTINGS, which say what we may send. */
void loop_await_ready(struct loop *loop);

/**
 * Waits up to `timeout_ms` for bytes and handles them; `after` is called for each connection that had some, to start
 * further calls, and what was written is flushed.
 */
void loop_turn(struct loop *loop, int timeout_ms, void (*after)(struct connection *connection));

/** Sends what was written outside of a turn. */
void loop_flush(struct loop *loop, struct connection *connection);

void loop_close(struct loop *loop);

/** Bytes that values are cut from: random ones, so that no server gains by compressing them. */
void fill_value_pool(uint8_t pool[VALUE_POOL_BYTES], uint64_t *random);

/** Time and CPU used, since some start. */
struct usage {
  uint64_t wall_ns;
  double own_cpu_seconds, server_cpu_seconds;
};

struct usage usage_now(const struct options *options);
struct usage usage_since(const struct options *options, const struct usage *start);

/** Prints the members that both kinds of load report, with a comma before each. */
void print_usage(const struct options *options, const struct usage *usage, uint64_t operations);

#endif
