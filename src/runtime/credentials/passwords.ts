// Password hashes as a port. Hashing takes tens of milliseconds on purpose, so it happens on another thread.

/** bcrypt looks at no byte behind these: longer passwords are refused, not cut. */
export const PASSWORD_BYTES_MAX = 72;

/** One call at a time makes progress; the others wait in the order in which they came. */
export interface Passwords {
  /** A new hash in bcrypt's text form. Of at most PASSWORD_BYTES_MAX bytes of UTF-8. */
  hash(password: string): Promise<string>;
  /**
   * Whether the hash is of this password. What is no hash, as the empty text, is of none, and finding that out takes as
   * long as for one that `hash` makes: so whoever measures does not learn who has none.
   */
  verify(password: string, hash: string): Promise<boolean>;
  close(): Promise<void>;
}
