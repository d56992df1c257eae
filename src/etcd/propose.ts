// A command and its outcome as a promise.
import type { Caller } from "../core/auth/authorise.js";
import type { Command, Outcome } from "../core/command.js";
import { T4Error } from "../core/errors.js";
import type { Completion, Node } from "../node/node.js";

/** Proposes a command whose rare use does not need more than a promise. Without a caller it is the server's own. */
export async function proposed<Kind extends Outcome["kind"]>(
  node: Node,
  command: Extract<Command, { kind: Kind }>,
  caller: Caller | null = null,
): Promise<Extract<Outcome, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const done: Completion = (error, outcome) => {
      if (outcome === null) {
        reject(error ?? new T4Error("T4_UNAVAILABLE", "no outcome and no error"));
      } else {
        resolve(outcome as Extract<Outcome, { kind: Kind }>);
      }
    };
    node.propose(command, done, caller);
  });
}
