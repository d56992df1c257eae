// How an embedded database shows its node to the server, and to nobody who does not ask by this name.
import type { Node } from "./node.js";

export const NODE = "t4db.node" as const;

export interface HasNode {
  readonly [NODE]: Node;
}
