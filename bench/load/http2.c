#include "http2.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  FRAME_DATA = 0,
  FRAME_HEADERS = 1,
  FRAME_RST_STREAM = 3,
  FRAME_SETTINGS = 4,
  FRAME_PUSH_PROMISE = 5,
  FRAME_PING = 6,
  FRAME_GOAWAY = 7,
  FRAME_WINDOW_UPDATE = 8,
  FRAME_CONTINUATION = 9,

  FLAG_ACK = 0x1,
  FLAG_END_STREAM = 0x1,
  FLAG_END_HEADERS = 0x4,
  FLAG_PADDED = 0x8,
  FLAG_PRIORITY = 0x20,

  SETTING_HEADER_TABLE_BYTES = 1,
  SETTING_STREAMS_MAX = 3,
  SETTING_WINDOW = 4,
  SETTING_FRAME_BYTES = 5,

  FRAME_HEADER_BYTES = 9,
  FRAME_BYTES_MAX = 16384, // what we allow the peer: HTTP/2's default
  READ_BYTES = 256 * 1024,
  DEFAULT_WINDOW = 65535,
  STREAM_WINDOW = 4 * 1024 * 1024,
  CONNECTION_WINDOW = 16 * 1024 * 1024,
  MESSAGE_BYTES_MAX = 64 * 1024 * 1024,
  OUR_TABLE_BYTES = 1024, // more than all headers that the encoder ever indexes
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static const char *const paths[METHODS] = {
    "/etcdserverpb.KV/Range",
    "/etcdserverpb.KV/Put",
    "/etcdserverpb.KV/Txn",
    "/etcdserverpb.Watch/Watch",
};

static void write_frame_header(uint8_t *at, size_t length, uint8_t type, uint8_t flags,
                               uint32_t stream_id) {
  at[0] = (uint8_t)(length >> 16);
  at[1] = (uint8_t)(length >> 8);
  at[2] = (uint8_t)length;
  at[3] = type;
  at[4] = flags;
  write_u32(at + 5, stream_id);
}

static void send_frame(struct connection *connection, uint8_t type, uint8_t flags,
                       uint32_t stream_id, const void *payload, size_t length) {
  uint8_t *frame = buffer_reserve(&connection->out, FRAME_HEADER_BYTES + length);
  write_frame_header(frame, length, type, flags, stream_id);
  if (length > 0) {
    memcpy(frame + FRAME_HEADER_BYTES, payload, length);
  }
  connection->out.end += FRAME_HEADER_BYTES + length;
}

static void send_window_update(struct connection *connection, uint32_t stream_id, uint32_t bytes) {
  uint8_t payload[4];
  write_u32(payload, bytes);
  send_frame(connection, FRAME_WINDOW_UPDATE, 0, stream_id, payload, sizeof payload);
}

void connection_open(struct connection *connection, int port, uint32_t streams_max,
                     const struct handlers *handlers) {
  memset(connection, 0, sizeof *connection);
  connection->handlers = handlers;
  connection->streams_max = connection->idle_count = streams_max;
  connection->streams = allocate(streams_max * sizeof *connection->streams);
  connection->idle = allocate(streams_max * sizeof *connection->idle);
  for (uint32_t at = 0; at < streams_max; at++) {
    connection->idle[at] = &connection->streams[streams_max - 1 - at];
  }
  uint32_t places = 16;
  while (places < streams_max * 4) {
    places *= 2;
  }
  connection->by_id = allocate(places * sizeof *connection->by_id);
  connection->by_id_mask = places - 1;
  connection->next_id = 1;
  connection->send_window = connection->peer_window = DEFAULT_WINDOW;
  connection->peer_frame_bytes = FRAME_BYTES_MAX;
  connection->peer_streams_max = UINT32_MAX;
  connection->peer_table_bytes = HPACK_TABLE_BYTES;
  hpack_decoder_open(&connection->decoder);
  snprintf(connection->authority, sizeof connection->authority, "127.0.0.1:%d", port);

  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0) {
    give_up("cannot connect to 127.0.0.1:%d: %s", port, strerror(errno));
  }
  int on = 1;
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

  uint8_t settings[6] = {0, SETTING_WINDOW};
  write_u32(settings + 2, STREAM_WINDOW);
  buffer_append(&connection->out, preface, sizeof preface - 1);
  send_frame(connection, FRAME_SETTINGS, 0, 0, settings, sizeof settings);
  send_window_update(connection, 0, CONNECTION_WINDOW - DEFAULT_WINDOW);
  connection_flush(connection);
}

void connection_close(struct connection *connection) {
  close(connection->fd);
  hpack_decoder_close(&connection->decoder);
  for (uint32_t at = 0; at < connection->streams_max; at++) {
    free(connection->streams[at].partial.bytes);
  }
  free(connection->streams);
  free(connection->idle);
  free(connection->by_id);
  free(connection->in.bytes);
  free(connection->out.bytes);
  free(connection->header_block.bytes);
}

/** A header that the peer's table holds after its first use (`*entry`), or that is never indexed. */
static size_t write_field(struct connection *connection, uint8_t *at, uint32_t *entry,
                          uint32_t name_index, const char *name, const char *value) {
  if (connection->peer_table_bytes < OUR_TABLE_BYTES) {
    return hpack_write_literal(at, false, name_index, name, value);
  }
  if (*entry == 0) {
    *entry = ++connection->inserted;
    return hpack_write_literal(at, true, name_index, name, value);
  }
  return hpack_write_integer(at, 0x80, 7, 62 + connection->inserted - *entry);
}

/** Sent with every call; NULL: none. */
static const char *token;

void connections_send_token(const char *text) { token = text; }

static size_t write_request_headers(struct connection *connection, uint8_t *at, enum method method) {
  size_t length = 0;
  if (!connection->encoder_started) {
    connection->encoder_started = true;
    if (connection->peer_table_bytes < HPACK_TABLE_BYTES) {
      uint32_t table = connection->peer_table_bytes < OUR_TABLE_BYTES ? 0 : OUR_TABLE_BYTES;
      length += hpack_write_integer(at, 0x20, 5, table);
    }
  }
  uint32_t *common = connection->common_at;
  at[length++] = 0x83; // :method POST
  at[length++] = 0x86; // :scheme http
  length += write_field(connection, at + length, &connection->path_at[method], 4, "", paths[method]);
  length += write_field(connection, at + length, &common[0], 1, "", connection->authority);
  length += write_field(connection, at + length, &common[1], 31, "", "application/grpc");
  length += write_field(connection, at + length, &common[2], 58, "", "t4-load");
  length += write_field(connection, at + length, &common[3], 0, "te", "trailers");
  if (token != NULL) {
    length += write_field(connection, at + length, &common[4], 0, "token", token);
  }
  return length;
}

/** Takes the next stream number whose place is free: a client may leave numbers out. */
static uint32_t take_stream_id(struct connection *connection) {
  while (connection->by_id[(connection->next_id / 2) & connection->by_id_mask] != NULL) {
    connection->next_id += 2;
  }
  uint32_t id = connection->next_id;
  if (id >= 0x7ffffffd) {
    give_up("one connection ran out of stream numbers: measure for a shorter time");
  }
  connection->next_id += 2;
  return id;
}

struct stream *connection_call(struct connection *connection, enum method method,
                               const uint8_t *message, size_t length, bool last) {
  size_t body = length + 5;
  if (connection->idle_count == 0 || connection->send_window < (int64_t)body) {
    return NULL;
  }
  if (body > connection->peer_window) {
    give_up("the server's stream window (%u bytes) is smaller than a request", connection->peer_window);
  }
  struct stream *stream = connection->idle[--connection->idle_count];
  stream->id = take_stream_id(connection);
  stream->method = method;
  stream->messages = 0;
  stream->http_status = stream->grpc_status = -1;
  stream->unacknowledged = 0;
  stream->partial.start = stream->partial.end = 0;
  connection->by_id[(stream->id / 2) & connection->by_id_mask] = stream;
  connection->send_window -= (int64_t)body;

  uint8_t *frame = buffer_reserve(&connection->out, 1024 + body * 2);
  size_t headers = write_request_headers(connection, frame + FRAME_HEADER_BYTES, method);
  write_frame_header(frame, headers, FRAME_HEADERS, FLAG_END_HEADERS, stream->id);
  connection->out.end += FRAME_HEADER_BYTES + headers;

  uint8_t prefix[5] = {0};
  write_u32(prefix + 1, (uint32_t)length);
  size_t sent = 0, room = connection->peer_frame_bytes;
  do { // one frame but for a message longer than the peer's frames
    size_t part = body - sent < room ? body - sent : room;
    size_t of_prefix = sent == 0 ? sizeof prefix : 0;
    uint8_t flags = last && sent + part == body ? FLAG_END_STREAM : 0;
    frame = buffer_reserve(&connection->out, FRAME_HEADER_BYTES + part);
    write_frame_header(frame, part, FRAME_DATA, flags, stream->id);
    memcpy(frame + FRAME_HEADER_BYTES, prefix, of_prefix);
    memcpy(frame + FRAME_HEADER_BYTES + of_prefix, message + sent + of_prefix - sizeof prefix,
           part - of_prefix);
    connection->out.end += FRAME_HEADER_BYTES + part;
    sent += part;
  } while (sent < body);
  return stream;
}

/** `error` is NULL if the trailers must decide. */
static void end_stream(struct connection *connection, struct stream *stream, const char *error) {
  if (error == NULL && (stream->http_status != 200 || stream->grpc_status != STATUS_OK)) {
    error = connection->grpc_message[0] == 0 ? "no grpc-message" : connection->grpc_message;
  }
  if (error == NULL && stream->partial.end > stream->partial.start) {
    error = "the stream ended within a message";
  }
  if (error != NULL && stream->grpc_status <= STATUS_OK) {
    stream->grpc_status = STATUS_UNKNOWN;
  }
  connection->by_id[(stream->id / 2) & connection->by_id_mask] = NULL;
  stream->id = 0;
  connection->idle[connection->idle_count++] = stream;
  connection->handlers->end(connection, stream, error);
}

/** Hands on every whole message at `bytes`; returns how many bytes they took. */
static size_t take_messages(struct connection *connection, struct stream *stream,
                            const uint8_t *bytes, size_t length) {
  size_t at = 0;
  while (length - at >= 5) {
    uint32_t message = read_u32(bytes + at + 1);
    if (bytes[at] != 0 || message > MESSAGE_BYTES_MAX) {
      give_up("a message is compressed or longer than %d bytes", MESSAGE_BYTES_MAX);
    }
    if (length - at - 5 < message) {
      break;
    }
    stream->messages++;
    connection->handlers->message(connection, stream, bytes + at + 5, message);
    at += 5 + message;
  }
  return at;
}

static void receive_data(struct connection *connection, struct stream *stream, uint8_t flags,
                         const uint8_t *bytes, size_t length) {
  connection->unacknowledged += (uint32_t)length;
  if (connection->unacknowledged > CONNECTION_WINDOW / 2) {
    send_window_update(connection, 0, connection->unacknowledged);
    connection->unacknowledged = 0;
  }
  if (stream == NULL) {
    give_up("DATA for a stream that is not open");
  }
  stream->unacknowledged += (uint32_t)length;
  if (stream->unacknowledged > STREAM_WINDOW / 2 && (flags & FLAG_END_STREAM) == 0) {
    send_window_update(connection, stream->id, stream->unacknowledged);
    stream->unacknowledged = 0;
  }
  if (flags & FLAG_PADDED) {
    if (length == 0 || bytes[0] >= length) {
      give_up("DATA with more padding than payload");
    }
    length -= 1u + bytes[0];
    bytes++;
  }
  struct buffer *partial = &stream->partial;
  if (partial->end == partial->start) {
    size_t taken = take_messages(connection, stream, bytes, length);
    partial->start = partial->end = 0;
    buffer_append(partial, bytes + taken, length - taken);
  } else {
    buffer_append(partial, bytes, length);
    partial->start += take_messages(connection, stream, partial->bytes + partial->start,
                                    partial->end - partial->start);
  }
  if (flags & FLAG_END_STREAM) {
    end_stream(connection, stream, "the stream ended without trailers");
  }
}

struct header_target {
  struct connection *connection;
  struct stream *stream;
};

static void note_header(void *context, const struct header *header) {
  struct header_target *target = context;
  if (header->kind == HEADER_HTTP_STATUS) {
    target->stream->http_status = header->number;
  } else if (header->kind == HEADER_GRPC_STATUS) {
    target->stream->grpc_status = header->number;
  } else if (header->kind == HEADER_GRPC_MESSAGE) {
    snprintf(target->connection->grpc_message, GRPC_MESSAGE_MAX, "%.*s", (int)header->value_length,
             header->value);
  }
}

static void receive_header_block(struct connection *connection, struct stream *stream,
                                 uint8_t flags, const uint8_t *block, size_t length) {
  if (stream == NULL) {
    give_up("HEADERS for a stream that is not open");
  }
  struct header_target target = {connection, stream};
  connection->grpc_message[0] = 0;
  if (!hpack_decode(&connection->decoder, block, length, note_header, &target)) {
    give_up("a header block breaks the rules of HPACK");
  }
  if (flags & FLAG_END_STREAM) {
    end_stream(connection, stream, NULL);
  }
}

static void receive_headers(struct connection *connection, struct stream *stream, uint8_t flags,
                            uint32_t stream_id, const uint8_t *bytes, size_t length) {
  size_t padding = 0;
  if (flags & FLAG_PADDED) {
    padding = length > 0 ? bytes[0] : 0;
    bytes++;
    length--;
  }
  if (flags & FLAG_PRIORITY) {
    bytes += 5;
    length -= 5;
  }
  if (padding > length || length > FRAME_BYTES_MAX) {
    give_up("HEADERS with more padding than payload");
  }
  length -= padding;
  if (flags & FLAG_END_HEADERS) {
    receive_header_block(connection, stream, flags, bytes, length);
    return;
  }
  connection->header_block.start = connection->header_block.end = 0;
  connection->header_block_flags = flags;
  connection->header_block_stream = stream_id;
  buffer_append(&connection->header_block, bytes, length);
}

static void receive_continuation(struct connection *connection, struct stream *stream,
                                 uint8_t flags, uint32_t stream_id, const uint8_t *bytes,
                                 size_t length) {
  if (stream_id != connection->header_block_stream) {
    give_up("CONTINUATION without HEADERS");
  }
  buffer_append(&connection->header_block, bytes, length);
  if (flags & FLAG_END_HEADERS) {
    connection->header_block_stream = 0;
    receive_header_block(connection, stream, connection->header_block_flags,
                         connection->header_block.bytes, connection->header_block.end);
  }
}

static void receive_settings(struct connection *connection, uint8_t flags, const uint8_t *bytes,
                             size_t length) {
  if (flags & FLAG_ACK) {
    return;
  }
  for (; length >= 6; bytes += 6, length -= 6) {
    uint32_t value = read_u32(bytes + 2);
    switch (bytes[0] << 8 | bytes[1]) {
    case SETTING_HEADER_TABLE_BYTES:
      if (connection->encoder_started && value < connection->peer_table_bytes) {
        give_up("the server shrinks the header table after the first request: not supported");
      }
      connection->peer_table_bytes = value;
      break;
    case SETTING_STREAMS_MAX:
      connection->peer_streams_max = value;
      break;
    case SETTING_WINDOW:
      connection->peer_window = value;
      break;
    case SETTING_FRAME_BYTES:
      connection->peer_frame_bytes = value;
      break;
    }
  }
  if (connection->streams_max > connection->peer_streams_max) {
    give_up("the server allows only %u streams per connection", connection->peer_streams_max);
  }
  connection->ready = true;
  send_frame(connection, FRAME_SETTINGS, FLAG_ACK, 0, NULL, 0);
}

static void receive_frame(struct connection *connection, uint8_t type, uint8_t flags,
                          uint32_t stream_id, const uint8_t *payload, size_t length) {
  struct stream *stream = connection->by_id[(stream_id / 2) & connection->by_id_mask];
  if (stream != NULL && stream->id != stream_id) {
    stream = NULL;
  }
  if (connection->header_block_stream != 0 && type != FRAME_CONTINUATION) {
    give_up("a frame between HEADERS and CONTINUATION");
  }
  switch (type) {
  case FRAME_DATA:
    receive_data(connection, stream, flags, payload, length);
    break;
  case FRAME_HEADERS:
    receive_headers(connection, stream, flags, stream_id, payload, length);
    break;
  case FRAME_CONTINUATION:
    receive_continuation(connection, stream, flags, stream_id, payload, length);
    break;
  case FRAME_RST_STREAM:
    if (stream != NULL) { // one that follows the trailers only says that our body was not needed
      end_stream(connection, stream, "the server reset the stream");
    }
    break;
  case FRAME_SETTINGS:
    receive_settings(connection, flags, payload, length);
    break;
  case FRAME_PING:
    if (!(flags & FLAG_ACK)) {
      send_frame(connection, FRAME_PING, FLAG_ACK, 0, payload, length);
    }
    break;
  case FRAME_GOAWAY:
    give_up("the server sent GOAWAY: %.*s", (int)(length > 8 ? length - 8 : 0), payload + 8);
    break;
  case FRAME_WINDOW_UPDATE:
    if (stream_id == 0 && length == 4) { // a request never needs more than its first window
      connection->send_window += read_u32(payload) & 0x7fffffff;
    }
    break;
  case FRAME_PUSH_PROMISE:
    give_up("the server pushes");
    break;
  }
}

void connection_receive(struct connection *connection) {
  struct buffer *in = &connection->in;
  uint8_t *target = buffer_reserve(in, READ_BYTES);
  ssize_t received = recv(connection->fd, target, READ_BYTES, MSG_DONTWAIT);
  if (received == 0) {
    give_up("the server closed a connection");
  }
  if (received < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return;
    }
    give_up("cannot read: %s", strerror(errno));
  }
  connection->received_at_ns = now_ns();
  in->end += (size_t)received;
  while (in->end - in->start >= FRAME_HEADER_BYTES) {
    const uint8_t *frame = in->bytes + in->start;
    size_t length = (size_t)frame[0] << 16 | (size_t)frame[1] << 8 | frame[2];
    if (length > FRAME_BYTES_MAX) {
      give_up("a frame of %zu bytes is longer than allowed", length);
    }
    if (in->end - in->start < FRAME_HEADER_BYTES + length) {
      break;
    }
    receive_frame(connection, frame[3], frame[4], read_u32(frame + 5) & 0x7fffffff,
                  frame + FRAME_HEADER_BYTES, length);
    in->start += FRAME_HEADER_BYTES + length;
  }
  if (in->start == in->end) {
    in->start = in->end = 0;
  }
}

void connection_flush(struct connection *connection) {
  struct buffer *out = &connection->out;
  while (out->start < out->end) {
    ssize_t written = send(connection->fd, out->bytes + out->start, out->end - out->start,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        connection->waits_for_writable = true;
        return;
      }
      give_up("cannot write: %s", strerror(errno));
    }
    out->start += (size_t)written;
  }
  out->start = out->end = 0;
  connection->waits_for_writable = false;
}
