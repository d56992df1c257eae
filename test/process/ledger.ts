// What clients tried, what they were told, and what a store must therefore hold after a crash. The store's own history
// of events is the witness: each revision must be explained by one attempt, and each acknowledged attempt by one
// revision.
import assert from "node:assert/strict";
import type { Message } from "../support/grpc-client.js";

export interface KeyState {
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  readonly value: string;
  readonly lease: string;
}

export interface HistoryEvent {
  readonly revision: number;
  readonly key: string;
  /** Undefined for a deletion. */
  readonly state: KeyState | undefined;
  readonly previous: KeyState | undefined;
}

/** What is known of a lease: an unanswered grant or revoke leaves it unknown. */
export type LeaseExistence = "exists" | "gone" | "unknown";

/** What an attempt does to one key, if it does anything at all. `value` undefined: it deletes. */
export interface Effect {
  readonly key: string;
  readonly value: string | undefined;
  readonly lease: string;
}

export interface Attempt {
  readonly what: string;
  /** In the order of their events. */
  readonly effects: readonly Effect[];
  /**
   * `unknown`: the connection broke before the answer. `revision`: acknowledged with that revision. `somewhere`:
   * acknowledged with an answer that does not name the revision.
   */
  outcome: "unknown" | "somewhere" | { readonly revision: number };
}

const text = (bytes: unknown): string => (bytes as Buffer).toString("latin1");

export function keyStateOf(kv: Message): KeyState {
  return {
    create: Number(kv["create_revision"]),
    mod: Number(kv["mod_revision"]),
    version: Number(kv["version"]),
    value: text(kv["value"]),
    lease: kv["lease"] as string,
  };
}

const EVENT_DELETE = 1;

export function historyEventOf(event: Message): HistoryEvent {
  const kv = event["kv"] as Message;
  const previous = event["prev_kv"] as Message | null;
  return {
    revision: Number(kv["mod_revision"]),
    key: text(kv["key"]),
    state: event["type"] === EVENT_DELETE ? undefined : keyStateOf(kv),
    previous: previous === null ? undefined : keyStateOf(previous),
  };
}

export class Ledger {
  /** Every event so far, in order: each revision from 2 on. */
  readonly history: HistoryEvent[] = [];
  /** The keys as the history leaves them. */
  readonly state: Map<string, KeyState> = new Map<string, KeyState>();
  /** Leases that must exist, must not, or may. */
  readonly leases: Map<string, LeaseExistence> = new Map<string, LeaseExistence>();
  /** Everything up to here was checked after a restart. */
  verifiedRevision = 1;
  /** The highest revision that any answer or event named: a restart must not go back behind it. */
  revisionSeen = 1;
  /** The highest compaction that was acknowledged, and the highest that was asked for. */
  compactedRevision = 0;
  compactionAsked = 0;
  #attempts: Attempt[] = [];

  begin(what: string, effects: readonly Effect[]): Attempt {
    const attempt: Attempt = { what, effects, outcome: "unknown" };
    this.#attempts.push(attempt);
    return attempt;
  }

  see(header: unknown): number {
    const revision = Number((header as Message)["revision"]);
    this.revisionSeen = Math.max(this.revisionSeen, revision);
    return revision;
  }

  /** An attempt that turned out to change nothing, acknowledged. */
  forget(attempt: Attempt): void {
    this.#attempts.splice(this.#attempts.indexOf(attempt), 1);
  }

  /**
   * Takes the events after `verifiedRevision` up to `currentRevision`, as the restarted server tells them, and checks
   * them against all attempts since.
   */
  verify(events: readonly HistoryEvent[], currentRevision: number): void {
    assert.ok(
      currentRevision >= this.revisionSeen,
      `the store went back to revision ${currentRevision}; ${this.revisionSeen} was shown`,
    );
    const byRevision = new Map<number, HistoryEvent[]>();
    for (const event of events) {
      byRevision.set(event.revision, [...(byRevision.get(event.revision) ?? []), event]);
    }
    for (let revision = this.verifiedRevision + 1; revision <= currentRevision; revision += 1) {
      const group = byRevision.get(revision);
      assert.ok(group !== undefined, `revision ${revision} is a hole`);
      this.#explain(revision, group);
      for (const event of group) {
        this.#apply(event);
      }
    }
    assert.equal(byRevision.size, currentRevision - this.verifiedRevision, "unexpected revisions");
    const lost = this.#attempts.filter(({ outcome }) => outcome !== "unknown");
    assert.deepEqual(lost, [], "acknowledged, and not in the history");
    this.#attempts = [];
    this.verifiedRevision = currentRevision;
    this.revisionSeen = currentRevision;
  }

  #explain(revision: number, group: readonly HistoryEvent[]): void {
    const effects = group.map(({ key, state }) => ({
      key,
      value: state?.value,
      lease: state?.lease ?? "0",
    }));
    const exact = this.#attempts.findIndex(
      ({ outcome }) => typeof outcome === "object" && outcome.revision === revision,
    );
    const at =
      exact >= 0
        ? exact
        : this.#attempts.findIndex(
            ({ outcome, effects: tried }) => typeof outcome !== "object" && isSame(tried, effects),
          );
    const attempt = this.#attempts[at];
    assert.ok(
      attempt !== undefined,
      `nobody tried what revision ${revision} does: ${JSON.stringify(effects)}`,
    );
    assert.deepEqual(effects, attempt.effects, `revision ${revision} is not what was acknowledged`);
    this.#attempts.splice(at, 1);
  }

  #apply(event: HistoryEvent): void {
    const { key, revision, state, previous } = event;
    const before = this.state.get(key);
    assert.deepEqual(previous, before, `prev_kv of ${key} at revision ${revision}`);
    if (state === undefined) {
      assert.ok(before !== undefined, `${key} was deleted at ${revision} but did not exist`);
      this.state.delete(key);
    } else {
      assert.deepEqual(
        [state.create, state.mod, state.version],
        [before?.create ?? revision, revision, (before?.version ?? 0) + 1],
        `create, mod and version of ${key} at revision ${revision}`,
      );
      this.state.set(key, state);
    }
    this.history.push(event);
  }

  /** The keys as they were at a revision. */
  stateAt(revision: number): Map<string, KeyState> {
    const state = new Map<string, KeyState>();
    for (const event of this.history) {
      if (event.revision > revision) {
        break;
      }
      if (event.state === undefined) {
        state.delete(event.key);
      } else {
        state.set(event.key, event.state);
      }
    }
    return state;
  }
}

const isSame = (a: readonly Effect[], b: readonly Effect[]): boolean =>
  a.length === b.length &&
  a.every((effect, at) => {
    const other = b[at];
    return (
      effect.key === other?.key && effect.value === other.value && effect.lease === other.lease
    );
  });
