// Randomness as a port: a test passes a seeded one and a run can be replayed.

export interface Random {
  /** Fills and returns `bytes` new random bytes. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  fraction(): number;
}
