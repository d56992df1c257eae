// grpc.health.v1.Health: serving until the server begins to stop. Only the whole server has a status ("").
import {
  GRPC_STATUS,
  type Method,
  type StreamCall,
  type StreamReceiver,
} from "../transport/service.js";
import { EtcdError, failCall, STREAM_MALFORMED } from "./errors.js";
import {
  decodeHealthCheckRequest,
  HealthCheckResponseServingStatus,
  sizeHealthCheckResponse,
  writeHealthCheckResponse,
} from "./gen/health.js";
import { unary, type ServiceContext } from "./service-context.js";

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponseServingStatus;

export interface HealthService {
  readonly methods: readonly (readonly [path: string, method: Method])[];
  /** Tells all who watch that this server takes no more work. */
  stopServing(): void;
  /** Ends every open watch with `reason`, and every later one with its first request. */
  close(reason: Error): void;
}

export function healthService(context: ServiceContext): HealthService {
  let status: number = SERVING;
  const watching = new Set<StreamCall>();
  let closed: Error | null = null;
  const check = unary(
    context.node,
    decodeHealthCheckRequest,
    { size: sizeHealthCheckResponse, write: writeHealthCheckResponse },
    ({ service }) => {
      if (service !== "") {
        throw new EtcdError(GRPC_STATUS.NOT_FOUND, "unknown service");
      }
      return { status };
    },
  );
  const watch: Method = {
    kind: "stream",
    open(call): StreamReceiver {
      let isStarted = false;
      return {
        message(request, start, end) {
          if (isStarted) {
            return;
          }
          isStarted = true;
          try {
            const { service } = decodeHealthCheckRequest(request, start, end);
            if (closed !== null) {
              throw closed;
            }
            if (service === "") {
              watching.add(call);
            }
            send(call, service === "" ? status : SERVICE_UNKNOWN);
          } catch (error) {
            failCall(call, error, STREAM_MALFORMED);
          }
        },
        halfClosed() {
          if (!isStarted) {
            isStarted = true;
            call.end();
          }
        },
        cancelled() {
          watching.delete(call);
        },
      };
    },
  };
  return {
    methods: [
      ["/grpc.health.v1.Health/Check", check],
      ["/grpc.health.v1.Health/Watch", watch],
    ],
    stopServing() {
      status = NOT_SERVING;
      for (const call of watching) {
        send(call, status);
      }
    },
    close(reason) {
      closed = reason;
      for (const call of watching) {
        failCall(call, reason);
      }
      watching.clear();
    },
  };
}

function send(call: StreamCall, status: number): void {
  const response = { status };
  const bytes = new Uint8Array(sizeHealthCheckResponse(response));
  writeHealthCheckResponse(bytes, 0, response);
  call.send(bytes);
}
