// The events of one server, as one watcher of everything saw them since the store was empty. What any other watcher
// must be told follows from it.
import type { Message } from "../support/grpc-client.js";

export interface EventGroup {
  readonly revision: number;
  readonly events: readonly Message[];
}

export const EVENT_DELETE = 1;
const FILTER_NO_PUT = 0;
const FILTER_NO_DELETE = 1;

/** As etcd reads a watch's bounds: no key is the smallest one, no end is one key, "\0" is without end. */
function isInRange(key: string, first: string, end: string): boolean {
  const from = first === "" ? "\0" : first;
  if (end === "") {
    return key === from;
  }
  return key >= from && (end === "\0" || key < end);
}

/** The request of a watcher, resolved, with its bounds as latin1 strings. */
export interface WatchedRange {
  readonly key: string;
  readonly rangeEnd: string;
  readonly startRevision: number;
  readonly filters: readonly number[];
}

/** The events of `history` that a watcher must be told. */
export function eventsFor(history: readonly EventGroup[], watched: WatchedRange): Message[] {
  const { key, rangeEnd, startRevision, filters } = watched;
  return history
    .filter(({ revision }) => revision >= startRevision)
    .flatMap(({ events }) => events)
    .filter(
      (event) =>
        isInRange((event["kv"] as { key: string }).key, key, rangeEnd) &&
        !filters.includes(event["type"] === EVENT_DELETE ? FILTER_NO_DELETE : FILTER_NO_PUT),
    );
}

/**
 * Gathers a watcher's responses into revisions, and names what no server may do: split a revision over responses,
 * go back, or send a header older than its events.
 */
export class EventCollector {
  readonly groups: EventGroup[] = [];
  readonly anomalies: string[] = [];
  #eventCount = 0;
  #fragmentOpen = false;
  readonly #fragmentsAllowed: boolean;

  constructor(fragmentsAllowed: boolean) {
    this.#fragmentsAllowed = fragmentsAllowed;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  get lastRevision(): number {
    return this.groups.at(-1)?.revision ?? 0;
  }

  /** Takes a canonical response that has events. */
  add(response: Message): void {
    const events = response["events"] as Message[];
    this.#eventCount += events.length;
    const fragment = response["fragment"] === true;
    if (fragment && !this.#fragmentsAllowed) {
      this.anomalies.push("a fragment that was not asked for");
    }
    let joinable = this.#fragmentOpen;
    for (const event of events) {
      const revision = Number((event["kv"] as { mod_revision: string }).mod_revision);
      const last = this.groups.at(-1);
      if (last?.revision === revision) {
        if (!joinable) {
          this.anomalies.push(`revision ${revision} came in two responses`);
        }
        (last.events as Message[]).push(event);
      } else {
        if (last !== undefined && revision < last.revision) {
          this.anomalies.push(`revision ${revision} came after ${last.revision}`);
        }
        this.groups.push({ revision, events: [event] });
      }
      joinable = true;
    }
    this.#fragmentOpen = fragment;
    const headerRevision = Number((response["header"] as { revision: string }).revision);
    if (headerRevision < this.lastRevision) {
      this.anomalies.push(`header ${headerRevision} is older than event ${this.lastRevision}`);
    }
  }
}
