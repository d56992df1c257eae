// `t4 doctor`: whether what a node rests on is fit: the object store's conditions, the disk's syncs, the clock; and what the
// requests cost.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { S3_PUTS_PER_SECOND_MAX } from "../../node/archive/archive-settings.js";
import { probeObjectStore } from "../../object/probe.js";
import { DiskError, type Disk } from "../../runtime/disk/disk.js";
import type { Clock } from "../../runtime/clock.js";
import type { Runtime } from "../../runtime/runtime.js";
import { systemRuntime } from "../../runtime/system-runtime.js";
import { EXIT_FAILED, EXIT_OK } from "../exit.js";
import { objectStoreUrl } from "../object-store.js";
import { print, printJson, printTable } from "./output.js";
import { projectBill, type BillSettings } from "./request-bill.js";
import { withStore, type StoreCommandFlags } from "./session.js";

export interface DoctorFlags extends StoreCommandFlags {
  readonly dataDir: string;
  readonly walSyncUpload: boolean;
  readonly walPutsPerSecondMax?: number;
  readonly checkpointIntervalMin: number;
  readonly checkpointObjects: number;
  readonly segmentMaxAgeSec: number;
}

interface Check {
  readonly about: "object store" | "disk" | "clock";
  readonly name: string;
  readonly result: "ok" | "unfit" | "skipped";
  readonly detail: string;
}

/** 0 if everything is fit, else 1. */
export async function doctor(flags: DoctorFlags): Promise<number> {
  const checks: Check[] = [];
  const tell = (check: Check): void => {
    checks.push(check);
    if (flags.json === true) {
      printJson({ kind: "check", ...check });
    } else {
      const mark = { ok: "ok     ", unfit: "UNFIT  ", skipped: "skipped" }[check.result];
      print(`${mark} ${check.about}: ${check.name}: ${check.detail}`);
    }
  };
  const url = objectStoreUrl(flags);
  if (url === null) {
    tell({
      about: "object store",
      name: "probe",
      result: "skipped",
      detail: "none is named (--object-store)",
    });
    await checkMachine(flags, systemRuntime(), tell);
  } else {
    await withStore(flags, async ({ store, runtime, signal }) => {
      for (const { name, ok, detail } of await probeObjectStore(store, runtime, signal)) {
        tell({ about: "object store", name, result: ok ? "ok" : "unfit", detail });
      }
      await checkMachine(flags, runtime, tell);
      return EXIT_OK;
    });
    tellBill(flags, url.startsWith("s3:"));
  }
  return checks.some(({ result }) => result === "unfit") ? EXIT_FAILED : EXIT_OK;
}

async function checkMachine(
  { dataDir }: DoctorFlags,
  { disk, clock }: Runtime,
  tell: (check: Check) => void,
): Promise<void> {
  tell(checkDisk(resolve(dataDir), disk, clock));
  tell(await checkClock(clock));
  tell({
    about: "clock",
    name: "against the object store",
    result: "skipped",
    detail: "the store's own time is not asked for: T4 never compares clocks of two machines",
  });
}

const SYNCS = 200;
const SYNC_BYTES = 4096;
/** Above this, a put waits longer for the disk than a user waits for a page. */
const SLOW_SYNC_MS = 50;

function checkDisk(dataDir: string, disk: Disk, clock: Clock): Check {
  const about = "disk";
  const name = "sync latency";
  let directory = dataDir;
  while (!existsSync(directory) && dirname(directory) !== directory) {
    directory = dirname(directory);
  }
  try {
    const sorted = measureSyncs(join(directory, "t4-doctor.tmp"), disk, clock);
    const p50 = sorted[Math.floor(SYNCS * 0.5)] ?? 0;
    const p99 = sorted[Math.floor(SYNCS * 0.99)] ?? 0;
    const perSecond = Math.floor(1_000 / Math.max(p50, 0.001));
    return {
      about,
      name,
      result: p50 > SLOW_SYNC_MS ? "unfit" : "ok",
      detail:
        `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms for 4 KiB in ${directory}: one caller at a time gets at most ` +
        `${String(perSecond)} durable puts a second; callers at once share a sync`,
    };
  } catch (error) {
    if (!(error instanceof DiskError)) {
      throw error;
    }
    return { about, name, result: "unfit", detail: `${directory}: ${error.message}` };
  }
}

/** Milliseconds of each write, shortest first. Throws a DiskError. */
function measureSyncs(path: string, disk: Disk, clock: Clock): number[] {
  if (disk.exists(path)) {
    disk.remove(path);
  }
  const file = disk.open(path, { mode: "create", durableWrites: true });
  try {
    const block = new Uint8Array(SYNC_BYTES).fill(0x55);
    const times: number[] = [];
    // Preallocated, as segments of the log are: else the file's length is synced with each write.
    file.truncate(SYNCS * SYNC_BYTES);
    file.sync();
    for (let at = 0; at < SYNCS; at += 1) {
      const beganMs = clock.monotonicMs();
      file.write(block, at * SYNC_BYTES);
      times.push(clock.monotonicMs() - beganMs);
    }
    return times.sort((left, right) => left - right);
  } finally {
    file.close();
    disk.remove(path);
  }
}

const CLOCK_MS = 1_000;
/** The lock's margin allows clocks to differ in speed by 2 s in 10 s. */
const CLOCK_DRIFT_MS_MAX = 100;
/** 2025: before it, a clock was never set. */
const PLAUSIBLE_MS = 1_735_689_600_000;

async function checkClock(clock: Clock): Promise<Check> {
  const beganMs = clock.monotonicMs();
  const wallBeganMs = clock.wallMs();
  await clock.sleep(CLOCK_MS);
  const driftMs = clock.wallMs() - wallBeganMs - (clock.monotonicMs() - beganMs);
  const isSet = wallBeganMs > PLAUSIBLE_MS;
  const isSteady = Math.abs(driftMs) <= CLOCK_DRIFT_MS_MAX;
  return {
    about: "clock",
    name: "wall against monotonic",
    result: isSet && isSteady ? "ok" : "unfit",
    detail: isSet
      ? `${driftMs.toFixed(1)} ms apart after one second${isSteady ? "" : ": the wall clock is being set; restores to a time follow it"}`
      : `the wall clock says ${new Date(wallBeganMs).toISOString()}: set it`,
  };
}

function tellBill(flags: DoctorFlags, isS3: boolean): void {
  const settings: BillSettings = {
    syncUpload: flags.walSyncUpload,
    // What a node does with S3 unless it is told otherwise.
    putsPerSecondMax: flags.walPutsPerSecondMax ?? S3_PUTS_PER_SECOND_MAX,
    checkpointIntervalMin: flags.checkpointIntervalMin,
    checkpointObjects: flags.checkpointObjects,
    segmentMaxAgeSec: flags.segmentMaxAgeSec,
  };
  const lines = projectBill(settings);
  if (flags.json === true) {
    printJson({ kind: "bill", estimate: true, perDays: 30, settings, lines });
    return;
  }
  print("");
  print(
    `requests in 30 days at S3 Standard's prices (an estimate, without storage and traffic${isS3 ? "" : "; a directory costs nothing"}):`,
  );
  printTable(
    ["load", "PUT and LIST", "GET and HEAD", "USD"],
    lines.map(({ load, writes, reads, usd }) => [
      load,
      writes.toLocaleString("en-US"),
      reads.toLocaleString("en-US"),
      usd.toFixed(2),
    ]),
  );
}
