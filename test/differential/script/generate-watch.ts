// Watch streams: several watchers over past, present and future revisions, cancelled, asked for progress, and written
// to meanwhile.
import type { SeededRandom } from "../../support/seeded-random.js";
import * as kv from "./generate-kv.js";
import type { Operation, RevisionReference, WatchStep } from "./operation.js";

function startRevision(random: SeededRandom): RevisionReference | string {
  return random.weighted<() => RevisionReference | string>([
    [4, () => "0"],
    [6, () => ({ $revision: "current", plus: -random.between(0, 20), least: 1 })],
    [3, () => ({ $revision: "compacted", plus: random.between(0, 2), least: 1 })],
    [1, () => ({ $revision: "compacted", plus: -1, least: 1 })],
    [1, () => "1"],
    [1, () => ({ $revision: "current", plus: random.between(1, 4) })],
  ])();
}

function createRequest(random: SeededRandom): Record<string, unknown> {
  const request: Record<string, unknown> = {
    ...kv.bounds(random),
    start_revision: startRevision(random),
    prev_kv: random.chance(0.5),
    progress_notify: random.chance(0.2),
    fragment: random.chance(0.2),
  };
  if (random.chance(0.3)) {
    request["filters"] = random.pick([[0], [1], [0, 1], [1, 1]]);
  }
  if (random.chance(0.3)) {
    request["watch_id"] = random.pick(["1", "1", "2", "2", "5", "-3", "9223372036854775807"]);
  }
  return request;
}

function write(random: SeededRandom): WatchStep {
  const call = random.chance(0.7)
    ? { method: "KV/Put", request: kv.put(random) }
    : { method: "KV/DeleteRange", request: kv.deleteRange(random) };
  return { step: "write", call: { kind: "call", ...call } };
}

export function generateWatch(random: SeededRandom): Operation {
  if (random.chance(0.05)) {
    const start = random.pick(["-1", "-5", "-9223372036854775808"]);
    return {
      kind: "watch",
      steps: [{ step: "create", request: { key: "a", start_revision: start } }],
    };
  }
  const steps: WatchStep[] = [{ step: "create", request: createRequest(random) }];
  for (let more = random.between(0, 6); more > 0; more -= 1) {
    steps.push(
      random.weighted<() => WatchStep>([
        [3, () => ({ step: "create", request: createRequest(random) })],
        [4, () => write(random)],
        [1, () => ({ step: "progress" })],
        [2, () => ({ step: "cancel", watchId: random.pick(["0", "1", "2", "5", "99", "-1"]) })],
      ])(),
    );
  }
  return { kind: "watch", steps };
}
