// `t4 inspect`: reads a data directory without a lock and without a write, also while a server uses it.
import { resolve } from "node:path";
import type { RangeOperation } from "../core/command.js";
import { ALL_KEYS, prefixRange, type KeyRange } from "../core/range/key-range.js";
import type { Row } from "../core/row.js";
import { openReadOnly, type ReadOnlyNode } from "../node/read-only.js";
import { systemRuntime } from "../runtime/system-runtime.js";
import { EXIT_FAILED, EXIT_OK } from "./exit.js";
import { jsonRow, keyArgument, printable, printableKey } from "./render.js";

export interface InspectFlags {
  readonly dataDir: string;
  readonly json?: boolean;
}

export interface ReadFlags extends InspectFlags {
  /** 0: the newest. */
  readonly revision: number;
  readonly limit: number;
  readonly keysOnly?: boolean;
}

async function withNode(
  flags: InspectFlags,
  use: (node: ReadOnlyNode) => number | Promise<number>,
): Promise<number> {
  const node = await openReadOnly(resolve(flags.dataDir), systemRuntime());
  try {
    return await use(node);
  } finally {
    await node.close();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

function readOf(range: KeyRange, flags: Partial<ReadFlags>, countOnly: boolean): RangeOperation {
  return {
    kind: "range",
    range,
    revision: flags.revision ?? 0,
    limit: flags.limit ?? 0,
    sort: null,
    keysOnly: flags.keysOnly ?? false,
    countOnly,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

function rangeOfPrefix(prefix: string | undefined): KeyRange {
  return prefix === undefined || prefix === "" ? ALL_KEYS : prefixRange(keyArgument(prefix));
}

/** One line a row: revision first, so that a list can be sorted by it. */
function printRow(row: Row, flags: Partial<ReadFlags>): void {
  if (flags.json === true) {
    printJson(jsonRow(row, { keysOnly: flags.keysOnly ?? false }));
  } else if (row.isTombstone) {
    print(`${String(row.modRevision)}\t${printableKey(row.key)}\t(deleted)`);
  } else {
    const value = flags.keysOnly === true ? "" : `\t${printable(row.value)}`;
    print(`${String(row.modRevision)}\t${printableKey(row.key)}${value}`);
  }
}

export async function inspectMeta(flags: InspectFlags): Promise<number> {
  return withNode(flags, async (node) => {
    const status = node.status();
    const facts = {
      dataDir: resolve(flags.dataDir),
      clusterId: status.clusterId.toString(16),
      memberId: status.memberId.toString(16),
      nodeId: status.nodeId,
      term: status.term,
      index: status.committedIndex,
      revision: status.revision,
      compactRevision: Math.max(status.compactRevision, 0),
      keys: (await node.range(readOf(ALL_KEYS, {}, true))).count,
      leases: node.leases().length,
      storeBytes: status.totalBytes,
    };
    if (flags.json === true) {
      printJson(facts);
    } else {
      for (const [name, value] of Object.entries(facts)) {
        print(`${name.padEnd(16)} ${String(value)}`);
      }
    }
    return EXIT_OK;
  });
}

export async function inspectGet(key: string, flags: ReadFlags): Promise<number> {
  return withNode(flags, async (node) => {
    const range: KeyRange = { kind: "key", key: keyArgument(key) };
    const { rows } = await node.range(readOf(range, flags, false));
    const row = rows[0];
    if (row === undefined) {
      process.stderr.write(`error: the key "${key}" does not exist at this revision\n`);
      return EXIT_FAILED;
    }
    if (flags.json === true) {
      printRow(row, flags);
    } else {
      // The value as it is: for a pipe into a file or another program.
      process.stdout.write(row.value);
      process.stdout.write("\n");
    }
    return EXIT_OK;
  });
}

export async function inspectList(prefix: string | undefined, flags: ReadFlags): Promise<number> {
  return withNode(flags, async (node) => {
    const outcome = await node.range(readOf(rangeOfPrefix(prefix), flags, false));
    for (const row of outcome.rows) {
      printRow(row, flags);
    }
    if (outcome.more && flags.json !== true) {
      process.stderr.write(`(${String(outcome.count)} keys in all; raise --limit to see more)\n`);
    }
    return EXIT_OK;
  });
}

export async function inspectCount(prefix: string | undefined, flags: ReadFlags): Promise<number> {
  return withNode(flags, async (node) => {
    const read = readOf(rangeOfPrefix(prefix), { revision: flags.revision }, true);
    const { count } = await node.range(read);
    if (flags.json === true) {
      printJson({ count });
    } else {
      print(String(count));
    }
    return EXIT_OK;
  });
}

export async function inspectHistory(key: string, flags: InspectFlags): Promise<number> {
  return withNode(flags, (node) => {
    const rows = node.history(keyArgument(key));
    for (const row of rows) {
      printRow(row, flags);
    }
    if (rows.length === 0) {
      process.stderr.write(`error: the key "${key}" has no history since the last compaction\n`);
      return EXIT_FAILED;
    }
    return EXIT_OK;
  });
}

/** `to`: the last revision, or undefined for the newest. */
export async function inspectDiff(
  from: number,
  to: number | undefined,
  flags: InspectFlags,
): Promise<number> {
  return withNode(flags, async (node) => {
    const last = to ?? node.status().revision;
    for await (const row of node.changes(ALL_KEYS, from, last)) {
      printRow(row, flags);
    }
    return EXIT_OK;
  });
}
