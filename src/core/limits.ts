// Every limit, with the reason for its value.

/** A request's size, as etcd's --max-request-bytes: larger entries would delay every other client. */
export const REQUEST_BYTES_MAX: number = 1.5 * 1024 * 1024;

/** What a gRPC message may exceed the request limit by, as etcd: room for its framing and metadata. */
export const REQUEST_OVERHEAD_BYTES: number = 512 * 1024;

/**
 * A message that the JSON gateway answers with. As JSON it takes up to six times the bytes, and the longest string that
 * there can be has 512 MiB; and making it holds up everybody else.
 */
export const GATEWAY_MESSAGE_BYTES_MAX: number = 64 * 1024 * 1024;

/** Operations in one list of a transaction, as etcd's --max-txn-ops. */
export const TXN_OPERATIONS_MAX: number = 128;

/** Events and bytes of rows that wait for the reader of an embedded watch; above, it catches up from history instead. */
export const WATCH_BUFFER_EVENTS_MAX: number = 4_096;
export const WATCH_BUFFER_BYTES_MAX: number = 4 * 1024 * 1024;

/** Shortest time to live of a lease, as etcd with its default election timeout: 1.5 × 1 s, rounded up. */
export const LEASE_TTL_SECONDS_MIN: number = 2;

/** Longest time to live of a lease, as etcd. */
export const LEASE_TTL_SECONDS_MAX: number = 9_000_000_000;

/** Alarms raised at once: a cluster has a few members, and each a few conditions. */
export const ALARMS_MAX: number = 1_000;

/** A group of entries written with one sync: at 8 MiB the sync's cost is long since spread out. */
export const GROUP_BYTES_MAX: number = 8 * 1024 * 1024;

/** Rows that a read visits before it lets others run: about 1 ms. */
export const SLICE_ROWS_MAX: number = 2_000;

/** Bytes that a read gathers before it lets others run: about 1 ms of copying. */
export const SLICE_BYTES_MAX: number = 2 * 1024 * 1024;

/** Leases revoked at once when their time is over, and the pause after: 1,000 a second as etcd, a tenth at a time. */
export const LEASE_EXPIRY_BATCH: number = 100;
export const LEASE_EXPIRY_INTERVAL_MS: number = 100;

/** Commands planned and not yet answered: above, a disk that has stopped would fill the memory. */
export const PENDING_PROPOSALS_MAX: number = 65_536;

/** Bytes of entries planned and not yet durable, for the same reason: some 80 requests of the largest size. */
export const PENDING_BYTES_MAX: number = 128 * 1024 * 1024;

/**
 * Memory of rows that wait to become files, beside those that still gather: above, writers are held back until the files
 * have caught up. Five segments of the default size: what comes in while the largest files are merged.
 */
export const WAITING_ROWS_BYTES_MAX: number = 256 * 1024 * 1024;

/** Revisions in one batch for a watcher that catches up, as etcd: about what one message should hold. */
export const WATCH_BATCH_REVISIONS_MAX: number = 1_000;

/** Catching up, watchers whose next revisions lie this close share one walk through the history. */
export const CATCH_UP_GAP_REVISIONS_MAX: number = 1_000;

/** Up to so many different ranges that catch up together, each is walked alone: the index skips what is outside. */
export const CATCH_UP_RANGES_ALONE_MAX: number = 8;

/** The shortest grace of collection: what a manifest does not name yet must have the time to become named. */
export const COLLECTION_GRACE_MS_MIN: number = 60_000;
/** Tokens that a server knows at once: some 300 B each. The oldest goes for a new one; etcd has no limit. */
export const AUTH_TOKENS_MAX: number = 100_000;

/** How often tokens are looked at whether they are still used, as etcd. */
export const AUTH_TOKEN_SWEEP_MS: number = 1_000;

/** How long a token lives after its last use, as etcd's --auth-token-ttl; a signed one after it was made, as etcd's. */
export const AUTH_TOKEN_TTL_MS: number = 300_000;

/** A request to log in, which waits for its turn: what a name and a password of any use take, and room. */
export const LOGIN_REQUEST_BYTES_MAX: number = 64 * 1024;

/** Wrong passwords of one user from one address that cost nothing: people mistype. */
export const GUESSES_FREE: number = 5;

/** The pause after the next one, which each further one doubles up to the longest: two guesses a minute. */
export const GUESS_PAUSE_MS: number = 1_000;
export const GUESS_PAUSE_MS_MAX: number = 30_000;

/** Without a failure for so long, the count starts anew. */
export const GUESS_FORGET_MS: number = 600_000;

/** Pairs of user and address whose failures are remembered: some 200 B each. */
export const GUESSES_REMEMBERED_MAX: number = 10_000;

/** Passwords that wait to be hashed, at 80 ms each: above, a client would have given up before its turn. */
export const PASSWORDS_WAITING_MAX: number = 256;
export const PASSWORDS_WAITING_PER_ADDRESS_MAX: number = 64;
