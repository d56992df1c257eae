// Shows the models what the nodes show: at each opening everything that a node has, and from then on every revision that it
// commits. A model is of one line of history, that of the life that opened last.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { ALL_KEYS } from "../../src/core/range/key-range.js";
import type { Node } from "../../src/node/node.js";
import { readAll } from "../node/plain-node.js";
import { seen, type SeenRow } from "../sim-node/truth.js";
import { Model, REVISION_RAISE } from "./model.js";
import type { Database, Life } from "./site.js";
import type { World } from "./world.js";

export async function witness(world: World, life: Life, node: Node): Promise<void> {
  const { site, isSync } = life;
  const { database } = site;
  const early: SeenRow[] = [];
  let take = (rows: readonly SeenRow[]): void => {
    early.push(...rows);
  };
  const { createdRevision: revision } = node.watch(
    { range: ALL_KEYS, startRevision: 0, puts: true, deletes: true },
    {
      deliver: ({ events }) => {
        take(events.map((event) => seen(event.row)));
        return true;
      },
      compacted: () => {
        assert.ok(false, "a watcher that is up to date is not overtaken");
      },
    },
  );
  const { compactRevision } = node;
  const changes: SeenRow[] = [];
  const { rows } = await node.range({ ...readAll, revision }, "serializable");
  const state = rows.map(seen);
  const from = Math.max(compactRevision, 2);
  if (from <= revision) {
    for await (const row of node.changes(ALL_KEYS, from, revision)) {
      changes.push(seen(row));
    }
  }
  if (life.machine.isDead) {
    return;
  }
  noteOpening(world, life, database.current);
  const { source } = database;
  if (database.model === null) {
    database.model = branchOf(source?.model ?? new Model(), revision, state);
    // Any of the starts before may have made it.
    if (source !== null && !database.forkTargets.includes(null)) {
      const { revision: end } = database.model;
      assert.ok(database.forkTargets.includes(end), `${database.name} begins where it was asked`);
      world.note("forks at a revision");
    }
    if (source !== null && source.source !== null) {
      world.note("forks of forks");
    }
  }
  const isRestart =
    database.current?.directory === life.directory &&
    [...database.tried].every((directory) => directory === life.directory);
  const lost = database.model.opened(
    { revision, compactRevision, changes, state, wallMs: world.clock.wallMs() },
    database.hadAsync && !isRestart,
    life.name,
  );
  world.say(life.name, `opened at ${revision}, lost ${lost}`);
  if (lost > 0) {
    world.note("lost tails");
  }
  database.current = life;
  database.tried = new Set([life.directory]);
  database.acknowledged = isSync ? revision : 1;
  if (isSync) {
    database.model.floor = revision;
  }
  take = (committed) => {
    observe(world, life, committed);
  };
  take(early);
}

function noteOpening(world: World, life: Life, before: Life | null): void {
  if (before?.number === 0 && life.number > 0) {
    world.note("founded on data");
  } else if (before !== null && before.directory !== life.directory && !life.isNew) {
    world.note("joined after another led");
  }
  if (before !== null && before.number > life.number) {
    world.note("opened late");
  }
}

function observe(world: World, life: Life, rows: readonly SeenRow[]): void {
  const { model, current } = life.site.database;
  assert.ok(model !== null);
  for (const row of rows) {
    if (current === life) {
      model.append(row, world.clock.wallMs());
      if (life.isSync) {
        model.floor = row.revision;
      }
    } else if (life.isSync) {
      assert.ok(
        row.revision <= model.revision && model.has(row),
        `${life.name}: revision ${row.revision} was committed after another began to lead`,
      );
    }
  }
}

/** What a branch begins with: the source's history up to where its state is the one that is shown. */
function branchOf(source: Model, revision: number, state: readonly SeenRow[]): Model {
  for (let end = revision; end > 0; end -= REVISION_RAISE) {
    const known = source.state(end);
    if (known !== null && end <= source.revision && isDeepStrictEqual(known, state)) {
      return source.cutAt(end);
    }
  }
  return source.cutAt(revision);
}

/** What is asked of a database's fork. */
export function drawForkTarget({ random }: World, { source, forkTargets }: Database): void {
  const points = source?.model?.archivedRevisions() ?? [];
  forkTargets.push(
    points.length === 0 || random.chance(0.5) ? null : points[random.below(points.length)]!,
  );
}
