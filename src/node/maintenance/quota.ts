// Room, and what is refused for want of it or because of other alarms. With a quota, the command that would exceed it
// raises the alarm NOSPACE; from then on all that would add to the store is refused, by every member and after a restart
// too, until there is room again for what was refused: then the leader lowers the alarm.
// Must never: refuse for want of room what gives space back, deletes and compactions; or refuse, whatever the alarm, what
// lowers one, which is also to log in.
import { ALARM } from "../../core/alarm.js";
import type { Command } from "../../core/command.js";
import { T4Error } from "../../core/errors.js";
import { growthBytes } from "../../core/growth.js";
import type { Clock, Timer } from "../../runtime/clock.js";
import type { Logger } from "../../runtime/logger.js";
import type { Store } from "../../store/store.js";
import type { Completion } from "../node.js";
import type { MaintenanceState } from "../system/maintenance-state.js";

/** What must be free before the alarm is lowered: it should not come and go with each write. A 64th of the quota. */
const FREE_SHARE = 64;

/** How often a store over its quota is looked at: what a client waits that has just made room. */
const LOOK_INTERVAL_MS = 500;

export interface QuotaParts {
  /** Bytes that the store may have; 0: no limit but the disk's. */
  readonly quotaBytes: number;
  readonly memberId: bigint;
  readonly store: Pick<Store, "sizes">;
  readonly state: MaintenanceState;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propose: (command: Command, done: Completion) => void;
}

export class Quota {
  readonly #parts: QuotaParts;
  #timer: Timer | null = null;
  #isProposing = false;
  /** How much the commands would have added that were refused: the largest. */
  #refusedBytes = 0;
  /** Between start and stop: what it proposes then is planned. */
  #isRunning = false;

  constructor(parts: QuotaParts) {
    this.#parts = parts;
  }

  get bytes(): number {
    return this.#parts.quotaBytes;
  }

  /** To be called once the node can write: an alarm of a life before may be over. */
  start(): void {
    this.#isRunning = true;
    this.#watch();
  }

  /**
   * To be called after each group. It may have raised an alarm whose proposal was not acknowledged in time, of which
   * nobody else is told.
   */
  committed(): void {
    if (!this.#parts.state.isQuiet) {
      this.#watch();
    }
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Why a command is refused before it is planned; null if it is not. */
  refusal(command: Command): T4Error | null {
    const { quotaBytes, state, store } = this.#parts;
    if (quotaBytes === 0 && state.isQuiet) {
      return null;
    }
    if (command.kind === "alarm" || command.kind === "downgrade" || command.kind === "auth") {
      // With auth on only root lowers an alarm, and to log in is a change of auth.
      return null;
    }
    const hasAlarms = !state.isQuiet;
    if (hasAlarms && state.has(ALARM.corrupt)) {
      return new T4Error("T4_CORRUPT", "an alarm says that members' data differ");
    }
    const growth = growthBytes(command);
    if (growth === 0) {
      return null;
    }
    if (hasAlarms && state.has(ALARM.noSpace)) {
      return new T4Error("T4_NO_SPACE", "an alarm says that a member has no room");
    }
    const { totalBytes } = store.sizes;
    if (quotaBytes === 0 || totalBytes + growth <= quotaBytes) {
      return null;
    }
    if (growth > quotaBytes) {
      // No alarm: there will never be room for it, and there may be for all else.
      return new T4Error(
        "T4_NO_SPACE",
        `the write alone takes ${growth} bytes, and the quota is ${quotaBytes}: write less at once, or raise the quota`,
      );
    }
    this.#refusedBytes = Math.max(this.#refusedBytes, growth);
    this.#setAlarm(true, this.#parts.memberId);
    return new T4Error(
      "T4_NO_SPACE",
      `the store has ${totalBytes} bytes, and the quota is ${quotaBytes}`,
    );
  }

  /** Looks again and again while the alarm is up. */
  #watch(): void {
    const { state, store, quotaBytes, clock } = this.#parts;
    if (!this.#isRunning || this.#timer !== null) {
      return;
    }
    // Of whichever member: one whose directory was lost, or that led before, does not come back to lower its own.
    const raised = state.alarms().find(({ alarm, byQuota }) => byQuota && alarm === ALARM.noSpace);
    if (raised === undefined) {
      return;
    }
    const wantedBytes = Math.max(this.#refusedBytes, quotaBytes / FREE_SHARE);
    if (quotaBytes === 0 || store.sizes.totalBytes + wantedBytes <= quotaBytes) {
      this.#refusedBytes = 0;
      this.#setAlarm(false, raised.member);
    }
    this.#timer = clock.after(LOOK_INTERVAL_MS, () => {
      this.#timer = null;
      this.#watch();
    });
  }

  #setAlarm(isRaised: boolean, member: bigint): void {
    if (this.#isProposing || !this.#isRunning) {
      return;
    }
    this.#isProposing = true;
    const { store, quotaBytes, logger, propose } = this.#parts;
    const fields = { bytes: store.sizes.totalBytes, quotaBytes };
    const alarm = { member, alarm: ALARM.noSpace, byQuota: true };
    propose({ kind: "alarm", isRaised, ...alarm }, (error) => {
      this.#isProposing = false;
      if (error !== null) {
        return;
      }
      if (isRaised) {
        logger.warn("the store has reached its quota: what would add to it is refused", fields);
      } else {
        logger.info("the store is below its quota again: writes are taken", fields);
      }
    });
  }
}
