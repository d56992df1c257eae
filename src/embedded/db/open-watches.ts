// The watches of one database that have not ended: none outlives it, whether it is closed or its node stops by itself.
import type { T4Error } from "../../core/errors.js";
import type { KeyRange } from "../../core/range/key-range.js";
import type { Node } from "../../node/node.js";
import type { Clock } from "../../runtime/clock.js";
import type { ValueCodec } from "../encoding.js";
import { Watch, type WatchOptions } from "../watch.js";

export class OpenWatches<Value> {
  readonly #clock: Clock;
  readonly #codec: ValueCodec<Value, never>;
  readonly #watches = new Set<Watch<Value>>();

  constructor(clock: Clock, codec: ValueCodec<Value, never>) {
    this.#clock = clock;
    this.#codec = codec;
  }

  /** Registers with the node at once. */
  open(node: Node, range: KeyRange, options: WatchOptions): Watch<Value> {
    const watch = new Watch(node, this.#clock, this.#codec, range, options, (ended) => {
      this.#watches.delete(ended);
    });
    this.#watches.add(watch);
    return watch;
  }

  /** Ends them all with `error`. */
  end(error: T4Error): void {
    for (const watch of [...this.#watches]) {
      watch.fail(error);
    }
  }
}
