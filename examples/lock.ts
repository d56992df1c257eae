// A lock that nobody can forget to release: a key that goes with its holder's lease. Whoever finds it taken waits for the
// key to be deleted and tries again.
import { open, T4Error, type Db } from "t4db";

const leaseSeconds = 10;

/** Runs `work` while no other caller with this `name` does. */
async function withLock(db: Db, name: string, work: () => Promise<void>): Promise<void> {
  const { id } = await db.leases.grant(leaseSeconds);
  const renewal = setInterval(
    () => {
      // If the lease is gone, so is the lock: real work should stop here.
      db.leases.keepAlive(id).catch(console.error);
    },
    (leaseSeconds * 1_000) / 3,
  );
  try {
    while (!(await tryToCreate(db, name, id))) {
      await untilDeleted(db, name);
    }
    await work();
  } finally {
    clearInterval(renewal);
    await db.leases.revoke(id);
  }
}

async function tryToCreate(db: Db, name: string, lease: bigint): Promise<boolean> {
  try {
    await db.create(name, "locked", { lease });
    return true;
  } catch (error) {
    if (error instanceof T4Error && error.code === "T4_KEY_EXISTS") {
      return false;
    }
    throw error;
  }
}

async function untilDeleted(db: Db, name: string): Promise<void> {
  const held = await db.get(name);
  if (held === undefined) {
    return;
  }
  const watch = db.watch({ key: name }, { startRevision: held.modRevision + 1 });
  for await (const { events } of watch) {
    if (events.some((event) => event.type === "delete")) {
      return;
    }
  }
}

await using db = await open({ memory: true });

let inside = 0;
const workers = [1, 2, 3].map(async (worker) =>
  withLock(db, "locks/backup", async () => {
    inside += 1;
    console.log(`worker ${worker} works, ${inside} inside`);
    await db.put("last-worker", String(worker));
    inside -= 1;
  }),
);
await Promise.all(workers);
console.log("all done");
