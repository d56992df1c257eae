// Which ways runs must have gone to be worth something: those of the preparation, and all that can happen.

/** Met by nearly every run, or by every second one. */
const COMMON: readonly string[] = [
  "log: another node may still lead: waiting for its lock to time out",
  "log: restored from the object store",
  "log: branch forked",
  "log: the prefix holds a database already: where it began is not asked again",
  "founded on data",
  "refused T4_LOCKED",
  "opened",
  "reads",
  "acknowledged",
  "acknowledged late",
  "kills",
  "power losses",
  "lost disks",
  "freezes",
  "outages",
  "closes",
  "checkpoints",
  "lost tails",
  "stopped T4_FENCED",
  "begun without a store",
  "log: collected",
  "deletions",
  "rests",
  "restores to a revision",
  "restores to a time",
  "log: the process stood still: looking who leads before going on",
];

/** Met once in tens of runs. */
const RARE: readonly string[] = [
  "log: the last leader acknowledged writes before the object store had them: some may be lost, and the revision is raised",
  "log: the data directory does not belong to the archive's history: it is kept, and restored anew (has entries that the archive has otherwise)",
  "log: the data directory does not belong to the archive's history: it is kept, and restored anew (is older than all checkpoints)",
  "joined after another led",
  "forks at a revision",
  "forks of forks",
  "refused T4_FENCED",
];

/** What so many runs must have met. */
export function ways(seeds: number): readonly string[] {
  return seeds >= 300 ? [...COMMON, ...RARE] : seeds >= 40 ? COMMON : [];
}
