// What the requests of a database cost a month at S3's list prices. An estimate, of requests only: not of storage or traffic.

/** About what S3 Standard costs: for an estimate. */
const USD_PER_WRITE = 5 / 1_000_000;
const USD_PER_READ = 0.4 / 1_000_000;
const SECONDS_PER_MONTH = 30 * 86_400;

/** The lock is renewed three times in its time to live of 10 s. */
const RENEWALS_PER_SECOND = 0.3;
/** Of one checkpoint: table, run, system state, checkpoint, two manifests; four lists of the collection after it. */
const WRITES_PER_CHECKPOINT = 10;
const READS_PER_CHECKPOINT = 15;

export interface BillSettings {
  readonly syncUpload: boolean;
  /** 0: no limit. */
  readonly putsPerSecondMax: number;
  readonly checkpointIntervalMin: number;
  /** Uploads of the log after which a checkpoint comes early; 0: never. */
  readonly checkpointObjects: number;
  readonly segmentMaxAgeSec: number;
}

export interface BillLine {
  readonly load: string;
  /** PUT and LIST a month. */
  readonly writes: number;
  readonly reads: number;
  readonly usd: number;
}

/** Without a limit, uploads follow one another: at 30 ms each. */
const UNLIMITED_PUTS_PER_SECOND = 33;

export function projectBill(settings: BillSettings): BillLine[] {
  const { syncUpload, putsPerSecondMax, segmentMaxAgeSec } = settings;
  const limit = putsPerSecondMax === 0 ? UNLIMITED_PUTS_PER_SECOND : putsPerSecondMax;
  const perSegment = 1 / segmentMaxAgeSec;
  return [
    line("nothing is written", 0, settings),
    line("one write a second", syncUpload ? Math.min(1, limit) : perSegment, settings),
    line("always busy, small writes", syncUpload ? limit : perSegment, settings),
  ];
}

function line(load: string, slotsPerSecond: number, settings: BillSettings): BillLine {
  const { checkpointIntervalMin, checkpointObjects } = settings;
  const byObjects = checkpointObjects === 0 ? 0 : slotsPerSecond / checkpointObjects;
  const checkpoints =
    slotsPerSecond === 0 ? 0 : Math.max(1 / (checkpointIntervalMin * 60), byObjects);
  const writes =
    (RENEWALS_PER_SECOND + slotsPerSecond + checkpoints * WRITES_PER_CHECKPOINT) *
    SECONDS_PER_MONTH;
  const reads = checkpoints * READS_PER_CHECKPOINT * SECONDS_PER_MONTH;
  const usd = writes * USD_PER_WRITE + reads * USD_PER_READ;
  return { load, writes: Math.round(writes), reads: Math.round(reads), usd };
}
