// Commands that wait before they are planned, in the order in which they came. They outlive the request that brought
// them, so the bytes that they share with it are copied.
import { assert, unreachable } from "../../lib/assert.js";
import type { Caller } from "../../core/auth/authorise.js";
import type { Command, Compare, Operation } from "../../core/command.js";
import { Queue } from "../../lib/collections/queue.js";
import type { Completion } from "../node.js";

/** What a command or operation costs beside its keys and values, about. */
const COMMAND_OVERHEAD_BYTES = 200;

interface Held {
  readonly command: Command;
  readonly done: Completion;
  readonly caller: Caller | null;
  readonly bytes: number;
}

export class HeldCommands {
  readonly #queue = new Queue<Held>();
  /** About what they hold of the memory. */
  bytes = 0;

  get size(): number {
    return this.#queue.size;
  }

  push(command: Command, done: Completion, caller: Caller | null): void {
    const bytes = bytesOf(command);
    this.bytes += bytes;
    this.#queue.push({ command: ownCopy(command), done, caller, bytes });
  }

  first(): Command | undefined {
    return this.#queue.first()?.command;
  }

  /** Takes the oldest; there must be one. */
  shift(): Omit<Held, "bytes"> {
    const held = this.#queue.shift();
    assert(held !== undefined, "a command is held");
    this.bytes -= held.bytes;
    return held;
  }
}

function bytesOf(command: Command | Operation): number {
  switch (command.kind) {
    case "put":
      return COMMAND_OVERHEAD_BYTES + command.key.length + command.value.length;
    case "txn": {
      const { compares, success, failure } = command;
      let bytes = COMMAND_OVERHEAD_BYTES;
      for (const compare of compares) {
        bytes += COMMAND_OVERHEAD_BYTES;
        bytes += compare.target === "value" ? compare.operand.length : 0;
      }
      for (const operation of [...success, ...failure]) {
        bytes += bytesOf(operation);
      }
      return bytes;
    }
    case "range":
    case "delete-range":
    case "compact":
    case "lease-grant":
    case "lease-revoke":
    case "alarm":
    case "downgrade":
    case "auth":
      return COMMAND_OVERHEAD_BYTES;
    default:
      return unreachable(command);
  }
}

/** Keys are strings and stay; values are views of the request. */
function ownCopy<Each extends Command | Operation>(command: Each): Each {
  if (command.kind === "put") {
    return { ...command, value: new Uint8Array(command.value) };
  }
  if (command.kind === "txn") {
    return {
      ...command,
      compares: command.compares.map((compare): Compare =>
        compare.target === "value"
          ? { ...compare, operand: new Uint8Array(compare.operand) }
          : compare,
      ),
      success: command.success.map(ownCopy),
      failure: command.failure.map(ownCopy),
    };
  }
  return command;
}
