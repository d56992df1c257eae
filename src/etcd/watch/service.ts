// etcdserverpb.Watch: opens streams and ends them when the server stops.
import { REQUEST_OVERHEAD_BYTES } from "../../core/limits.js";
import type { Method } from "../../transport/service.js";
import { failCall } from "../errors.js";
import { checkCaller, refusedStream, type ServiceContext } from "../service-context.js";
import { WatchStream } from "./watch-stream.js";

export interface WatchService {
  readonly methods: readonly (readonly [path: string, method: Method])[];
  readonly streamCount: number;
  readonly watcherCount: number;
  /** Ends every open stream with `reason`, and every later one when it is opened. */
  close(reason: Error): void;
}

export function watchService(context: ServiceContext): WatchService {
  const streams = new Set<WatchStream>();
  let closed: Error | null = null;
  const fragmentBytes = context.requestBytesMax + REQUEST_OVERHEAD_BYTES;
  const watch: Method = {
    kind: "stream",
    open(call) {
      try {
        if (closed !== null) {
          throw closed;
        }
        checkCaller(call, context.node);
      } catch (error) {
        failCall(call, error);
        return refusedStream;
      }
      const stream = new WatchStream(context, call, fragmentBytes, (ended) => {
        streams.delete(ended);
      });
      streams.add(stream);
      return stream;
    },
  };
  return {
    methods: [["/etcdserverpb.Watch/Watch", watch]],
    get streamCount() {
      return streams.size;
    },
    get watcherCount() {
      let count = 0;
      for (const stream of streams) {
        count += stream.watcherCount;
      }
      return count;
    },
    close(reason) {
      closed = reason;
      for (const stream of [...streams]) {
        stream.fail(reason);
      }
    },
  };
}
