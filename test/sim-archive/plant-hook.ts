// A loader hook that changes one place of one compiled module: so a bug can be planted in the code that is shipped, without any
// door in it for tests.
import type { LoadHook } from "node:module";

/** `find` occurs exactly once in the module whose URL ends with `file`. */
export interface PlantedBug {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

let bug: PlantedBug | null = null;

export function initialize(planted: PlantedBug): void {
  bug = planted;
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (bug === null || !url.endsWith(bug.file)) {
    return loaded;
  }
  const source = Buffer.from(loaded.source as Uint8Array).toString("utf8");
  if (source.split(bug.find).length !== 2) {
    throw new Error(
      `${bug.file} does not have "${bug.find}" exactly once: plant the bug elsewhere`,
    );
  }
  return { ...loaded, source: source.replace(bug.find, () => bug?.replace ?? "") };
};
