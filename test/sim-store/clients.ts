// What the users of a node do, and what they may expect of the answers.
import assert from "node:assert/strict";
import type { Command, Outcome, PutOperation } from "../../src/core/command.js";
import { T4Error } from "../../src/core/errors.js";
import { put, readAll, remove } from "../node/plain-node.js";
import { seen } from "../sim-node/truth.js";
import type { SeededRandom } from "../sim/seeded-random.js";
import type { Life } from "./site.js";
import type { World } from "./world.js";

const KEYS = ["a", "b", "b/1", "b/2", "c", "d/\u00ff", "e"];
/** What a write takes at most where nothing stands still: it is acknowledged, or its caller told that it may not be. */
const ANSWER_MS_MAX = 30_000;

export class Clients {
  readonly #world: World;
  #writes = 0;
  #nextLease = 1n;
  #rests = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Nobody asks for anything any more. */
  rest(): void {
    this.#rests = true;
  }

  /** Writes until the node is closed or gone. */
  async write(life: Life, random: SeededRandom): Promise<void> {
    const { machine } = life;
    const pauseMs = random.chance(0.05) ? 500 : 8_000;
    for (;;) {
      await machine.sleep(random.fraction() * pauseMs);
      if (life.isClosing || this.#rests) {
        return;
      }
      await this.propose(life, this.#command(life, random));
    }
  }

  async propose(life: Life, command: Command): Promise<T4Error | null> {
    const { node, machine } = life;
    assert.ok(node !== null, "only what has opened is used");
    const startMs = machine.monotonicMs();
    const startWallMs = Math.floor(machine.wallMs());
    life.pending += 1;
    return new Promise((resolve, reject) => {
      node.propose(command, (error, outcome) => {
        life.pending -= 1;
        try {
          const tookMs = machine.monotonicMs() - startMs;
          assert.ok(
            tookMs <= ANSWER_MS_MAX || life.frozenAtMs >= startMs,
            `a write was answered after ${tookMs} ms`,
          );
          if (error === null) {
            this.#acknowledged(life, command, outcome, startWallMs);
          } else {
            this.#world.note(`answer ${error.code}`);
          }
          resolve(error);
        } catch (failure) {
          reject(failure instanceof Error ? failure : new Error(String(failure)));
        }
      });
    });
  }

  /** Reads until the node is closed or gone. */
  async read(life: Life, random: SeededRandom): Promise<void> {
    for (;;) {
      await life.machine.sleep(random.fraction() * 6_000);
      if (life.isClosing || this.#rests) {
        return;
      }
      await this.readOnce(life);
    }
  }

  async readOnce(life: Life): Promise<void> {
    const { database } = life.site;
    assert.ok(life.node !== null);
    const least = database.acknowledged;
    let shown;
    try {
      shown = await life.node.range(readAll, "linearizable");
    } catch (error) {
      assert.ok(error instanceof T4Error, String(error));
      this.#world.note(`read ${error.code}`);
      return;
    }
    if (!life.isSync && database.current !== life) {
      return;
    }
    this.#world.note("reads");
    if (life.isSync) {
      assert.ok(
        shown.revision >= least,
        `${life.site.name}: read ${shown.revision}, and ${least} was acknowledged before`,
      );
    }
    const state = database.model?.state(shown.revision) ?? null;
    if (state !== null) {
      assert.deepEqual(shown.rows.map(seen), state, `${life.site.name}: read ${shown.revision}`);
    }
  }

  #acknowledged(life: Life, command: Command, outcome: Outcome | null, startWallMs: number): void {
    const { database } = life.site;
    const revision = outcome?.revision ?? 0;
    const isOld = database.current !== life;
    this.#world.note(isOld ? "acknowledged late" : "acknowledged");
    if (isOld && !life.isSync) {
      return;
    }
    if (command.kind === "put") {
      database.model?.proposed(revision, startWallMs);
      const row = database.model?.at(revision).find(({ key }) => key === command.key);
      assert.equal(
        row?.value,
        Buffer.from(command.value).toString("latin1"),
        `${life.site.name}: what is acknowledged at ${revision} is there`,
      );
    }
    if (life.isSync) {
      database.acknowledged = Math.max(database.acknowledged, revision);
    }
  }

  #command(life: Life, random: SeededRandom): Command {
    const key = KEYS[random.below(KEYS.length)]!;
    const kind = random.fraction();
    if (kind < 0.55) {
      return this.#put(key, random);
    }
    if (kind < 0.7) {
      return remove(key);
    }
    if (kind < 0.85) {
      return {
        kind: "txn",
        compares: [
          { range: { kind: "key", key }, result: "greater", target: "version", operand: 1 },
        ],
        success: [remove(key), this.#put("a/txn", random)],
        failure: [this.#put(key, random), this.#put(`${key}+`, random)],
      };
    }
    if (kind < 0.91) {
      this.#nextLease += 1n;
      return { kind: "lease-grant", lease: this.#nextLease, ttlSeconds: 1 + random.below(20) };
    }
    if (kind < 0.95) {
      return { kind: "lease-revoke", lease: this.#lease(life, random) };
    }
    const revision = Math.max((life.node?.revision ?? 1) - random.below(60), 1);
    return { kind: "compact", revision };
  }

  #lease(life: Life, random: SeededRandom): bigint {
    try {
      const leases = life.node?.leases() ?? [];
      return leases[random.below(leases.length)] ?? 0n;
    } catch {
      return 0n;
    }
  }

  #put(key: string, random: SeededRandom): PutOperation {
    this.#writes += 1;
    const value = `${this.#writes} ${"x".repeat(random.below(random.chance(0.05) ? 4_000 : 60))}`;
    return put(key, value);
  }
}
