// Power losses at every operation of the log on its disk. Each must be survived with what was acknowledged, no group in
// halves, no hole, and a log that goes on; so must a second loss during recovery.
import assert from "node:assert/strict";
import { fingerprint, LOG_START, positionOf, randomEntry } from "../sim/entries.js";
import { LogMachine } from "../sim/log-machine.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk, type DiskOperationKind } from "../sim/simulated-disk.js";
import type { Entry } from "../../src/core/entry.js";
import type { LogIndex } from "../../src/core/words.js";

/** How many outcomes of a power loss are looked at: most where a group can be torn. */
function outcomesOf(kind: DiskOperationKind, path: string): number {
  return kind === "write" && path.endsWith(".wal") ? 6 : 2;
}

interface Loss {
  readonly disk: SimulatedDisk;
  readonly operation: string;
  /** What the node had been told is durable. */
  readonly durable: number;
  /** Where the log's tip was. */
  readonly tip: number;
  /** Everything up to here may have been deleted. */
  readonly deletedThrough: number;
}

/** Runs a workload and takes a copy of the platter in the middle of every operation that changes the disk. */
async function runWorkload(seed: number, start: SimulatedDisk): Promise<[Entry[], Loss[]]> {
  const random = new SeededRandom(seed);
  const entries: Entry[] = [];
  const losses: Loss[] = [];
  let machine: LogMachine | null = null;
  let deletedThrough = 0;
  start.onChange = ({ kind, path }) => {
    for (let i = 0; i < outcomesOf(kind, path); i += 1) {
      losses.push({
        disk: start.afterPowerLoss(random.below(2 ** 31)),
        operation: `${start.changes}: ${kind} ${path}`,
        durable: machine?.log.durableIndex ?? 0,
        tip: machine?.log.tipIndex ?? 0,
        deletedThrough,
      });
    }
  };
  machine = new LogMachine(start, seed, { segmentBytesMax: 4096, segmentAgeMsMax: 200 });
  const { log, clock } = machine;
  let position = LOG_START;
  for (let turn = 0; turn < 25; turn += 1) {
    for (let i = random.below(4); i >= 0; i -= 1) {
      const entry = randomEntry(random, position, 6000);
      position = positionOf(entry);
      entries.push(entry);
      log.append(entry);
    }
    log.noteCommitted(log.durableIndex);
    if (random.chance(0.1)) {
      log.seal();
    }
    if (random.chance(0.1)) {
      const { sealedSegments } = log;
      const segment = sealedSegments[random.below(sealedSegments.length + 1)];
      deletedThrough = segment?.lastIndex ?? deletedThrough;
      log.deleteThrough(deletedThrough as LogIndex);
    }
    await clock.run(random.chance(0.2) ? 300 : random.fraction());
  }
  await machine.close();
  assert.equal(log.durableIndex, position.index);
  start.onChange = null;
  return [entries, losses];
}

function checkReplay(machine: LogMachine, entries: readonly Entry[], loss: Loss): void {
  const { replayed, log } = machine;
  assert.ok(log.tipIndex >= loss.durable, `lost: ${log.tipIndex} of ${loss.durable}`);
  assert.ok(log.tipIndex <= loss.tip, `made up: ${log.tipIndex} of ${loss.tip}`);
  const expected = entries.slice(loss.deletedThrough, log.tipIndex);
  assert.deepEqual(replayed.map(fingerprint), expected.map(fingerprint));
}

/** Opens what a loss left, checks it, appends to it, and opens it once more. */
async function recover(entries: readonly Entry[], loss: Loss, seed: number): Promise<void> {
  const options = {
    segmentBytesMax: 4096,
    afterIndex: loss.deletedThrough as LogIndex,
  };
  const machine = new LogMachine(loss.disk, seed, options);
  checkReplay(machine, entries, loss);
  const { log } = machine;
  const tip = log.tipIndex;
  const random = new SeededRandom(seed);
  const added: Entry[] = [];
  const last = entries[tip - 1];
  let position = last === undefined ? LOG_START : positionOf(last);
  for (let i = 0; i < 3; i += 1) {
    const entry = randomEntry(random, position, 100);
    position = positionOf(entry);
    added.push(entry);
    log.append(entry);
  }
  await machine.flush();
  // Not closed: what is durable must be there after one more loss.
  const expected = [...entries.slice(loss.deletedThrough, tip), ...added].map(fingerprint);
  for (let outcome = 0; outcome < 4; outcome += 1) {
    const again = new LogMachine(loss.disk.afterPowerLoss(seed + outcome), seed, options);
    assert.deepEqual(again.replayed.map(fingerprint), expected);
  }
}

/** Loses power at each operation of the recovery itself, then recovers from that. */
function recoverTwice(entries: readonly Entry[], loss: Loss, seed: number): number {
  const options = { afterIndex: loss.deletedThrough as LogIndex };
  const seconds: SimulatedDisk[] = [];
  const disk = loss.disk.afterPowerLoss(seed);
  disk.onChange = () => seconds.push(disk.afterPowerLoss(seed + seconds.length));
  new LogMachine(disk, seed, options);
  for (const second of seconds) {
    checkReplay(new LogMachine(second, seed, options), entries, loss);
  }
  return seconds.length;
}

/** Runs the workload of a seed and every power loss in it. Throws an error that names the loss. */
export async function survivePowerLosses(seed: number): Promise<void> {
  const [entries, losses] = await runWorkload(seed, new SimulatedDisk());
  let recoveries = 0;
  for (const [at, loss] of losses.entries()) {
    try {
      if (at % 3 === 0) {
        recoveries += recoverTwice(entries, loss, seed * 1000 + at);
      }
      await recover(entries, loss, seed * 1000 + at);
    } catch (error) {
      throw new Error(`power loss ${at} of seed ${seed}, at ${loss.operation}`, { cause: error });
    }
  }
  assert.ok(losses.length > 100 && recoveries > 20, `${losses.length} and ${recoveries}`);
}
