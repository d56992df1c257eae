// Where our server means to answer otherwise than etcd 3.4.23, each as a function that recognises exactly that. The
// table of known-differences.md says why; a test holds the two lists together. A matcher that is too generous hides
// bugs: it must check what our server says, not only what was asked.
import { isDeepStrictEqual } from "node:util";
import type { Message } from "../support/grpc-client.js";
import { findDifferences, type Encounter } from "./compare.js";
import { rootRolePermissions, unguardedMethods } from "./known-auth-differences.js";
import { notYetServed } from "./not-yet-served.js";
import { resolve } from "./script/operation.js";
import { EVENT_DELETE, type EventGroup } from "./event-history.js";

export type Matcher = (encounter: Encounter) => boolean;

const isCallOf = ({ operation }: Encounter, method: string): boolean =>
  operation.kind === "call" && operation.method === method;

const isError = (answer: unknown, code: number, message: string | RegExp): boolean => {
  const { ok, code: actual, message: text } = answer as Message;
  return (
    ok === false &&
    actual === code &&
    (typeof message === "string" ? text === message : message.test(text as string))
  );
};

function invalidSortOrder(encounter: Encounter): boolean {
  const { operation } = encounter;
  return (
    isCallOf(encounter, "KV/Range") &&
    operation.kind === "call" &&
    ![0, 1, 2].includes((operation.request["sort_order"] ?? 0) as number) &&
    isError(encounter.subjectAnswer, 3, "etcdserver: invalid sort option")
  );
}

/** The whole answer of 3.6.6 and later: the creation is the refusal. */
function negativeWatchStart({ operation, subjectAnswer }: Encounter): boolean {
  if (operation.kind !== "watch" || operation.steps.length !== 1) {
    return false;
  }
  const [step] = operation.steps;
  const start: unknown = step?.step === "create" ? step.request["start_revision"] : 0;
  const { created, watchers, anomalies } = subjectAnswer as Message;
  const creation: Message = { ...(created as Message[])[0], header: null };
  return (
    Number(start) < 0 &&
    isDeepStrictEqual(creation, {
      header: null,
      watch_id: "-1",
      created: true,
      canceled: true,
      compact_revision: "0",
      cancel_reason: "etcdserver: mvcc: required revision has been compacted",
      fragment: false,
      events: [],
    }) &&
    isDeepStrictEqual([watchers, anomalies], [{}, []])
  );
}

/** Only the deletions at the compacted revision itself may be missing, and nothing else may differ at that place. */
function deletionAtCompaction(encounter: Encounter): boolean {
  const { operation, resolution, difference, referenceAnswer, subjectAnswer } = encounter;
  if (operation.kind !== "watch" || !difference.path.startsWith(".watchers.")) {
    return false;
  }
  const without = (answer: unknown): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries((answer as Message)["watchers"] as Record<string, Message>).map(
        ([name, watcher]) => [
          name,
          {
            ...watcher,
            groups: (watcher["groups"] as EventGroup[])
              .map(({ revision, events }) => ({
                revision,
                events: events.filter(
                  ({ type }) => revision !== resolution.compactRevision || type !== EVENT_DELETE,
                ),
              }))
              .filter(({ events }) => events.length > 0),
          },
        ],
      ),
    );
  return (
    resolution.compactRevision > 0 &&
    findDifferences(without(referenceAnswer), without(subjectAnswer)).length === 0
  );
}

function statusOfNewerVersion(encounter: Encounter): boolean {
  const { path, subject } = encounter.difference;
  const fields: Record<string, (value: unknown) => boolean> = {
    ".response.version": (value) => /^3\.6\.\d+$/.test(String(value)),
    ".response.storageVersion": (value) => /^3\.6\.\d+$/.test(String(value)),
    ".response.dbSizeQuota": (value) => value === "<dbSizeQuota>",
    ".response.downgradeInfo": (value) =>
      isDeepStrictEqual(value, { enabled: false, targetVersion: "" }),
  };
  return isCallOf(encounter, "Maintenance/Status") && fields[path]?.(subject) === true;
}

/** Of a store that nothing was written to yet. */
function sizeOfNothing(encounter: Encounter): boolean {
  const { path, subject } = encounter.difference;
  const response = (encounter.subjectAnswer as Message)["response"] as Message | undefined;
  const header = response?.["header"] as Message | undefined;
  return (
    isCallOf(encounter, "Maintenance/Status") &&
    [".response.dbSize", ".response.dbSizeInUse"].includes(path) &&
    subject === "0" &&
    header?.["revision"] === "1"
  );
}

function hashRevision(encounter: Encounter): boolean {
  const { path, reference, subject } = encounter.difference;
  return (
    isCallOf(encounter, "Maintenance/HashKV") &&
    path === ".response.hash_revision" &&
    reference === "0" &&
    // A negative one is hashed as it is asked for: as a time before everything.
    Number(subject) !== 0
  );
}

function hashAtCompaction(encounter: Encounter): boolean {
  const { operation, resolution, referenceAnswer, subjectAnswer } = encounter;
  const { compactRevision } = resolution;
  const revision: unknown = operation.kind === "call" ? operation.request["revision"] : undefined;
  return (
    isCallOf(encounter, "Maintenance/HashKV") &&
    resolve(revision, resolution) === String(compactRevision) &&
    isError(referenceAnswer, 11, "etcdserver: mvcc: required revision has been compacted") &&
    ((subjectAnswer as Message)["response"] as Message | undefined)?.["compact_revision"] ===
      String(compactRevision)
  );
}

const SORTED_FIELDS = ["key", "version", "create_revision", "mod_revision", "value"] as const;

/** Go sorts up to 12 rows in a way that keeps the order of equals. */
const STABLE_ROWS_MAX = 12;

/** The request and both answers of the range, perhaps deep in a transaction, that a difference is in. */
function rangeOf(encounter: Encounter): { request: Message; answers: [Message, Message] } | null {
  const { operation, difference, referenceAnswer, subjectAnswer } = encounter;
  if (operation.kind !== "call" || !/\.kvs\[\d+\]/.test(difference.path)) {
    return null;
  }
  let { request } = operation;
  let answers = [referenceAnswer, subjectAnswer].map((each) => (each as Message)["response"]);
  for (const [, at] of difference.path.matchAll(/\.responses\[(\d+)\]/g)) {
    const branch = (answers[0] as Message)["succeeded"] === true ? "success" : "failure";
    const taken = (request[branch] as Message[])[Number(at)]!;
    const kind = "request_txn" in taken ? "txn" : "range";
    request = (taken[`request_${kind}`] ?? {}) as Message;
    answers = answers.map(
      (each) => ((each as Message)["responses"] as Message[])[Number(at)]?.[`response_${kind}`],
    );
  }
  return answers.every((each) => each !== null && each !== undefined && "kvs" in (each as Message))
    ? { request, answers: answers as [Message, Message] }
    : null;
}

/** The rows are in the order that was asked for, and the same rows but for what a limit cut off among equals. */
function orderOfEquals(encounter: Encounter): boolean {
  const range = rangeOf(encounter);
  const target = Number(range?.request["sort_target"] ?? 0);
  const field = SORTED_FIELDS[target];
  if (range === null || target === 0 || field === undefined) {
    return false;
  }
  const [reference, subject] = range.answers.map((answer) => answer["kvs"] as Message[]);
  const sortedBy = (rows: Message[]): unknown[] => rows.map((row) => row[field]);
  const byKey = (rows: Message[]): Message[] =>
    rows.toSorted((a, b) => ((a["key"] as string) < (b["key"] as string) ? -1 : 1));
  const isCut = range.answers.every((answer) => answer["more"] === true);
  return (
    Number(range.answers[0]["count"]) > STABLE_ROWS_MAX &&
    isDeepStrictEqual(sortedBy(reference!), sortedBy(subject!)) &&
    (isCut || isDeepStrictEqual(byKey(reference!), byKey(subject!)))
  );
}

/** Both refuse, each for another of the transaction's faults. */
function txnCheckOrder(encounter: Encounter): boolean {
  const { referenceAnswer, subjectAnswer } = encounter;
  const isPutFault =
    isError(referenceAnswer, 3, "etcdserver: key not found") ||
    isError(referenceAnswer, 5, "etcdserver: requested lease not found");
  return (
    isCallOf(encounter, "KV/Txn") &&
    isPutFault &&
    isError(
      subjectAnswer,
      11,
      /^etcdserver: mvcc: required revision (has been compacted|is a future revision)$/,
    )
  );
}

function memberNaming(encounter: Encounter): boolean {
  const { path, subject } = encounter.difference;
  return (
    isCallOf(encounter, "Cluster/MemberList") &&
    (/^\.response\.members\[0\]\.peerURLs/.test(path) ||
      (path === ".response.members[0].name" && typeof subject === "string" && subject !== ""))
  );
}

function malformedProtobufText(encounter: Encounter): boolean {
  const { operation, referenceAnswer, subjectAnswer } = encounter;
  const text = /^grpc: error unmarshalling request: ./;
  return (
    operation.kind === "raw" &&
    isError(referenceAnswer, 13, text) &&
    isError(subjectAnswer, 13, text)
  );
}

function methodsSince34(encounter: Encounter): boolean {
  const { operation, referenceAnswer, subjectAnswer } = encounter;
  return (
    operation.kind === "call" &&
    ["Auth/AuthStatus", "Maintenance/Downgrade"].includes(operation.method) &&
    isError(referenceAnswer, 12, /^unknown method \w+ for service etcdserverpb\.\w+$/) &&
    !isError(subjectAnswer, 12, /./)
  );
}

function notServedYet({ operation, subjectAnswer }: Encounter): boolean {
  return (
    operation.kind === "call" &&
    notYetServed.has(`/etcdserverpb.${operation.method}`) &&
    isError(subjectAnswer, 12, /^unknown (method \w+ for )?service etcdserverpb\.\w+$/)
  );
}

export const knownDifferences: ReadonlyMap<string, Matcher> = new Map([
  ["invalid-sort-order", invalidSortOrder],
  ["negative-watch-start", negativeWatchStart],
  ["deletion-at-compaction", deletionAtCompaction],
  ["status-of-newer-version", statusOfNewerVersion],
  ["size-of-nothing", sizeOfNothing],
  ["hash-revision", hashRevision],
  ["hash-at-compaction", hashAtCompaction],
  ["txn-check-order", txnCheckOrder],
  ["order-of-equals", orderOfEquals],
  ["member-naming", memberNaming],
  ["malformed-protobuf-text", malformedProtobufText],
  ["methods-since-3.4", methodsSince34],
  ["not-yet-served", notServedYet],
  ["unguarded-methods", unguardedMethods],
  ["root-role-permissions", rootRolePermissions],
]);
