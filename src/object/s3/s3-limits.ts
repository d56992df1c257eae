// Sizes and counts of S3 requests, each with the reason for its value.

/** Larger bodies are sent in parts of this size: a part that fails is sent again alone. S3 takes 5 MiB and more. */
export const PART_BYTES: number = 16 * 1024 * 1024;

/**
 * Parts in memory and under way at the same time, of all uploads of a store: 64 MiB. One alone would leave a fast network idle
 * between its parts.
 */
export const PARTS_AT_A_TIME = 4;

/** S3's own. Bodies above PART_BYTES times this get larger parts. */
export const PARTS_MAX = 10_000;

/** S3's own limit of one DeleteObjects. */
export const DELETE_KEYS_MAX = 1000;

/** Single deletes under way at a time, where a store knows no DeleteObjects: far fewer than there are sockets. */
export const DELETES_AT_A_TIME = 8;

/** The delay before a repeated request is random, up to this doubled with each try … */
export const RETRY_DELAY_MS_FIRST = 50;
/** … but no more than this. */
export const RETRY_DELAY_MS_MAX = 5000;

/** Sockets of one store: more requests than these wait. */
export const SOCKETS_MAX = 50;

/** Servers commonly close connections that were idle for 5 s; a request on one that is closing has an unknown outcome. */
export const SOCKET_IDLE_MS_MAX = 4000;

export const CONNECT_TIMEOUT_MS = 3000;
