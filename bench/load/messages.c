#include "messages.h"

static const char prefix[KEY_PREFIX_BYTES + 1] = "bench/";
static const char prefix_end[KEY_PREFIX_BYTES + 1] = "bench0"; // '0' follows '/'

/** A bijection of 32 bits (a mixer by C. Wellons, "lowbias32"): near numbers get far keys. */
static uint32_t scatter(uint32_t number) {
  number = (number ^ (number >> 16)) * 0x7feb352du;
  number = (number ^ (number >> 15)) * 0x846ca68bu;
  return number ^ (number >> 16);
}

static void write_hexadecimal(uint8_t *at, uint32_t number) {
  for (int shift = 28; shift >= 0; shift -= 4) {
    *at++ = (uint8_t)"0123456789abcdef"[(number >> shift) & 15];
  }
}

void write_key(uint8_t *at, uint32_t number) {
  memcpy(at, prefix, KEY_PREFIX_BYTES);
  write_hexadecimal(at + KEY_PREFIX_BYTES, scatter(number));
  write_hexadecimal(at + KEY_PREFIX_BYTES + 8, number);
}

uint32_t key_number(const uint8_t *key) {
  uint32_t number = 0;
  for (int at = KEY_BYTES - 8; at < KEY_BYTES; at++) {
    uint8_t digit = key[at];
    number = number << 4 | (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return number;
}

static size_t write_varint(uint8_t *at, uint64_t value) {
  size_t length = 0;
  for (; value >= 0x80; value >>= 7) {
    at[length++] = (uint8_t)(value | 0x80);
  }
  at[length++] = (uint8_t)value;
  return length;
}

static size_t varint_bytes(uint64_t value) {
  size_t length = 1;
  for (; value >= 0x80; value >>= 7) {
    length++;
  }
  return length;
}

static size_t write_number_field(uint8_t *at, uint32_t field, uint64_t value) {
  size_t length = write_varint(at, field << 3);
  return length + write_varint(at + length, value);
}

/** The tag and length in front of a field that is bytes or a message. */
static size_t write_field_head(uint8_t *at, uint32_t field, size_t content) {
  size_t length = write_varint(at, field << 3 | 2);
  return length + write_varint(at + length, content);
}

static size_t write_bytes_field(uint8_t *at, uint32_t field, const void *bytes, size_t content) {
  size_t length = write_field_head(at, field, content);
  memcpy(at + length, bytes, content);
  return length + content;
}

static size_t write_key_field(uint8_t *at, uint32_t field, uint32_t key) {
  size_t length = write_field_head(at, field, KEY_BYTES);
  write_key(at + length, key);
  return length + KEY_BYTES;
}

size_t write_range(uint8_t *at, uint32_t key) { return write_key_field(at, 1, key); }

size_t write_range_of_keys(uint8_t *at, const uint8_t *from, uint32_t limit) {
  size_t length = write_bytes_field(at, 1, from, KEY_BYTES);
  length += write_bytes_field(at + length, 2, prefix_end, KEY_PREFIX_BYTES);
  length += write_number_field(at + length, 3, limit);
  return length + write_number_field(at + length, 8, 1);
}

size_t write_put(uint8_t *at, uint32_t key, const uint8_t *value, size_t value_bytes) {
  size_t length = write_key_field(at, 1, key);
  return length + write_bytes_field(at + length, 2, value, value_bytes);
}

size_t write_guarded_put(uint8_t *at, uint32_t key, int64_t revision, const uint8_t *value,
                         size_t value_bytes) {
  uint8_t compare[64];
  size_t compare_bytes = write_number_field(compare, 1, 0); // equal
  compare_bytes += write_number_field(compare + compare_bytes, 2, 2); // to the mod revision
  compare_bytes += write_key_field(compare + compare_bytes, 3, key);
  compare_bytes += write_number_field(compare + compare_bytes, 6, (uint64_t)revision);

  size_t range_bytes = 2 + KEY_BYTES;
  size_t put_bytes = 2 + KEY_BYTES + 1 + varint_bytes(value_bytes) + value_bytes;
  size_t put_operation_bytes = 1 + varint_bytes(put_bytes) + put_bytes;

  size_t length = write_bytes_field(at, 1, compare, compare_bytes);
  length += write_field_head(at + length, 2, put_operation_bytes);
  length += write_field_head(at + length, 2, put_bytes);
  length += write_put(at + length, key, value, value_bytes);
  length += write_field_head(at + length, 3, 2 + range_bytes);
  length += write_field_head(at + length, 1, range_bytes);
  return length + write_range(at + length, key);
}

size_t write_watch(uint8_t *at) {
  size_t length = write_field_head(at, 1, 2 * (2 + KEY_PREFIX_BYTES));
  length += write_bytes_field(at + length, 1, prefix, KEY_PREFIX_BYTES);
  return length + write_bytes_field(at + length, 2, prefix_end, KEY_PREFIX_BYTES);
}

struct field {
  uint32_t number;
  uint64_t value;        // of a number
  const uint8_t *bytes;  // of bytes or a message
  size_t length;
};

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
  *value = 0;
  for (int shift = 0; shift < 64 && *at < end; shift += 7) {
    uint8_t byte = *(*at)++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      return true;
    }
  }
  return false;
}

enum reading { READ_FIELD, READ_ALL, READ_WRONG };

static enum reading read_field(const uint8_t **at, const uint8_t *end, struct field *field) {
  uint64_t tag;
  if (*at == end) {
    return READ_ALL;
  }
  if (!read_varint(at, end, &tag) || !read_varint(at, end, &field->value)) {
    return READ_WRONG;
  }
  field->number = (uint32_t)(tag >> 3);
  if ((tag & 7) == 0) {
    return READ_FIELD;
  }
  if ((tag & 7) != 2 || field->value > (uint64_t)(end - *at)) {
    return READ_WRONG;
  }
  field->bytes = *at;
  field->length = (size_t)field->value;
  *at += field->length;
  return READ_FIELD;
}

static bool read_key_value(const uint8_t *bytes, size_t length, struct key_value *kv) {
  const uint8_t *end = bytes + length;
  struct field field;
  enum reading reading;
  memset(kv, 0, sizeof *kv);
  while ((reading = read_field(&bytes, end, &field)) == READ_FIELD) {
    if (field.number == 1) {
      kv->key = field.bytes;
      kv->key_length = field.length;
    } else if (field.number == 3) {
      kv->mod_revision = (int64_t)field.value;
    } else if (field.number == 5) {
      kv->value = field.bytes;
      kv->value_length = field.length;
    }
  }
  return reading == READ_ALL && kv->key_length == KEY_BYTES;
}

int read_range(const uint8_t *bytes, size_t length, void (*each)(const struct key_value *kv)) {
  const uint8_t *end = bytes + length;
  struct field field;
  enum reading reading;
  int count = 0;
  while ((reading = read_field(&bytes, end, &field)) == READ_FIELD) {
    if (field.number == 2) {
      struct key_value kv;
      if (!read_key_value(field.bytes, field.length, &kv)) {
        return -1;
      }
      each(&kv);
      count++;
    }
  }
  return reading == READ_ALL ? count : -1;
}

static int64_t found_mod_revision;
static void note_mod_revision(const struct key_value *kv) { found_mod_revision = kv->mod_revision; }

bool read_txn(const uint8_t *bytes, size_t length, struct txn_answer *answer) {
  const uint8_t *end = bytes + length;
  struct field field, inner;
  enum reading reading;
  memset(answer, 0, sizeof *answer);
  while ((reading = read_field(&bytes, end, &field)) == READ_FIELD) {
    if (field.number == 1) {
      const uint8_t *at = field.bytes, *header_end = field.bytes + field.length;
      while (read_field(&at, header_end, &inner) == READ_FIELD) {
        if (inner.number == 3) {
          answer->revision = (int64_t)inner.value;
        }
      }
    } else if (field.number == 2) {
      answer->succeeded = field.value != 0;
    } else if (field.number == 3) {
      const uint8_t *at = field.bytes, *response_end = field.bytes + field.length;
      if (read_field(&at, response_end, &inner) == READ_FIELD && inner.number == 1) {
        found_mod_revision = 0;
        if (read_range(inner.bytes, inner.length, note_mod_revision) < 0) {
          return false;
        }
        answer->mod_revision = found_mod_revision;
      }
    }
  }
  return reading == READ_ALL;
}

bool read_watch(const uint8_t *bytes, size_t length, struct watch_answer *answer,
                void (*each)(void *context, const struct key_value *kv), void *context) {
  const uint8_t *end = bytes + length;
  struct field field, inner;
  enum reading reading;
  memset(answer, 0, sizeof *answer);
  while ((reading = read_field(&bytes, end, &field)) == READ_FIELD) {
    if (field.number == 3) {
      answer->created = field.value != 0;
    } else if (field.number == 4) {
      answer->cancelled = field.value != 0;
    } else if (field.number == 11) {
      const uint8_t *at = field.bytes, *event_end = field.bytes + field.length;
      while (read_field(&at, event_end, &inner) == READ_FIELD) {
        struct key_value kv;
        if (inner.number == 2) {
          if (!read_key_value(inner.bytes, inner.length, &kv)) {
            return false;
          }
          each(context, &kv);
        }
      }
    }
  }
  return reading == READ_ALL;
}
