// A bug is an assertion: it stops the node, because going on would be worse.

/** Thrown when the program contradicts itself. Nobody catches it to go on. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new AssertionError(message);
  }
}

/** The `default` of a switch over a union: compiles only when every alternative has its case. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
