// t4-load: puts load on a server that speaks etcd v3 and prints one JSON object with what it measured. See usage().
// One thread, epoll, no library but libc.
#include "load.h"

#include <getopt.h>
#include <signal.h>

static const char *const mode_names[] = {"fill", "range", "put", "mixed", "txn", "watch"};

static const char usage_text[] =
    "t4-load <mode> --port <port> [options]\n"
    "  fill    put each of the keys once\n"
    "  range   read one random key per call\n"
    "  put     write one random key per call\n"
    "  mixed   9 of 10 calls range, the others put\n"
    "  txn     put if the key's mod revision is the one known, else get\n"
    "  watch   a writer, and watchers of all keys\n"
    "  decode-headers <hex>...   decode HPACK blocks in turn, for tests\n"
    "options, with their defaults:\n"
    "  --connections 1     for watch: those that the watchers share, beside the writer's\n"
    "  --streams 1         calls open at once per connection; for watch: puts under way at once\n"
    "  --keys 100000       --value-bytes 256\n"
    "  --seconds 10        --warm-up 1\n"
    "  --watchers 1        --puts-per-second 0 (as many as are delivered)\n"
    "  --server-pid 0      whose CPU time to report\n"
    "  --token <text>      that of a user, where auth is on\n"
    "  --seed 1";

static void print_header(void *context, const struct header *header) {
  (void)context;
  printf("%.*s: %.*s\n", (int)header->name_length, header->name, (int)header->value_length,
         header->value);
}

/** Prints the headers of each block, with one table for all of them. */
static void decode_headers(char **blocks) {
  struct hpack_decoder decoder;
  hpack_decoder_open(&decoder);
  for (; *blocks != NULL; blocks++) {
    uint8_t block[4096];
    size_t length = strlen(*blocks) / 2;
    for (size_t at = 0; at < length && at < sizeof block; at++) {
      unsigned byte;
      if (sscanf(*blocks + at * 2, "%2x", &byte) != 1) {
        give_up("not hexadecimal: %s", *blocks);
      }
      block[at] = (uint8_t)byte;
    }
    if (length > sizeof block || !hpack_decode(&decoder, block, length, print_header, NULL)) {
      give_up("not a valid header block: %s", *blocks);
    }
    printf("table: %u bytes\n", decoder.bytes);
  }
  hpack_decoder_close(&decoder);
}

static double number(const char *name, const char *text, double least, double most) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != 0 || !(value >= least && value <= most)) {
    give_up("--%s must be a number from %g to %g, not %s", name, least, most, text);
  }
  return value;
}

static struct options read_options(int argc, char **argv) {
  static const struct option names[] = {
      {"port", 1, NULL, 'p'},        {"connections", 1, NULL, 'c'},
      {"streams", 1, NULL, 'm'},     {"keys", 1, NULL, 'k'},
      {"value-bytes", 1, NULL, 'v'}, {"seconds", 1, NULL, 's'},
      {"warm-up", 1, NULL, 'w'},     {"watchers", 1, NULL, 'W'},
      {"seed", 1, NULL, 'e'},        {"puts-per-second", 1, NULL, 'r'},
      {"server-pid", 1, NULL, 'i'},  {"token", 1, NULL, 't'},
      {NULL, 0, NULL, 0},
  };
  struct options options = {
      .connections = 1,
      .streams = 1,
      .keys = 100000,
      .value_bytes = 256,
      .watchers = 1,
      .seconds = 10,
      .warm_up_seconds = 1,
      .seed = 1,
  };
  int option, at;
  while ((option = getopt_long(argc, argv, "", names, &at)) != -1) {
    if (option == '?') {
      give_up("%s", usage_text);
    }
    const char *name = names[at].name;
    switch (option) {
    case 'p':
      options.port = (int)number(name, optarg, 1, 65535);
      break;
    case 'c':
      options.connections = (uint32_t)number(name, optarg, 1, 10000);
      break;
    case 'm':
      options.streams = (uint32_t)number(name, optarg, 1, 10000);
      break;
    case 'k':
      options.keys = (uint32_t)number(name, optarg, 1, 1e9);
      break;
    case 'v':
      options.value_bytes = (uint32_t)number(name, optarg, 8, 32768);
      break;
    case 's':
      options.seconds = number(name, optarg, 0.1, 86400);
      break;
    case 'w':
      options.warm_up_seconds = number(name, optarg, 0, 3600);
      break;
    case 'W':
      options.watchers = (uint32_t)number(name, optarg, 1, 100000);
      break;
    case 'r':
      options.puts_per_second = number(name, optarg, 0, 1e6);
      break;
    case 'i':
      options.server_pid = (int)number(name, optarg, 0, 1e9);
      break;
    case 't':
      if (strlen(optarg) > TOKEN_BYTES_MAX) {
        give_up("--%s must have at most %d letters", name, TOKEN_BYTES_MAX);
      }
      connections_send_token(optarg);
      break;
    case 'e':
      options.seed = (uint64_t)number(name, optarg, 0, 1e15);
      break;
    }
  }
  return options;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc > 1 && strcmp(argv[1], "decode-headers") == 0) {
    decode_headers(argv + 2);
    return 0;
  }
  struct options options = read_options(argc, argv);
  const char *mode = optind < argc ? argv[optind] : "";
  for (int at = MODE_FILL; at <= MODE_WATCH; at++) {
    if (strcmp(mode, mode_names[at]) == 0) {
      options.mode = (enum mode)at;
      options.mode_name = mode_names[at];
    }
  }
  if (options.mode_name == NULL || options.port == 0) {
    give_up("%s", usage_text);
  }
  if (options.connections > options.watchers && options.mode == MODE_WATCH) {
    options.connections = options.watchers;
  }
  if (options.mode == MODE_WATCH) {
    run_watch(&options);
  } else {
    run_requests(&options);
  }
  return 0;
}
