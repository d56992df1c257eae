// What operators ask of a node: checksums, space given back, alarms. Long work gives way to everything else.
import type { Alarm } from "../../core/alarm.js";
import type { T4Error } from "../../core/errors.js";
import { TaskGroup } from "../../lib/task-group.js";
import { Turns } from "../../lib/turns.js";
import type { Clock } from "../../runtime/clock.js";
import type { Store } from "../../store/store.js";
import type { Maintenance } from "../node.js";
import type { SystemState } from "../system-state.js";
import { addNumbers, hashKv, type KvHash } from "./kv-hash.js";

export interface MaintenanceParts {
  readonly store: Store;
  readonly system: SystemState;
  readonly clock: Clock;
  readonly quotaBytes: number;
  /** Makes everything committed part of the store's files. */
  readonly flush: () => Promise<void>;
}

export class LocalMaintenance implements Maintenance {
  readonly quotaBytes: number;
  readonly #parts: MaintenanceParts;
  readonly #tasks = new TaskGroup();
  readonly #turns: Turns;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
    this.quotaBytes = parts.quotaBytes;
    this.#turns = new Turns((run) => {
      parts.clock.nextTurn(run);
    });
  }

  alarms(): readonly Alarm[] {
    return this.#parts.system.maintenance.alarms();
  }

  get downgradeTarget(): string {
    return this.#parts.system.maintenance.downgradeTarget;
  }

  async hashKv(revision: number): Promise<KvHash> {
    const { store } = this.#parts;
    return this.#tasks.run(async () =>
      hashKv(store, revision, async () => {
        await this.#turns.next();
      }),
    );
  }

  async hash(): Promise<KvHash> {
    const kv = await this.hashKv(0);
    const { leases, maintenance } = this.#parts.system;
    const numbers: (number | bigint)[] = [];
    for (const { id, ttlSeconds } of leases.all()) {
      numbers.push(id, ttlSeconds);
    }
    for (const { member, alarm } of maintenance.alarms()) {
      numbers.push(member, alarm);
    }
    return { ...kv, hash: addNumbers(kv.hash, numbers) };
  }

  async defragment(): Promise<void> {
    const { flush, store } = this.#parts;
    await this.#tasks.run(async () => {
      // First: segments of the log are given back when what they hold is in files.
      await flush();
      await store.defragment();
    });
  }

  /** Ends what runs: it waits for the store, so that must be closed too. */
  close(reason: T4Error): void {
    this.#turns.close(reason);
    this.#tasks.close(reason).then(
      () => {},
      () => {},
    );
  }
}
