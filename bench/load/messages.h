// The few etcd messages that a load sends and reads, in protobuf's wire format (etcd's rpc.proto and kv.proto). Keys are
// "bench/" and 16 hexadecimal digits: 8 scattered ones that put the keys in random order, then the key's number, so
// that a key in an answer can be told without a table.
#ifndef T4_LOAD_MESSAGES_H
#define T4_LOAD_MESSAGES_H

#include "common.h"

enum {
  KEY_PREFIX_BYTES = 6,
  KEY_BYTES = KEY_PREFIX_BYTES + 16,
  REQUEST_OVERHEAD = 256, // a request is never longer than its value, two keys and this
};

void write_key(uint8_t *at, uint32_t number);
/** The number in a key that `write_key` made. */
uint32_t key_number(const uint8_t *key);

// Each writes a whole request and returns its length.
size_t write_range(uint8_t *at, uint32_t key);
/** Keys only, from `from` (of KEY_BYTES) to the end of the prefix. */
size_t write_range_of_keys(uint8_t *at, const uint8_t *from, uint32_t limit);
size_t write_put(uint8_t *at, uint32_t key, const uint8_t *value, size_t value_bytes);
/** What kube-apiserver sends to update an object: if the key's mod revision is `revision`, put, else get. */
size_t write_guarded_put(uint8_t *at, uint32_t key, int64_t revision, const uint8_t *value,
                         size_t value_bytes);
/** Watches all keys of the prefix. */
size_t write_watch(uint8_t *at);

struct key_value {
  const uint8_t *key, *value;
  size_t key_length, value_length;
  int64_t mod_revision;
};

/** Says for each key-value of a RangeResponse; returns how many there were, -1 if it is not well formed. */
int read_range(const uint8_t *bytes, size_t length, void (*each)(const struct key_value *kv));

struct txn_answer {
  bool succeeded;
  int64_t revision;     // of the store
  int64_t mod_revision; // of the key, if the else branch returned it, else 0
};
bool read_txn(const uint8_t *bytes, size_t length, struct txn_answer *answer);

struct watch_answer {
  bool created, cancelled;
};
/** Says for each event. Returns false if the message is not well formed. */
bool read_watch(const uint8_t *bytes, size_t length, struct watch_answer *answer,
                void (*each)(void *context, const struct key_value *kv), void *context);

#endif
