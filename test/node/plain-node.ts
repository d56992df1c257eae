// A node on the plain log and store, for tests of what is the node's own.
import type {
  Command,
  DeleteRangeOperation,
  Outcome,
  PutOperation,
} from "../../src/core/command.js";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import type { RangeOperation } from "../../src/core/command.js";
import {
  NO_LEASE,
  type Key,
  type LeaseId,
  type LogIndex,
  type Term,
} from "../../src/core/words.js";
import { latin1Bytes } from "../../src/lib/bytes.js";
import {
  aloneRule,
  type CommitRule,
  type CommitRuleListener,
} from "../../src/node/write/commit-rule.js";
import { LocalNode, type NodeParts } from "../../src/node/local-node.js";
import type { Node } from "../../src/node/node.js";
import { SystemState } from "../../src/node/system-state.js";
import { silentLogger } from "../../src/runtime/logger.js";
import { noMetrics } from "../../src/runtime/metrics/metrics.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { VirtualClock } from "../sim/virtual-clock.js";
import { PlainLog } from "./plain-log.js";
import { PlainStore } from "./plain-store.js";

export interface PlainNode {
  readonly node: LocalNode;
  readonly log: PlainLog;
  readonly store: PlainStore;
  readonly clock: VirtualClock;
  /** What a rule does when callers have waited too long. */
  readonly timeOut: (index: LogIndex) => void;
}

export async function startPlainNode(
  isAutomatic = true,
  rule: Partial<CommitRule> = {},
  parts: Pick<NodeParts, "quotaBytes" | "leasesExpire"> = {},
): Promise<PlainNode> {
  const log = new PlainLog(isAutomatic);
  const store = new PlainStore();
  const clock = new VirtualClock(1);
  const alone = aloneRule(1 as Term);
  let told: CommitRuleListener | null = null;
  const node = new LocalNode({
    identity: { clusterId: 1n, memberId: 2n, nodeId: "n", logId: "l" },
    log,
    store,
    system: new SystemState(),
    rule: {
      ...alone,
      start: (listener) => {
        alone.start(listener);
        told = listener;
      },
      ...rule,
    },
    lock: null,
    ...parts,
    runtime: { clock, logger: silentLogger, metrics: noMetrics } as unknown as Runtime,
  });
  log.listener = {
    durable: (index) => {
      node.durable(index);
    },
    failed: (error) => {
      node.fail(error);
    },
  };
  const started = node.start();
  log.makeDurable();
  await started;
  return { node, log, store, clock, timeOut: (index) => told?.timedOut(index) };
}

export async function propose(node: Node, command: Command): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    node.propose(command, (error, outcome) => {
      if (outcome === null) {
        reject(error ?? new Error("neither error nor outcome"));
      } else {
        resolve(outcome);
      }
    });
  });
}

export function put(key: Key, value = "", lease: LeaseId = NO_LEASE): PutOperation {
  return {
    kind: "put",
    key,
    value: latin1Bytes(value),
    lease,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

export function remove(key: Key): DeleteRangeOperation {
  return { kind: "delete-range", range: { kind: "key", key }, prevKv: false };
}

export const readAll: RangeOperation = {
  kind: "range",
  range: ALL_KEYS,
  revision: 0,
  limit: 0,
  sort: null,
  keysOnly: false,
  countOnly: false,
  minModRevision: 0,
  maxModRevision: 0,
  minCreateRevision: 0,
  maxCreateRevision: 0,
};
