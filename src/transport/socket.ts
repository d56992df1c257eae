// A byte stream to one client, as the protocols see it: a real socket, or a test's.

export interface SocketEvents {
  /** Bytes from the client; the chunk belongs to the receiver. */
  data(chunk: Uint8Array): void;
  /** The output queue has emptied after it was above the socket's mark. */
  drained(): void;
  /** The client will send nothing more. */
  ended(): void;
  /** The connection is gone, for whatever reason. Called once. */
  closed(): void;
}

export interface Socket {
  /** "address:port" of the client. */
  readonly peer: string;
  /** Whether it is TLS. */
  readonly isSecure: boolean;
  /** Common name of the client's verified certificate. */
  readonly peerCommonName: string | undefined;
  /** Bytes written and not yet taken by the operating system. */
  readonly queuedBytes: number;
  /** Writes all parts in order with one system call where that can be. They must not change until `queuedBytes` is 0. */
  write(parts: readonly Uint8Array[]): void;
  pause(): void;
  resume(): void;
  /** Sends what is queued, then the end of the stream. Reading goes on. */
  end(): void;
  destroy(): void;
}
