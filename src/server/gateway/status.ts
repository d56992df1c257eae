// How a gRPC status looks to a client of the gateway: HTTP status and JSON body. The body is that of etcd 3.6
// ("code", "message") together with the fields of etcd 3.5 and before ("error", and in streams "grpc_code" and "http_code"),
// by which clients written for those tell errors apart.
import { GATEWAY_MESSAGE_BYTES_MAX } from "../../core/limits.js";
import { GRPC_STATUS, type GrpcStatus, type HttpResponse } from "../../transport/service.js";

/** A call that did not end well. */
export interface Failure {
  readonly status: number;
  readonly message: string;
}

/** In grpc-go's words. */
export function answerTooLarge(bytes: number): Failure & { readonly status: GrpcStatus } {
  return {
    status: GRPC_STATUS.RESOURCE_EXHAUSTED,
    message: `grpc: trying to send message larger than max (${bytes} vs. ${GATEWAY_MESSAGE_BYTES_MAX})`,
  };
}

const HTTP_STATUS: Readonly<Record<number, readonly [status: number, text: string]>> = {
  [GRPC_STATUS.CANCELLED]: [499, "Client Closed Request"],
  [GRPC_STATUS.INVALID_ARGUMENT]: [400, "Bad Request"],
  [GRPC_STATUS.DEADLINE_EXCEEDED]: [504, "Gateway Timeout"],
  [GRPC_STATUS.NOT_FOUND]: [404, "Not Found"],
  [GRPC_STATUS.ALREADY_EXISTS]: [409, "Conflict"],
  [GRPC_STATUS.PERMISSION_DENIED]: [403, "Forbidden"],
  [GRPC_STATUS.RESOURCE_EXHAUSTED]: [429, "Too Many Requests"],
  [GRPC_STATUS.FAILED_PRECONDITION]: [400, "Bad Request"],
  [GRPC_STATUS.ABORTED]: [409, "Conflict"],
  [GRPC_STATUS.OUT_OF_RANGE]: [400, "Bad Request"],
  [GRPC_STATUS.UNIMPLEMENTED]: [501, "Not Implemented"],
  [GRPC_STATUS.UNAVAILABLE]: [503, "Service Unavailable"],
  [GRPC_STATUS.UNAUTHENTICATED]: [401, "Unauthorized"],
};

/** UNKNOWN, INTERNAL, DATA_LOSS. */
const INTERNAL_SERVER_ERROR = [500, "Internal Server Error"] as const;

export const JSON_TYPE: Readonly<Record<string, string>> = { "content-type": "application/json" };

/** Of an answer that is none of these: the second is gRPC's own header, as etcd's gateway passes it on. */
export const SUCCESS_HEADERS: Readonly<Record<string, string>> = {
  ...JSON_TYPE,
  "grpc-metadata-content-type": "application/grpc",
};

export function failureResponse({ status, message }: Failure): HttpResponse {
  const [httpStatus] = HTTP_STATUS[status] ?? INTERNAL_SERVER_ERROR;
  return {
    status: httpStatus,
    headers:
      status === GRPC_STATUS.UNAUTHENTICATED
        ? { ...JSON_TYPE, "www-authenticate": message }
        : JSON_TYPE,
    body: JSON.stringify({ error: message, code: status, message }),
  };
}

/** The last line of a stream that failed, without its end. */
export function failureLine({ status, message }: Failure): string {
  const [httpStatus, text] = HTTP_STATUS[status] ?? INTERNAL_SERVER_ERROR;
  const error = {
    grpc_code: status,
    http_code: httpStatus,
    message,
    http_status: text,
    code: status,
  };
  return JSON.stringify({ error });
}
