// How an embedded database shows its node to the server, and to nobody who does not ask by this symbol.
import type { Node } from "./node.js";

export const NODE: unique symbol = Symbol.for("t4db.node");

export interface HasNode {
  readonly [NODE]: Node;
}
