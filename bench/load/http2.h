// The client's end of one HTTP/2 connection that carries gRPC calls (RFC 9113, gRPC's PROTOCOL-HTTP2). It keeps both
// directions' flow control, answers PING and SETTINGS, and reports each call's outcome from its trailers. What breaks
// the protocol ends the program: a benchmark of a broken server means nothing.
#ifndef T4_LOAD_HTTP2_H
#define T4_LOAD_HTTP2_H

#include "common.h"
#include "hpack.h"

enum method { METHOD_RANGE, METHOD_PUT, METHOD_TXN, METHOD_WATCH, METHODS };

enum {
  STATUS_OK = 0,
  STATUS_UNKNOWN = 2,
  GRPC_STATUSES = 17,
  COMMON_FIELDS = 5,
  GRPC_MESSAGE_MAX = 256,
};

struct connection;

/** One call. `id` is 0 while there is none. */
struct stream {
  uint32_t id;
  enum method method;
  uint32_t key; // what the load asked for: its own affair
  uint32_t messages; // whole messages received
  uint64_t sent_at_ns;
  int http_status, grpc_status; // -1 until a header says so
  uint32_t unacknowledged; // DATA bytes received for which no WINDOW_UPDATE went out
  struct buffer partial; // of a message that did not arrive in one frame
};

/** What a load does with what arrives. `bytes` are valid only during the call. */
struct handlers {
  void (*message)(struct connection *connection, struct stream *stream, const uint8_t *bytes,
                  size_t length);
  /** The call is over; `error` is NULL if it succeeded. The stream may be used again afterwards. */
  void (*end)(struct connection *connection, struct stream *stream, const char *error);
};

struct connection {
  int fd;
  const struct handlers *handlers;
  uint64_t received_at_ns; // when the bytes being handled were read
  struct buffer in, out, header_block;
  bool waits_for_writable, ready; // ready: the server's SETTINGS are known
  uint8_t header_block_flags;
  uint32_t header_block_stream; // not 0 between HEADERS and the last CONTINUATION
  struct hpack_decoder decoder;
  char grpc_message[GRPC_MESSAGE_MAX];

  struct stream *streams;
  uint32_t streams_max, idle_count;
  struct stream **idle; // a stack
  struct stream **by_id; // at (id / 2) & by_id_mask
  uint32_t by_id_mask, next_id;

  int64_t send_window;
  uint32_t unacknowledged;
  uint32_t peer_window, peer_frame_bytes, peer_streams_max, peer_table_bytes;

  char authority[32];
  bool encoder_started;
  uint32_t inserted; // entries we put into the peer's dynamic table
  uint32_t common_at[COMMON_FIELDS], path_at[METHODS]; // 1 + how many were there before; 0: none yet
};

enum { TOKEN_BYTES_MAX = 200 };
/** Every call says from now on whose it is. The text must stay. */
void connections_send_token(const char *text);

/** Connects to 127.0.0.1 and sends the preface. `streams_max` calls may be open at once. */
void connection_open(struct connection *connection, int port, uint32_t streams_max,
                     const struct handlers *handlers);
void connection_close(struct connection *connection);

/**
 * Starts a call with one message; `last` ends our side of the stream. Returns NULL if there is no idle stream or the
 * window of the connection is too small just now.
 */
struct stream *connection_call(struct connection *connection, enum method method,
                               const uint8_t *message, size_t length, bool last);

/** Reads once and handles what has arrived. */
void connection_receive(struct connection *connection);

/** Writes what is pending as far as the socket takes it. */
void connection_flush(struct connection *connection);

#endif
