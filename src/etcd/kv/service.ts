// etcdserverpb.KV: the hot path of the server. A read of one key goes from request bytes to answer bytes without a
// promise, a closure or a copy but the row's own.
import type { Operation, OperationOutcome, RangeOperation } from "../../core/command.js";
import type { T4Error } from "../../core/errors.js";
import { validateDeleteRange, validatePut, validateRange, validateTxn } from "../../core/validate.js";
import { T4Error as Failure } from "../../core/errors.js";
import { latin1 } from "../../lib/bytes.js";
import type { Completion, Consistency } from "../../node/node.js";
import type { Method, UnaryCall, UnaryHandler } from "../../transport/service.js";
import { failCall } from "../errors.js";
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  sizeCompactionResponse,
  writeCompactionResponse,
} from "../gen/rpc.js";
import { checkCaller, checkSize, proposed, unary, type ServiceContext } from "../service-context.js";
import { NestedTooDeep } from "../wire.js";
import {
  deleteRangeOperation,
  isReadOnly,
  pointRead,
  putOperation,
  rangeOperation,
  txnOperation,
} from "./requests.js";
import { outcomeSize, writeOutcome } from "./responses.js";
