#include "hpack.h"
#include "huffman.h"

enum { STATIC_ENTRIES = 61 };

static const struct {
  const char *name, *value;
} static_table[STATIC_ENTRIES] = {
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
};

static bool is_named(const struct header *header, const char *name) {
  return header->name_length == strlen(name) &&
         memcmp(header->name, name, header->name_length) == 0;
}

/** Resolves once what would else be compared for every response. */
static void classify(struct header *header) {
  header->kind = is_named(header, ":status")        ? HEADER_HTTP_STATUS
                 : is_named(header, "grpc-status")  ? HEADER_GRPC_STATUS
                 : is_named(header, "grpc-message") ? HEADER_GRPC_MESSAGE
                                                    : HEADER_OTHER;
  header->number = -1;
  if (header->kind == HEADER_HTTP_STATUS || header->kind == HEADER_GRPC_STATUS) {
    int number = 0;
    bool decimal = header->value_length > 0 && header->value_length <= 3;
    for (uint32_t at = 0; decimal && at < header->value_length; at++) {
      char digit = header->value[at];
      decimal = digit >= '0' && digit <= '9';
      number = number * 10 + (digit - '0');
    }
    header->number = decimal ? number : -1;
  }
}

void hpack_decoder_open(struct hpack_decoder *decoder) {
  memset(decoder, 0, sizeof *decoder);
  decoder->bytes_max = HPACK_TABLE_BYTES;
}

static uint32_t entry_bytes(const struct header *entry) {
  return entry->name_length + entry->value_length + HPACK_ENTRY_OVERHEAD;
}

/** Drops the oldest entries until `bytes_max` is kept with `room` more bytes. */
static void evict(struct hpack_decoder *decoder, uint32_t room) {
  while (decoder->count > 0 && decoder->bytes + room > decoder->bytes_max) {
    uint32_t oldest = (decoder->newest - (decoder->count - 1)) % HPACK_TABLE_ENTRIES;
    decoder->bytes -= entry_bytes(&decoder->entries[oldest]);
    free((char *)decoder->entries[oldest].name); // name and value are one allocation
    decoder->count--;
  }
}

void hpack_decoder_close(struct hpack_decoder *decoder) {
  decoder->bytes_max = 0;
  evict(decoder, 0);
}

/** `header` points into a scratch buffer: what is kept is copied before an eviction could free its name. */
static void insert(struct hpack_decoder *decoder, const struct header *header) {
  struct header entry = *header;
  char *text = allocate((size_t)entry.name_length + entry.value_length + 1);
  memcpy(text, header->name, entry.name_length);
  memcpy(text + entry.name_length, header->value, entry.value_length);
  entry.name = text;
  entry.value = text + entry.name_length;
  evict(decoder, entry_bytes(&entry));
  if (entry_bytes(&entry) > decoder->bytes_max) {
    free(text); // larger than the table: empties it and is not kept
    return;
  }
  decoder->newest = (decoder->newest + 1) % HPACK_TABLE_ENTRIES;
  decoder->entries[decoder->newest] = entry;
  decoder->bytes += entry_bytes(&entry);
  decoder->count++;
}

static bool look_up(const struct hpack_decoder *decoder, uint32_t index, struct header *found) {
  if (index == 0 || index > STATIC_ENTRIES + decoder->count) {
    return false;
  }
  if (index > STATIC_ENTRIES) {
    uint32_t age = index - STATIC_ENTRIES - 1;
    *found = decoder->entries[(decoder->newest - age) % HPACK_TABLE_ENTRIES];
    return true;
  }
  static struct header resolved[STATIC_ENTRIES]; // each entry is measured and classified once
  struct header *entry = &resolved[index - 1];
  if (entry->name == NULL) {
    entry->name = static_table[index - 1].name;
    entry->value = static_table[index - 1].value;
    entry->name_length = (uint32_t)strlen(entry->name);
    entry->value_length = (uint32_t)strlen(entry->value);
    classify(entry);
  }
  *found = *entry;
  return true;
}

struct reader {
  const uint8_t *at, *end;
};

static bool read_integer(struct reader *reader, int prefix_bits, uint32_t *value) {
  uint32_t mask = (1u << prefix_bits) - 1;
  uint64_t sum = *reader->at++ & mask;
  if (sum == mask) {
    int shift = 0;
    uint8_t byte;
    do {
      if (reader->at == reader->end || shift > 28) {
        return false;
      }
      byte = *reader->at++;
      sum += (uint64_t)(byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
  }
  *value = (uint32_t)sum;
  return sum <= UINT32_MAX;
}

/** Appends the string to `scratch` and gives its place there: the buffer may move while it grows. */
static bool read_string(struct reader *reader, struct buffer *scratch, size_t *place,
                        uint32_t *text_length) {
  if (reader->at == reader->end) {
    return false;
  }
  bool is_huffman = (*reader->at & 0x80) != 0;
  uint32_t length;
  if (!read_integer(reader, 7, &length) || length > (size_t)(reader->end - reader->at)) {
    return false;
  }
  *place = scratch->end;
  if (!is_huffman) {
    buffer_append(scratch, reader->at, length);
  } else if (!huffman_decode(reader->at, length, scratch)) {
    return false;
  }
  *text_length = (uint32_t)(scratch->end - *place);
  reader->at += length;
  return true;
}

static bool read_literal(struct hpack_decoder *decoder, struct reader *reader, int prefix_bits,
                         struct header *header) {
  static struct buffer scratch;
  scratch.end = scratch.start = 0;
  uint32_t name_index;
  size_t name_place = 0, value_place;
  if (!read_integer(reader, prefix_bits, &name_index)) {
    return false;
  }
  if (name_index == 0) {
    if (!read_string(reader, &scratch, &name_place, &header->name_length)) {
      return false;
    }
  } else {
    struct header named;
    if (!look_up(decoder, name_index, &named)) {
      return false;
    }
    buffer_append(&scratch, named.name, named.name_length);
    header->name_length = named.name_length;
  }
  if (!read_string(reader, &scratch, &value_place, &header->value_length)) {
    return false;
  }
  header->name = (const char *)scratch.bytes + name_place;
  header->value = (const char *)scratch.bytes + value_place;
  classify(header);
  return true;
}

bool hpack_decode(struct hpack_decoder *decoder, const uint8_t *block, size_t length,
                  header_listener *listener, void *context) {
  struct reader reader = {block, block + length};
  bool size_may_change = true;
  while (reader.at < reader.end) {
    uint8_t first = *reader.at;
    struct header header;
    uint32_t number;
    if (first & 0x80) {
      if (!read_integer(&reader, 7, &number) || !look_up(decoder, number, &header)) {
        return false;
      }
    } else if (first & 0x40) {
      if (!read_literal(decoder, &reader, 6, &header)) {
        return false;
      }
      insert(decoder, &header);
    } else if (first & 0x20) {
      if (!size_may_change || !read_integer(&reader, 5, &number) || number > HPACK_TABLE_BYTES) {
        return false;
      }
      decoder->bytes_max = number;
      evict(decoder, 0);
      continue;
    } else if (!read_literal(decoder, &reader, 4, &header)) {
      return false;
    }
    size_may_change = false;
    listener(context, &header);
  }
  return true;
}

size_t hpack_write_integer(uint8_t *at, uint8_t first, int prefix_bits, uint32_t value) {
  uint32_t mask = (1u << prefix_bits) - 1;
  if (value < mask) {
    at[0] = (uint8_t)(first | value);
    return 1;
  }
  at[0] = (uint8_t)(first | mask);
  size_t length = 1;
  for (value -= mask; value >= 0x80; value >>= 7) {
    at[length++] = (uint8_t)(value | 0x80);
  }
  at[length++] = (uint8_t)value;
  return length;
}

static size_t write_string(uint8_t *at, const char *text) {
  size_t text_length = strlen(text);
  size_t length = hpack_write_integer(at, 0, 7, (uint32_t)text_length);
  memcpy(at + length, text, text_length);
  return length + text_length;
}

size_t hpack_write_literal(uint8_t *at, bool indexed, uint32_t name_index, const char *name,
                           const char *value) {
  size_t length = hpack_write_integer(at, indexed ? 0x40 : 0x00, indexed ? 6 : 4, name_index);
  if (name_index == 0) {
    length += write_string(at + length, name);
  }
  return length + write_string(at + length, value);
}
