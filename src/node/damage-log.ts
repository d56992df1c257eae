// Tells the log of files that cannot be read, once for each place: the client that met it is told only that there is
// damage, and who runs the server needs file and offset.
import { T4Error } from "../core/errors.js";
import type { Logger } from "../runtime/logger.js";

/** Places remembered: each is a block of a file, and after so many nobody needs the rest. */
const PLACES_MAX = 1_000;

export class DamageLog {
  readonly #logger: Logger;
  readonly #places = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** To be called with whatever a read threw. */
  note(error: unknown): void {
    if (!(error instanceof T4Error) || (error.code !== "T4_CORRUPT" && error.code !== "T4_IO")) {
      return;
    }
    if (this.#places.size < PLACES_MAX && !this.#places.has(error.message)) {
      this.#places.add(error.message);
      this.#logger.error("a file of the store cannot be read: what needs it is refused", {
        code: error.code,
        reason: error.message,
      });
    }
  }
}
