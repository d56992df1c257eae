// Waiting for something that another turn of the event loop brings about.
import { setTimeout as sleep } from "node:timers/promises";

/** Returns when `holds` does. A test that waits in vain is ended by its runner. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await sleep(1);
  }
}
