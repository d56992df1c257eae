// Maintenance.Snapshot: the whole store at one revision as a bbolt file, sent while writes go on. The file is written
// first, into a scratch file, so that a slow client keeps no files of the store; memory is one page a level of its trees.
// Must never: end a stream as complete that is not.
import { T4Error } from "../../core/errors.js";
import { bytesOfHex } from "../../lib/hex.js";
import { sha256 } from "../../lib/hashes/sha256.js";
import type { ScratchFile } from "../../node/directory/scratch-file.js";
import type { StateCopy } from "../../node/state-copy.js";
import {
  GRPC_STATUS,
  type Method,
  type StreamCall,
  type StreamReceiver,
} from "../../transport/service.js";
import { EtcdError, failCall, serverStopped, STREAM_MALFORMED } from "../errors.js";
import {
  decodeSnapshotRequest,
  sizeSnapshotResponse,
  writeSnapshotResponse,
  type SnapshotResponse,
} from "../gen/rpc.js";
import { checkCaller, refusedStream, type ServiceContext } from "../service-context.js";
import { STORAGE_VERSION } from "../version.js";
import { writeSnapshot } from "./snapshot-writer.js";

/** Bytes in one message, as etcd. */
const BLOB_BYTES: number = 32 * 1024;

/** Bytes sent before others come. */
const TURN_BYTES: number = 1024 * 1024;

/** Snapshots made at one time: each takes as much of the disk as the store. */
const SNAPSHOTS_MAX = 4;

export interface SnapshotService {
  readonly methods: readonly (readonly [path: string, method: Method])[];
  /** Ends the calls that run. */
  close(reason: EtcdError): void;
}

export function snapshotService(context: ServiceContext): SnapshotService {
  const running = new Set<SnapshotCall>();
  let closed: EtcdError | null = null;
  const open = (call: StreamCall): StreamReceiver => {
    try {
      if (closed !== null) {
        throw closed;
      }
      checkCaller(call, context.node);
    } catch (error) {
      failCall(call, error);
      return refusedStream;
    }
    return new SnapshotCall(context, call, running);
  };
  return {
    methods: [["/etcdserverpb.Maintenance/Snapshot", { kind: "stream", open }]],
    close(reason) {
      closed = reason;
      for (const snapshot of running) {
        snapshot.stop(reason);
      }
    },
  };
}

class SnapshotCall implements StreamReceiver {
  readonly #context: ServiceContext;
  readonly #call: StreamCall;
  readonly #running: Set<SnapshotCall>;
  /** Makes room for another. */
  readonly #over = (): void => {
    this.#running.delete(this);
  };
  #isStarted = false;
  /** The call has ended, from whichever side. */
  #hasEnded = false;
  #stopped: EtcdError | null = null;
  /** Goes on with what waits for the client. */
  #wake: () => void = () => {};

  constructor(context: ServiceContext, call: StreamCall, running: Set<SnapshotCall>) {
    this.#context = context;
    this.#call = call;
    this.#running = running;
    call.onDrain(() => {
      this.#wake();
    });
  }

  /** There is one request: what comes after it is nothing that is waited for. */
  message(request: Uint8Array, start: number, end: number): void {
    if (this.#isStarted) {
      return;
    }
    this.#isStarted = true;
    try {
      decodeSnapshotRequest(request, start, end);
      if (this.#running.size >= SNAPSHOTS_MAX) {
        throw new EtcdError(GRPC_STATUS.RESOURCE_EXHAUSTED, "etcdserver: too many requests");
      }
      this.#running.add(this);
      this.#start();
    } catch (error) {
      this.#fail(error);
    }
  }

  halfClosed(): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#end();
    }
  }

  cancelled(): void {
    this.#hasEnded = true;
    this.stop(serverStopped());
  }

  #end(): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#call.end();
    }
  }

  #fail(error: unknown): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      failCall(this.#call, error, STREAM_MALFORMED);
    }
  }

  /** The state is that of this moment. */
  #start(): void {
    let copy: StateCopy;
    let scratch: ScratchFile;
    try {
      copy = this.#context.node.copyState();
    } catch (error) {
      this.#over();
      throw error;
    }
    try {
      scratch = this.#context.node.openScratch();
    } catch (error) {
      copy.close();
      this.#over();
      throw error;
    }
    this.#run(copy, scratch).then(
      () => {
        this.#end();
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  stop(reason: EtcdError): void {
    this.#stopped ??= reason;
    this.#wake();
  }

  async #run(copy: StateCopy, scratch: ScratchFile): Promise<void> {
    try {
      const bytes = await writeSnapshot(scratch, copy, () => {
        this.#assertWanted();
      });
      // What the store would remove may go: a client may be slow.
      copy.close();
      await this.#send(scratch, bytes, async () => copy.nextTurn());
    } finally {
      // First: what follows may throw, and one that counts as running for ever takes the place of another.
      this.#over();
      copy.close();
      scratch.close();
    }
  }

  async #send(scratch: ScratchFile, bytes: number, nextTurn: () => Promise<void>): Promise<void> {
    const hash = sha256();
    for (let sent = 0; sent < bytes;) {
      // What is sent belongs to the transport until it is gone.
      const blob = new Uint8Array(Math.min(BLOB_BYTES, bytes - sent));
      if (scratch.read(blob, sent) !== blob.length) {
        throw new T4Error("T4_IO", `the snapshot's file ends at ${sent} of ${bytes} bytes`);
      }
      hash.update(blob);
      sent += blob.length;
      this.#assertWanted();
      this.#sendMessage(blob, bytes - sent);
      if (sent % TURN_BYTES === 0) {
        await nextTurn();
      }
      await this.#drained();
    }
    this.#assertWanted();
    this.#sendMessage(bytesOfHex(hash.hex()), 0);
  }

  #sendMessage(blob: Uint8Array, remainingBytes: number): void {
    const response: SnapshotResponse = {
      header: null,
      remainingBytes,
      blob,
      version: STORAGE_VERSION,
    };
    const message = new Uint8Array(sizeSnapshotResponse(response));
    writeSnapshotResponse(message, 0, response);
    this.#call.send(message);
  }

  /** Resolves when the client has taken most of what was sent. */
  async #drained(): Promise<void> {
    while (this.#call.bufferedBytes > this.#call.highWaterBytes && this.#stopped === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #assertWanted(): void {
    if (this.#stopped !== null) {
      throw this.#stopped;
    }
  }
}
