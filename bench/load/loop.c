#include "load.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EVENTS = 256 };

/** Asks epoll for writability only while the socket does not take what is pending. */
static void arm(struct loop *loop, struct connection *connection, int operation) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
  if (connection->waits_for_writable) {
    event.events |= EPOLLOUT;
  }
  epoll_ctl(loop->epoll, operation, connection->fd, &event);
}

void loop_open(struct loop *loop, uint32_t connections_max) {
  loop->epoll = epoll_create1(0);
  loop->connections = allocate(connections_max * sizeof *loop->connections);
  loop->count = 0;
}

struct connection *loop_connect(struct loop *loop, int port, uint32_t streams,
                                const struct handlers *handlers) {
  struct connection *connection = &loop->connections[loop->count++];
  connection_open(connection, port, streams, handlers);
  arm(loop, connection, EPOLL_CTL_ADD);
  return connection;
}

void loop_await_ready(struct loop *loop) {
  uint64_t deadline = now_ns() + STALL_MS * 1000000ull;
  for (uint32_t ready = 0; ready < loop->count;) {
    loop_turn(loop, TURN_MS, NULL);
    ready = 0;
    for (uint32_t at = 0; at < loop->count; at++) {
      ready += loop->connections[at].ready;
    }
    if (now_ns() > deadline) {
      give_up("the server sent no SETTINGS within %d ms", STALL_MS);
    }
  }
}

void loop_flush(struct loop *loop, struct connection *connection) {
  bool waited = connection->waits_for_writable;
  connection_flush(connection);
  if (connection->waits_for_writable != waited) {
    arm(loop, connection, EPOLL_CTL_MOD);
  }
}

void loop_turn(struct loop *loop, int timeout_ms, void (*after)(struct connection *connection)) {
  struct epoll_event events[EVENTS];
  int count = epoll_wait(loop->epoll, events, EVENTS, timeout_ms);
  if (count < 0 && errno != EINTR) {
    give_up("cannot wait: %s", strerror(errno));
  }
  for (int at = 0; at < count; at++) {
    struct connection *connection = events[at].data.ptr;
    if (events[at].events & ~(uint32_t)EPOLLOUT) {
      connection_receive(connection);
    }
    if (after != NULL) {
      after(connection);
    }
    loop_flush(loop, connection);
  }
}

void loop_close(struct loop *loop) {
  for (uint32_t at = 0; at < loop->count; at++) {
    connection_close(&loop->connections[at]);
  }
  close(loop->epoll);
  free(loop->connections);
}

void fill_value_pool(uint8_t pool[VALUE_POOL_BYTES], uint64_t *random) {
  for (size_t at = 0; at < VALUE_POOL_BYTES; at += 8) {
    uint64_t bytes = random_next(random);
    memcpy(pool + at, &bytes, 8);
  }
}

static double own_cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/** User and system time of all threads of the server, from /proc; 0 if its process id is not known. */
static double server_cpu_seconds(const struct options *options) {
  char path[64], text[1024];
  if (options->server_pid == 0) {
    return 0;
  }
  snprintf(path, sizeof path, "/proc/%d/stat", options->server_pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    give_up("cannot read %s", path);
  }
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  unsigned long user = 0, system = 0;
  const char *behind_name = strrchr(text, ')');
  if (behind_name == NULL ||
      sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
             &system) != 2) {
    give_up("cannot read %s", path);
  }
  return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long server_resident_bytes(const struct options *options) {
  char path[64];
  long pages = 0;
  snprintf(path, sizeof path, "/proc/%d/statm", options->server_pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) {
    give_up("cannot read %s", path);
  }
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

struct usage usage_now(const struct options *options) {
  struct usage usage = {now_ns(), own_cpu_seconds(), server_cpu_seconds(options)};
  return usage;
}

struct usage usage_since(const struct options *options, const struct usage *start) {
  struct usage now = usage_now(options);
  now.wall_ns -= start->wall_ns;
  now.own_cpu_seconds -= start->own_cpu_seconds;
  now.server_cpu_seconds -= start->server_cpu_seconds;
  return now;
}

void print_usage(const struct options *options, const struct usage *usage, uint64_t operations) {
  double seconds = (double)usage->wall_ns / 1e9;
  printf(",\"measuredSeconds\":%.4f,\"perSecond\":%.1f,\"generatorCpuShare\":%.3f", seconds,
         (double)operations / seconds, usage->own_cpu_seconds / seconds);
  if (options->server_pid != 0) {
    printf(",\"serverCpuShare\":%.3f,\"serverCpuMicrosecondsPerOperation\":%.3f"
           ",\"serverResidentBytes\":%ld",
           usage->server_cpu_seconds / seconds,
           operations == 0 ? 0 : usage->server_cpu_seconds * 1e6 / (double)operations,
           server_resident_bytes(options));
  }
}
