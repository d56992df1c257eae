// Runs one watch stream of a script on one server. Nothing is waited for by time: from the history it follows what
// each watcher must be told, and the session ends when all of it has arrived.
import type { Message, MessageStream } from "../support/grpc-client.js";
import { EventCollector, EVENT_DELETE, eventsFor, type WatchedRange } from "./event-history.js";
import { resolveMessage, type Resolution, type WatchSession } from "./script/operation.js";
import type { Answer, Participant } from "./participant.js";

const PROGRESS_RETRY_MS = 20;

interface Watcher {
  readonly id: string;
  /** Which of the stream's creations this was: the order of cancellations is the server's choice. */
  readonly creation: number;
  readonly watched: WatchedRange;
  /** The start revision as it was asked for: 0 is from now on. */
  readonly askedRevision: number;
  readonly collector: EventCollector;
  /** Revisions below the compaction are refused after the creation. */
  readonly mustBeCancelled: boolean;
  /** etcd 3.4 treats a negative start in ways that depend on timing. Nothing of it is awaited. */
  readonly unpredictable: boolean;
  cancelled: Message | null;
}

export async function runWatchSession(
  participant: Participant,
  session: WatchSession,
  resolution: Resolution,
): Promise<Answer> {
  using stream = participant.client.open("/etcdserverpb.Watch/Watch");
  return await new Session(participant, stream, resolution).run(session);
}

class Session {
  readonly #participant: Participant;
  readonly #stream: MessageStream;
  readonly #resolution: Resolution;
  readonly #created: Message[] = [];
  readonly #watchers = new Map<string, Watcher>();
  readonly #finished: Watcher[] = [];
  /** The ids of watchers that a compaction cancelled. */
  readonly #refused = new Set<string>();
  readonly #progress: Message[] = [];
  readonly #writes: Answer[] = [];
  readonly #anomalies: string[] = [];
  /** The request that the next created response answers. */
  #creating: Message | undefined;
  #read = 0;

  constructor(participant: Participant, stream: MessageStream, resolution: Resolution) {
    this.#participant = participant;
    this.#stream = stream;
    this.#resolution = resolution;
  }

  async run(session: WatchSession): Promise<Answer> {
    for (const step of session.steps) {
      switch (step.step) {
        case "create":
          await this.#create(step.request);
          break;
        case "cancel":
          await this.#cancel(step.watchId);
          break;
        case "progress":
          await this.#requestProgress();
          break;
        case "write":
          this.#writes.push(await this.#participant.call(step.call, this.#resolution));
          await this.#participant.settle();
          break;
      }
    }
    await this.#untilTold([...this.#watchers.values()]);
    for (const id of [...this.#watchers.keys()]) {
      await this.#cancel(id);
    }
    this.#readNew();
    return {
      created: this.#created,
      watchers: Object.fromEntries(
        this.#finished.map(({ creation, id, collector, cancelled }) => [
          `${creation}: watch ${id}`,
          { groups: collector.groups, cancelled },
        ]),
      ),
      progress: this.#progress,
      writes: this.#writes,
      anomalies: [
        ...this.#anomalies,
        ...this.#finished.flatMap((watcher) => watcher.collector.anomalies),
      ],
    };
  }

  async #create(request: Message): Promise<void> {
    const resolved = resolveMessage(request, this.#resolution);
    this.#creating = resolved;
    this.#stream.send({ create_request: resolved });
    await this.#until("a created response", () => this.#creating === undefined);
  }

  async #cancel(watchId: string): Promise<void> {
    const watcher = this.#watchers.get(watchId);
    if (watcher !== undefined) {
      await this.#untilTold([watcher]);
    }
    if (this.#refused.has(watchId)) {
      // etcd answers such a cancellation once more: a quirk of its bookkeeping that no client asks for.
      return;
    }
    if (watcher === undefined || watcher.cancelled !== null) {
      // No answer comes. What would come in error is seen by whatever is awaited next.
      this.#stream.send({ cancel_request: { watch_id: watchId } });
      this.#finish(watcher);
      return;
    }
    this.#stream.send({ cancel_request: { watch_id: watchId } });
    await this.#until(`the cancellation of watch ${watchId}`, () => watcher.cancelled !== null);
    this.#finish(watcher);
  }

  #finish(watcher: Watcher | undefined): void {
    if (watcher === undefined) {
      return;
    }
    this.#watchers.delete(watcher.id);
    if (!watcher.unpredictable) {
      this.#finished.push(watcher);
    }
  }

  async #requestProgress(): Promise<void> {
    const active = [...this.#watchers.values()];
    await this.#untilTold(active);
    const current = this.#participant.resolution.currentRevision;
    const isWaiting = (watcher: Watcher): boolean => watcher.askedRevision > current;
    // Whether a watcher of the future answers is left open: etcd's versions do not agree.
    const isAnswered =
      active.some((watcher) => watcher.cancelled === null && !watcher.unpredictable) &&
      !active.some((watcher) => isWaiting(watcher) || watcher.unpredictable);
    this.#lastProgress = undefined;
    this.#stream.send({ progress_request: {} });
    if (!isAnswered) {
      return;
    }
    // A server may say nothing while a watcher catches up: clients ask again, and so does this.
    const askingAgain = setInterval(() => {
      this.#stream.send({ progress_request: {} });
    }, PROGRESS_RETRY_MS);
    try {
      await this.#until("progress", () => this.#progressRevision() >= current);
    } finally {
      clearInterval(askingAgain);
    }
    this.#progress.push(this.#lastProgress!);
  }

  /** An answer to an earlier question may come late, with an older revision: that one does not count. */
  #progressRevision(): number {
    const header = this.#lastProgress?.["header"] as { revision: string } | undefined;
    return Number(header?.revision ?? 0);
  }

  #lastProgress: Message | undefined;

  /** Waits until these watchers have all events up to now, or are cancelled where that is due. */
  async #untilTold(watchers: readonly Watcher[]): Promise<void> {
    await this.#participant.settle();
    await this.#until(
      () => `what the watchers must be told; so far: ${this.#summary(watchers)}`,
      () => watchers.every((watcher) => this.#isTold(watcher)),
    );
  }

  #isTold(watcher: Watcher): boolean {
    if (watcher.cancelled !== null || watcher.unpredictable) {
      return true;
    }
    return !watcher.mustBeCancelled && watcher.collector.eventCount >= this.#expectedCount(watcher);
  }

  #expectedCount(watcher: Watcher): number {
    const due = eventsFor(this.#participant.history, watcher.watched);
    return due.filter((event) => !this.#isLossy(event)).length;
  }

  #summary(watchers: readonly Watcher[]): string {
    return watchers
      .map(
        (watcher) =>
          `watch ${watcher.id} has ${watcher.collector.eventCount} of ${this.#expectedCount(watcher)} events` +
          (watcher.mustBeCancelled ? " and is not cancelled" : ""),
      )
      .join("; ");
  }

  async #until(what: string | (() => string), done: () => boolean): Promise<void> {
    try {
      await this.#stream.until(typeof what === "string" ? what : "the events", () => {
        this.#readNew();
        return done();
      });
    } catch (error) {
      const text = typeof what === "string" ? what : what();
      throw new Error(`${this.#participant.server.name}: ${text}`, { cause: error });
    }
  }

  #readNew(): void {
    const { received } = this.#stream;
    for (; this.#read < received.length; this.#read += 1) {
      this.#take(this.#participant.canonical(received[this.#read]!) as Message);
    }
  }

  #take(response: Message): void {
    const id = response["watch_id"] as string;
    if (response["created"] === true) {
      this.#takeCreated(id, response);
      return;
    }
    const watcher = this.#watchers.get(id);
    if (id === "-1" && response["canceled"] !== true) {
      this.#lastProgress = response;
      this.#checkBookmark(response, [...this.#watchers.values()]);
    } else if (watcher === undefined || watcher.cancelled !== null) {
      this.#anomalies.push(`a response for no watcher: ${JSON.stringify(response)}`);
    } else if (response["canceled"] === true) {
      watcher.cancelled = response;
      if (watcher.mustBeCancelled) {
        this.#refused.add(id);
        this.#finish(watcher);
      }
    } else if ((response["events"] as unknown[]).length === 0) {
      // Progress of one watcher: a server may give it where another watcher of the stream still waits.
      this.#checkBookmark(response, [watcher]);
    } else {
      watcher.collector.add(response);
    }
  }

  /** Progress at a revision promises that every event up to it was sent, and that the watcher has begun. */
  #checkBookmark(response: Message, watchers: readonly Watcher[]): void {
    const revision = Number((response["header"] as { revision: string }).revision);
    const history = this.#participant.history.filter((group) => group.revision <= revision);
    for (const { id, watched, askedRevision, collector, unpredictable } of watchers) {
      if (unpredictable) {
        continue;
      }
      const due = eventsFor(history, watched).filter((event) => !this.#isLossy(event));
      if (collector.eventCount < due.length) {
        this.#anomalies.push(`progress ${revision} came before the events of watch ${id}`);
      }
      if (askedRevision > revision && this.#participant.server.name !== "etcd") {
        this.#anomalies.push(`progress ${revision} came to watch ${id}, which had not begun`);
      }
    }
  }

  /** etcd 3.4 loses deletions at the compacted revision, and not always. */
  #isLossy(event: Message): boolean {
    return (
      this.#participant.server.name === "etcd" &&
      event["type"] === EVENT_DELETE &&
      Number((event["kv"] as { mod_revision: string }).mod_revision) ===
        this.#resolution.compactRevision
    );
  }

  #takeCreated(id: string, response: Message): void {
    const request = this.#creating;
    this.#created.push(response);
    this.#creating = undefined;
    if (request === undefined) {
      this.#anomalies.push("a created response that nobody asked for");
      return;
    }
    if (response["canceled"] === true) {
      return;
    }
    const start = Number(request["start_revision"] ?? 0);
    const text = (bytes: unknown): string =>
      (bytes as Buffer | undefined)?.toString("latin1") ?? "";
    const createdAt = Number((response["header"] as { revision: string }).revision);
    this.#watchers.set(id, {
      id,
      creation: this.#created.length,
      watched: {
        key: text(request["key"]),
        rangeEnd: text(request["range_end"]),
        startRevision: start === 0 ? createdAt + 1 : start,
        filters: (request["filters"] as number[] | undefined) ?? [],
      },
      askedRevision: start,
      collector: new EventCollector(request["fragment"] === true),
      mustBeCancelled: start > 0 && start < this.#resolution.compactRevision,
      unpredictable: start < 0,
      cancelled: null,
    });
  }
}
