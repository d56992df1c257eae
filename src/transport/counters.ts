// What the transport counts: plain numbers, since some change a million times a second. Whoever exports metrics reads
// them at each scrape.

/** One method's calls. */
export class MethodCounters {
  readonly kind: "unary" | "stream";
  started = 0;
  /** Calls ended, by gRPC status code 0 … 16. */
  readonly handled: number[] = new Array<number>(17).fill(0);
  messagesReceived = 0;
  messagesSent = 0;

  constructor(kind: "unary" | "stream") {
    this.kind = kind;
  }
}

export class TransportCounters {
  connectionsOpen = 0;
  connectionsTotal = 0;
  /** TLS handshakes that failed or took too long. */
  handshakesFailed = 0;
  /** Connections closed because the client broke a limit or the protocol. */
  connectionsRefused = 0;
  streamsStarted = 0;
  httpRequests = 0;
  /** Bytes on the wire (for TLS: before encryption). */
  bytesReceived = 0;
  bytesSent = 0;
  /** Bytes of gRPC messages without framing: what etcd_network_client_grpc_{received,sent}_bytes_total count. */
  messageBytesReceived = 0;
  messageBytesSent = 0;
  /** Bytes of unfinished request messages in memory. */
  partialBytes = 0;
  /** By full path. */
  readonly methods: Map<string, MethodCounters> = new Map<string, MethodCounters>();
}
