// Every limit of the transport, with the reason for its value. A client may ask for anything; these say how much of it
// is done for one connection, so that no client can take the memory or the time of the others.

export interface TransportLimits {
  /** Largest request message after decompression. */
  readonly messageBytesMax: number;
  /** Largest HTTP body, and largest message of a websocket. */
  readonly httpBodyBytesMax: number;
  /** Streams that a client may have open at once on one connection (SETTINGS_MAX_CONCURRENT_STREAMS). */
  readonly concurrentStreamsMax: number;
  /** Decoded header list, counted as RFC 9113, 6.5.2 does: over it a request is answered with 431. */
  readonly headerListBytesMax: number;
  /** Encoded header block over all its CONTINUATION frames: over it the connection is closed. */
  readonly headerBlockBytesMax: number;
  /** CONTINUATION frames of one header block. */
  readonly continuationFramesMax: number;
  readonly connectionWindowBytes: number;
  readonly streamWindowBytes: number;
  /** Bytes of unfinished request messages held for one connection, and for all of them. */
  readonly partialBytesPerConnectionMax: number;
  readonly partialBytesMax: number;
  /** Output waiting for the socket above which nothing more is read from that client. */
  readonly outputBytesMax: number;
  /** Output that queued DATA is turned into at once; then other connections have their turn. */
  readonly outputBytesPerTurn: number;
  /** Answers waiting for the client's windows on one connection. Over half of it new requests are refused. */
  readonly queuedBytesMax: number;
  /** A client that takes nothing of a full output queue for so long is cut off. */
  readonly stalledReaderMs: number;
  /** Queue of one streaming call above which its sender should stop. */
  readonly streamHighWaterBytes: number;
  /** Control frames that do no work, as a bucket: how many at once, and how many a second. */
  readonly controlFramesBurst: number;
  readonly controlFramesPerSecond: number;
  /** Streams ended by RST_STREAM, from either side, as a bucket. Each call that ends well gives one back. */
  readonly resetsBurst: number;
  readonly resetsPerSecond: number;
  /** Least time between two PINGs of a client. */
  readonly pingIntervalMsMin: number;
  /** PINGs that may come too early before the client is sent away. */
  readonly pingStrikesMax: number;
  /** Silence after which the server sends a PING, and how long the answer may take. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** From accept to the end of the TLS handshake, and from there to the first SETTINGS or HTTP/1 request. */
  readonly handshakeTimeoutMs: number;
  /** TLS handshakes under way at once; above it the oldest is given up. */
  readonly pendingHandshakesMax: number;
  /** How long a closing connection waits for the client to read what was sent last. */
  readonly lingerMs: number;
  /** HTTP/1.1: request line and headers. */
  readonly http1HeadBytesMax: number;
  readonly http1HeadersMax: number;
  readonly http1HeadTimeoutMs: number;
  readonly http1BodyTimeoutMs: number;
  readonly http1IdleTimeoutMs: number;
}

const MIB = 1024 * 1024;

export const defaultLimits: TransportLimits = {
  // etcd: --max-request-bytes (1.5 MiB) and 512 KiB for what gRPC and the request put around it.
  messageBytesMax: 2 * MIB,
  // JSON holds bytes in base64, which takes four thirds; the rest is for the other fields.
  httpBodyBytesMax: 3 * MIB,
  // etcd sets no limit; a client queues above it. Watchers of etcd clients share one stream, so this is far above use.
  concurrentStreamsMax: 10_000,
  // Room for a large token and tracing headers; what a request of a well-behaved client needs is below 1 KiB.
  headerListBytesMax: 32 * 1024,
  headerBlockBytesMax: 64 * 1024,
  // A block of 64 KiB in frames of 16 KiB takes 4; the rest is for clients that cut small.
  continuationFramesMax: 64,
  // A window of 16 MiB fills 1 Gbit/s over 130 ms; a stream's window holds the largest message, so no upload stalls.
  connectionWindowBytes: 16 * MIB,
  streamWindowBytes: 4 * MIB,
  // 16 of the largest messages in parallel on one connection; 128 over all.
  partialBytesPerConnectionMax: 32 * MIB,
  partialBytesMax: 256 * MIB,
  outputBytesMax: MIB,
  outputBytesPerTurn: 256 * 1024,
  // 32 of the largest answers that a default client accepts, and as many again still being made.
  queuedBytesMax: 128 * MIB,
  // At least one queued piece (128 KiB at most, but for single larger answers) in this time: 2 KiB/s.
  stalledReaderMs: 60_000,
  streamHighWaterBytes: 256 * 1024,
  // A client on a fast link sends a WINDOW_UPDATE for each DATA frame it gets; those are paid for by that frame.
  controlFramesBurst: 10_000,
  controlFramesPerSecond: 10_000,
  // A Go client whose deadline is over resets all its calls in one go; nghttp2 also allows a burst of 1,000.
  resetsBurst: 1000,
  resetsPerSecond: 100,
  // etcd: --grpc-keepalive-min-time 5s; grpc-go: maxPingStrikes 2.
  pingIntervalMsMin: 5000,
  pingStrikesMax: 2,
  // etcd: --grpc-keepalive-interval 2h, --grpc-keepalive-timeout 20s.
  keepaliveMs: 2 * 60 * 60 * 1000,
  keepaliveTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  // Some 40 KB each: 80 MB. One core does a thousand a second, so this is two seconds of honest clients.
  pendingHandshakesMax: 2048,
  lingerMs: 1000,
  // As Node's own HTTP server.
  http1HeadBytesMax: 16 * 1024,
  http1HeadersMax: 200,
  http1HeadTimeoutMs: 10_000,
  http1BodyTimeoutMs: 60_000,
  http1IdleTimeoutMs: 75_000,
};
