// Which commands are planned at once and which wait, and the way in of those that waited. Writes wait while the store is
// behind with its files. What goes over keys in their order waits until the store has made that order, a piece in each turn:
// made at once it would keep everybody from the event loop for 50 ms. Reads wait for nothing else.
// Must never: let a write in before one that came earlier.
import type { Caller } from "../../core/auth/authorise.js";
import type { Command } from "../../core/command.js";
import type { T4Error } from "../../core/errors.js";
import { walksKeys } from "../../core/plan/plan-txn.js";
import type { Clock } from "../../runtime/clock.js";
import type { Store } from "../../store/store.js";
import type { Completion } from "../node.js";
import { HeldCommands } from "./held-commands.js";

/** Commands let in at once after they waited: some milliseconds. */
const ADMITTED_PER_TURN = 1_000;

interface Way {
  /** Why nobody can be let in, however long they wait. */
  readonly refusal: () => T4Error | null;
  readonly enter: (command: Command, done: Completion, caller: Caller | null) => void;
}

export interface AdmissionParts {
  readonly store: Pick<Store, "isBehind" | "prepareWalk">;
  readonly clock: Pick<Clock, "nextTurn">;
  readonly writes: Way;
  readonly reads: Way;
  /** Why no more can wait: of writes the caller has asked before. */
  readonly overload: () => T4Error | null;
  readonly refuse: (done: Completion, error: T4Error) => void;
  /** `admit` is to be called: some time has passed. */
  readonly wake: () => void;
}

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #writes = new HeldCommands();
  readonly #reads = new HeldCommands();
  /** A piece of a walk's preparation is to be done in the next turn. */
  #isPreparing = false;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** How many wait, and about what they hold of the memory. */
  get size(): number {
    return this.#writes.size + this.#reads.size;
  }

  get bytes(): number {
    return this.#writes.bytes + this.#reads.bytes;
  }

  /** Keeps a write if it has to wait. */
  holdsWrite(command: Command, done: Completion, caller: Caller | null): boolean {
    const mustWait =
      mayWait(command) &&
      (this.#writes.size > 0 || this.#parts.store.isBehind || !this.#isPrepared(command));
    if (mustWait) {
      this.#writes.push(command, done, caller);
    }
    return mustWait;
  }

  /** Keeps a command that only reads if it has to wait, or refuses it where too many wait. */
  holdsRead(command: Command, done: Completion, caller: Caller | null): boolean {
    if (this.#isPrepared(command)) {
      return false;
    }
    const error = this.#parts.overload();
    if (error === null) {
      this.#reads.push(command, done, caller);
    } else {
      this.#parts.refuse(done, error);
    }
    return true;
  }

  /** Lets in, or refuses, whose time has come; a part at a time, so that others run in between. */
  admit(): void {
    this.#admit(this.#writes, this.#parts.writes);
    this.#admit(this.#reads, this.#parts.reads);
  }

  /** Nobody is let in any more: tells those who wait. */
  abandon(tell: (done: Completion) => void): void {
    for (const held of [this.#writes, this.#reads]) {
      while (held.size > 0) {
        tell(held.shift().done);
      }
    }
  }

  #admit(held: HeldCommands, { refusal, enter }: Way): void {
    const { store, clock, refuse, wake } = this.#parts;
    let count = 0;
    for (let first = held.first(); first !== undefined; first = held.first()) {
      const error = refusal();
      const isShut = held === this.#writes && store.isBehind;
      if (error === null && (isShut || !this.#isPrepared(first))) {
        return;
      }
      if (count === ADMITTED_PER_TURN) {
        clock.nextTurn(wake);
        return;
      }
      count += 1;
      const { command, done, caller } = held.shift();
      if (error === null) {
        enter(command, done, caller);
      } else {
        refuse(done, error);
      }
    }
  }

  #isPrepared(command: Command): boolean {
    if (!walksKeys(command)) {
      return true;
    }
    if (this.#isPreparing) {
      return false;
    }
    const { store, clock, wake } = this.#parts;
    if (store.prepareWalk()) {
      return true;
    }
    this.#isPreparing = true;
    clock.nextTurn(() => {
      this.#isPreparing = false;
      wake();
    });
    return false;
  }
}

/**
 * Whether a command may be held back. What ends leases or compacts may not: it would be late, and gives memory back. Alarms
 * and downgrades may not either: they add no rows, and are how an operator, and the quota, act while the store is behind.
 */
function mayWait({ kind }: Command): boolean {
  return kind !== "lease-revoke" && kind !== "compact" && kind !== "alarm" && kind !== "downgrade";
}
