// How much a command may add to a store, counted as etcd counts against its quota.
import { unreachable } from "../lib/assert.js";
import type { Command, Operation } from "./command.js";

/** What a put costs beside its bytes, and a lease, as etcd counts against its quota. */
const PUT_OVERHEAD_BYTES = 256;
const LEASE_BYTES = 64;

/** About how much a command may add to the store; 0 for one that adds nothing, whatever it finds. */
export function growthBytes(command: Command): number {
  switch (command.kind) {
    case "put":
    case "txn":
      return operationGrowthBytes(command);
    case "lease-grant":
      return LEASE_BYTES;
    case "delete-range":
    case "compact":
    case "lease-revoke":
    case "alarm":
    case "downgrade":
    case "auth":
      return 0;
    default:
      return unreachable(command);
  }
}

function operationGrowthBytes(operation: Operation): number {
  switch (operation.kind) {
    case "put":
      return PUT_OVERHEAD_BYTES + operation.key.length + operation.value.length;
    case "txn":
      // Which branch is chosen is not known yet.
      return Math.max(sumOf(operation.success), sumOf(operation.failure));
    case "range":
    case "delete-range":
      return 0;
    default:
      return unreachable(operation);
  }
}

function sumOf(operations: readonly Operation[]): number {
  let sum = 0;
  for (const operation of operations) {
    sum += operationGrowthBytes(operation);
  }
  return sum;
}
