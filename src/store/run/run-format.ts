// Format: an index run is a block file (file/block-format.ts) of kind "run": one row for each version of a key, by key
// in byte order and then from the newest version back, so that a read meets the version it wants first.
//   row     varint shared | varint rest | u8 flags and length of the numbers | rest of the key | numbers
//           shared: bytes the key has in common with the key before; the key is these and the rest
//           flags: bit 6: the key is that of the row before in the file; bit 7: 0
//           numbers, zeros at the end left out: varint last revision of the run − revision | varint bytes of the row's
//           message | varint revision − create revision | varint version | varint sub-revision | varint lease
//           (a tombstone's create distance and version are 0; no other row has version 0)
//   marks   every 16th row of a block, the first one too: shared is 0 there
//   meta    of each block: u64 revision of its first row | u32 end of its first key among the keys; then
//           u32 length of all first keys | first keys | bloom filter over all keys (run/bloom.ts) to the end
// Blocks end with the row that takes them past 4 KiB.

export const RUN_BLOCK_BYTES: number = 4 * 1024;
export const RUN_RESTART_ROWS = 16;
export const RUN_BLOCK_META_BYTES = 12;

export const SAME_KEY = 0x40;
/** The numbers take at most 3 × 8 + 2 × 5 + 10 = 44 bytes, so their length fits beside the flags. */
export const NUMBERS_LENGTH = 0x3f;
