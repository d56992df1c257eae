// Slots for tests, made of the groups of a real log.
import { summarizeGroup } from "../../src/log/segment/group-frames.js";
import { LogReader } from "../../src/log/log-reader.js";
import { lastIndexOf, type Group } from "../../src/log/segment/segment-reader.js";
import { type ChainPosition } from "../../src/archive/chain.js";
import { encodeEntriesSlot, encodeSealSlot, type EncodedSlot } from "../../src/archive/slot.js";
import type { LogIndex, Revision, Term } from "../../src/core/words.js";
import { LOG_START, positionOf, randomEntry } from "../sim/entries.js";
import { LOG_DIRECTORY, LogMachine } from "../sim/log-machine.js";
import { SeededRandom } from "../sim/seeded-random.js";
import { SimulatedDisk } from "../sim/simulated-disk.js";

/** `count` groups of one to three entries of one term, as a log wrote them. */
export async function archivedGroups(seed: number, count: number): Promise<Group[]> {
  const machine = new LogMachine(new SimulatedDisk(), seed);
  const random = new SeededRandom(seed);
  let position = LOG_START;
  for (let group = 0; group < count; group += 1) {
    for (let i = random.below(3); i >= 0; i -= 1) {
      const entry = randomEntry(random, position, 50);
      const sameTerm = { ...entry, term: 1 as Term };
      position = positionOf(sameTerm);
      machine.log.append(sameTerm);
    }
    await machine.flush();
  }
  await machine.close();
  return readGroups(machine.disk, LOG_DIRECTORY);
}

/** All groups of a log's directory. */
export function readGroups(disk: SimulatedDisk, directory: string): Group[] {
  const reader = new LogReader(disk, directory, 0 as LogIndex);
  const groups: Group[] = [];
  for (let group = reader.next(); group !== null; group = reader.next()) {
    groups.push(group);
  }
  reader.close();
  return groups;
}

export interface SlotFlags {
  readonly endsSegment?: boolean;
  readonly beginsSegment?: boolean;
  /** Bytes of entries in the segment before this slot. */
  readonly segmentEntryBytes?: number;
}

/** The slot of these groups at a position. */
export function entriesSlotOf(
  position: ChainPosition,
  clusterId: bigint,
  groups: readonly Group[],
  flags: SlotFlags,
): EncodedSlot {
  const first = groups[0]!;
  const last = groups.at(-1)!;
  const entryBytes = groups.reduce((sum, group) => sum + summarizeGroup(group).entryBytes, 0);
  return encodeEntriesSlot(
    {
      kind: "entries",
      ...position,
      clusterId,
      writeId: "00112233aabbccdd",
      lastIndex: lastIndexOf(last),
      revision: summarizeGroup(last).lastRevision,
      firstWallMs: first.wallMs,
      lastWallMs: last.wallMs,
      endsSegment: flags.endsSegment ?? false,
      beginsSegment: flags.beginsSegment ?? false,
      segmentEntryBytes: (flags.segmentEntryBytes ?? 0) + entryBytes,
    },
    groups.map(({ frame }) => frame),
  );
}

export function sealSlotOf(
  position: ChainPosition,
  clusterId: bigint,
  nextTerm: Term,
  revision: Revision,
): EncodedSlot {
  return encodeSealSlot({
    kind: "seal",
    ...position,
    clusterId,
    writeId: "aabbccdd00112233",
    revision,
    wallMs: 1_700_000_000_000,
    nextTerm,
  });
}
