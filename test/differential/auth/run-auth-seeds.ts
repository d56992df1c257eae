// Scripts of several users, one a seed, each on fresh servers whose passwords cost next to nothing.
import type { ServerOptions, ServerProcess } from "../../support/process/server-process.js";
import { runAuthSeed } from "./auth-contest.js";

type Start = (options: ServerOptions) => Promise<ServerProcess>;

export async function runAuthSeeds(
  seeds: readonly number[],
  operationsEach: number,
  { startEtcd, startSubject }: { readonly startEtcd: Start; readonly startSubject: Start },
): Promise<ReadonlyMap<string, number>> {
  const flags = ["--bcrypt-cost", "4"];
  const met = new Map<string, number>();
  for (const seed of seeds) {
    const known = await runAuthSeed(seed, operationsEach, {
      startReference: async () => startEtcd({ flags }),
      startSubject: async () => startSubject({ flags }),
    });
    for (const [id, count] of known) {
      met.set(id, (met.get(id) ?? 0) + count);
    }
  }
  return met;
}
