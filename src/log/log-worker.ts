// The log's writer in its own thread: password hashing, uploads or table making never delay a commit. The owner sends one
// group at a time and gets one answer for it; everything else is done between two groups, a short step at a time.
import { unreachable } from "../lib/assert.js";
import { DiskError, type DiskErrorCode } from "../runtime/disk/disk.js";
import type { WorkerContext } from "../runtime/threads.js";
import type { SealedSegment } from "./log.js";
import { SegmentWriter } from "./segment/segment-writer.js";

/** How long after the disk was found full it is tried again. */
const SPACE_RETRY_MS = 1_000;

/** The first message: the directory is as it should be, and files may be made in it. */
export interface LogWorkerStart {
  readonly directory: string;
  readonly segmentBytesMax: number;
}

export type ToLogWorker =
  /** Shared memory that groups will lie in, by a number of the owner's choice. */
  | { readonly kind: "buffer"; readonly buffer: number; readonly shared: SharedArrayBuffer }
  | { readonly kind: "forget"; readonly buffer: number }
  /** A group is complete but for its checksum in the first `bytes` of a buffer. */
  | { readonly kind: "write"; readonly buffer: number; readonly bytes: number }
  | { readonly kind: "seal" }
  | { readonly kind: "remove"; readonly paths: readonly string[] }
  /** Nothing follows. A group still waiting for space is given up. */
  | { readonly kind: "stop" };

export type FromLogWorker =
  /** The group is durable. */
  | { readonly kind: "written"; readonly writeMs: number }
  /** The disk has no room for the group: it is tried again until it has. */
  | { readonly kind: "blocked" }
  | { readonly kind: "closed"; readonly segment: SealedSegment }
  | { readonly kind: "space"; readonly available: boolean }
  /** A file failed for good; nothing more is written. */
  | {
      readonly kind: "failed";
      readonly code: DiskErrorCode;
      readonly path: string;
      readonly message: string;
    }
  | { readonly kind: "stopped" };

class LogWorker {
  readonly #context: WorkerContext;
  readonly #writer: SegmentWriter;
  readonly #buffers = new Map<number, Uint8Array>();
  /** The group that waits for space. */
  #waiting: Uint8Array | null = null;
  #stepScheduled = false;
  #retryScheduled = false;
  #isOver = false;

  constructor(context: WorkerContext, { directory, segmentBytesMax }: LogWorkerStart) {
    this.#context = context;
    this.#writer = new SegmentWriter(context.disk, directory, segmentBytesMax, {
      closed: (segment) => {
        this.#post({ kind: "closed", segment });
      },
      space: (available) => {
        this.#post({ kind: "space", available });
      },
    });
    this.#scheduleStep();
  }

  receive(message: ToLogWorker): void {
    this.#guard(() => {
      this.#take(message);
    });
  }

  #take(message: ToLogWorker): void {
    switch (message.kind) {
      case "buffer":
        this.#buffers.set(message.buffer, new Uint8Array(message.shared));
        return;
      case "forget":
        this.#buffers.delete(message.buffer);
        return;
      case "write":
        this.#write(this.#frame(message.buffer, message.bytes));
        return;
      case "seal":
        this.#writer.seal();
        this.#scheduleStep();
        return;
      case "remove":
        this.#writer.remove(message.paths);
        this.#scheduleStep();
        return;
      case "stop":
        this.#writer.stop();
        this.#isOver = true;
        this.#post({ kind: "stopped" });
        return;
      default:
        unreachable(message);
    }
  }

  #frame(buffer: number, bytes: number): Uint8Array {
    const whole = this.#buffers.get(buffer);
    if (whole === undefined) {
      throw new RangeError(`the log's writer has no buffer ${buffer}`);
    }
    return whole.subarray(0, bytes);
  }

  #write(frame: Uint8Array): void {
    const startMs = this.#context.clock.monotonicMs();
    if (this.#writer.write(frame)) {
      this.#waiting = null;
      this.#post({ kind: "written", writeMs: this.#context.clock.monotonicMs() - startMs });
    } else if (this.#waiting === null) {
      this.#waiting = frame;
      this.#post({ kind: "blocked" });
    }
    this.#scheduleStep();
  }

  #scheduleStep(): void {
    if (!this.#stepScheduled) {
      this.#stepScheduled = true;
      // After the messages that have arrived: a group goes before work that can wait.
      this.#context.clock.nextTurn(() => {
        this.#stepScheduled = false;
        this.#guard(() => {
          this.#step();
        });
      });
    }
  }

  #step(): void {
    if (this.#writer.step()) {
      this.#scheduleStep();
    } else if (!this.#writer.hasSpace && !this.#retryScheduled) {
      this.#retryScheduled = true;
      this.#context.clock.after(SPACE_RETRY_MS, () => {
        this.#retryScheduled = false;
        this.#guard(() => {
          this.#retrySpace();
        });
      });
    }
  }

  #retrySpace(): void {
    this.#writer.retrySpace();
    if (this.#waiting === null) {
      this.#scheduleStep();
    } else {
      this.#write(this.#waiting);
    }
  }

  /** Runs `work` unless all is over. A disk's error ends everything: the files stay as they are. */
  #guard(work: () => void): void {
    if (this.#isOver) {
      return;
    }
    try {
      work();
    } catch (error) {
      if (!(error instanceof DiskError)) {
        throw error;
      }
      this.#isOver = true;
      this.#post({ kind: "failed", code: error.code, path: error.path, message: error.message });
    }
  }

  #post(message: FromLogWorker): void {
    this.#context.post(message);
  }
}

export function logWorker(context: WorkerContext): void {
  let worker: LogWorker | null = null;
  context.onMessage((message) => {
    if (worker === null) {
      worker = new LogWorker(context, message as LogWorkerStart);
    } else {
      worker.receive(message as ToLogWorker);
    }
  });
}
