// `t4 verify`: reads everything that a restore could need again and holds it against its hashes. Changes nothing.
import { verify as verifyStore } from "../../checkpoint/verify/verify.js";
import { EXIT_FAILED, EXIT_OK } from "../exit.js";
import { print, printJson, Progress, shownBytes } from "./output.js";
import { readDatabase, withReadStore, type StoreCommandFlags } from "./session.js";

/** 1 if anything is wrong. */
export async function verify(flags: StoreCommandFlags): Promise<number> {
  return withReadStore(flags, async ({ store, signal }) => {
    await readDatabase(store);
    const shown = new Progress();
    try {
      const { findings, progress } = await verifyStore({
        store,
        signal,
        progress: ({ files, filesTotal, bytes, bytesTotal, slots }) => {
          shown.show(
            () =>
              `verifying: ${String(files)} of ${String(filesTotal)} files, ${shownBytes(bytes)} of ${shownBytes(bytesTotal)}, ${String(slots)} slots`,
          );
        },
      });
      shown.end();
      const { checkpoints, files, bytes, slots, entries } = progress;
      if (flags.json === true) {
        findings.forEach((finding) => {
          printJson({ kind: "finding", ...finding });
        });
        const counts = { checkpoints, files, bytes, slots, entries };
        printJson({ kind: "summary", findings: findings.length, ...counts });
      } else {
        findings.forEach(({ object, problem, remedy }) => {
          print(`${object}: ${problem}: ${remedy}`);
        });
        print(
          `${findings.length === 0 ? "all is well" : `${String(findings.length)} found`}: ${String(checkpoints)} checkpoints, ` +
            `${String(files)} files of ${shownBytes(bytes)}, ${String(slots)} slots with ${String(entries)} entries read`,
        );
      }
      return findings.length === 0 ? EXIT_OK : EXIT_FAILED;
    } finally {
      shown.end();
    }
  });
}
