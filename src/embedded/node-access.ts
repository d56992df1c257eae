// The way from the embedded API to its node: commands as promises, and nothing after closing.
import type { Command, Outcome } from "../core/command.js";
import { T4Error } from "../core/errors.js";
import { assert } from "../lib/assert.js";
import type { Completion, Node } from "../node/node.js";

export interface NodeAccess {
  /** Throws T4_CLOSED once the database is closed. */
  node(): Node;
  /**
   * Plans in this tick. Rejects with what the plan throws, or what kept it from being committed. It is to be awaited at
   * once: as the result of an async function this promise would lie in another one, which costs a tenth of a put.
   */
  propose<Kind extends Command["kind"]>(
    command: Extract<Command, { readonly kind: Kind }>,
  ): PromiseLike<Extract<Outcome, { readonly kind: Kind }>>;
}

export function nodeAccess(node: Node, isClosed: () => boolean): NodeAccess {
  const open = (): Node => {
    if (isClosed()) {
      throw new T4Error("T4_CLOSED", "the database is closed");
    }
    return node;
  };
  return {
    node: open,
    propose<Kind extends Command["kind"]>(
      command: Extract<Command, { readonly kind: Kind }>,
    ): PromiseLike<Extract<Outcome, { readonly kind: Kind }>> {
      const { promise, done } = answerTo(command.kind);
      open().propose(command, done);
      return promise;
    },
  };
}

interface Answer<Kind> {
  readonly promise: Promise<Extract<Outcome, { readonly kind: Kind }>>;
  readonly done: Completion;
}

/** Of a command this keeps the kind alone: what waits for the log should be little. */
function answerTo<Kind extends Command["kind"]>(kind: Kind): Answer<Kind> {
  let done!: Completion;
  const promise = new Promise<Extract<Outcome, { readonly kind: Kind }>>((resolve, reject) => {
    done = (error, outcome) => {
      if (outcome === null) {
        reject(error ?? new T4Error("T4_UNAVAILABLE", "the node gave no answer"));
        return;
      }
      assert(outcome.kind === kind, "an outcome is of its command's kind");
      resolve(outcome as Extract<Outcome, { readonly kind: Kind }>);
    };
  });
  return { promise, done };
}

/** What `run` returns or throws now, as a promise: the callers of a cluster will have to wait for it. */
export async function promised<Result>(run: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(run());
  });
}
