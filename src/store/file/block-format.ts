// What log tables and index runs have in common: a file of checksummed blocks, then metadata, then a footer.
//
// Format (little-endian; written once, front to back):
//   file    block* | meta | footer
//   block   records | u32 mark[n] | u32 n | u32 crc32 of all before it in the block
//           (a mark is an offset in the block: of each frame in a table, of each restart in a run)
//   meta    u64 end offset of each block | what the kind of file adds
//   footer  u64 bytes of blocks | u64 bytes of meta | u32 blocks | u32 crc32 of meta | u64 rows | u64 first revision
//           | u64 last revision | u64 detail (table: bytes of the rows' messages; run: different keys) | u32 0
//           | u32 version | u32 crc32 of the footer up to here | 4 bytes magic
// Files hold no times and no random numbers: the same rows make the same bytes.

export const FOOTER_BYTES = 72;

/** The kinds of block file and the version of each that this code writes; it reads no other. */
export const BLOCK_FILE_KINDS = {
  table: { magic: "T4LT", version: 1 },
  run: { magic: "T4IR", version: 1 },
} as const;

export type BlockFileKind = keyof typeof BLOCK_FILE_KINDS;

export interface Footer {
  readonly dataBytes: number;
  readonly metaBytes: number;
  readonly blocks: number;
  readonly metaCrc: number;
  readonly rows: number;
  readonly firstRevision: number;
  readonly lastRevision: number;
  readonly detail: number;
}
