// The objects of a directory in byte order of their keys, one directory of the file system at a time; and the sweeping of
// what killed writers left there.
import type { Random } from "../../runtime/random.js";
import { isObjectSegment } from "../object-key.js";
import type { ObjectInfo } from "../object-store.js";
import { hasErrorCode, type Files } from "./files.js";
import {
  DRAFT_PREFIX,
  GONE_PREFIX,
  readVersion,
  removeTree,
  renameAway,
  type FolderContext,
} from "./object-folder.js";

/** A writer whose draft is older was killed, or was paused for long and will write another. */
const DRAFT_AGE_MS_MAX = 60 * 60 * 1_000;
/** Objects looked at in one step: as many as have an end within the deadline of a call. */
const STEP_OBJECTS = 64;

export interface ListOptions {
  readonly directory: string;
  readonly prefix: string;
  /** Keys up to and including this one are left out; "" leaves out none. */
  readonly after: string;
  readonly files: Files;
  readonly random: Random;
  readonly nowMs: () => number;
  /** Runs one step with the deadline of a call. */
  readonly step: <Result>(run: (context: FolderContext) => Promise<Result>) => Promise<Result>;
}

/** What a directory holds: an object, or (with "/" at the end) a directory of more. */
type Place = string;

export async function* listObjects(options: ListOptions): AsyncGenerator<ObjectInfo> {
  yield* walk(options, "");
}

async function* walk(options: ListOptions, base: string): AsyncGenerator<ObjectInfo> {
  const { directory, step } = options;
  const places = (await step(async () => placesIn(options, base))).filter((place) =>
    isWanted(place, options),
  );
  let objects: string[] = [];
  const look = async (): Promise<ObjectInfo[]> => {
    const keys = objects;
    objects = [];
    return keys.length === 0 ? [] : step(async (context) => objectInfos(context, directory, keys));
  };
  for (const place of places) {
    if (place.endsWith("/")) {
      yield* await look();
      yield* walk(options, place);
    } else {
      objects.push(place);
      if (objects.length === STEP_OBJECTS) {
        yield* await look();
      }
    }
  }
  yield* await look();
}

async function objectInfos(
  context: FolderContext,
  directory: string,
  keys: readonly string[],
): Promise<ObjectInfo[]> {
  const infos = await Promise.all(
    keys.map(async (key): Promise<ObjectInfo | null> => {
      const version = await readVersion(context, `${directory}/${key}@`);
      return version === null ? null : { key, bytes: version.bytes };
    }),
  );
  return infos.filter((info) => info !== null);
}

/** Whether the key, or one below the directory, is among those to be listed. */
function isWanted(place: Place, { prefix, after }: ListOptions): boolean {
  return place.endsWith("/")
    ? (place.startsWith(prefix) || prefix.startsWith(place)) &&
        (place > after || after.startsWith(place))
    : place.startsWith(prefix) && place > after;
}

/** In byte order: all keys of a directory start with its name and "/", and no others do. */
async function placesIn(options: ListOptions, base: string): Promise<Place[]> {
  const { directory, files } = options;
  const path = `${directory}/${base}`.replace(/\/$/, "");
  let names;
  try {
    names = await files.list(path);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) {
      return [];
    }
    throw error;
  }
  const places: Place[] = [];
  for (const { name, isDirectory } of names) {
    if (name.startsWith("@")) {
      await sweep(options, path, name);
    } else if (isDirectory && name.endsWith("@") && isObjectSegment(name.slice(0, -1))) {
      places.push(base + name.slice(0, -1));
    } else if (isDirectory && isObjectSegment(name)) {
      places.push(`${base}${name}/`);
    }
  }
  return places.sort((left, right) => (left < right ? -1 : 1));
}

/** Removes what a writer left that will not come back for it; others' files stay. */
async function sweep(options: ListOptions, path: string, name: string): Promise<void> {
  const { files, nowMs } = options;
  const left = `${path}/${name}`;
  try {
    if (name.startsWith(GONE_PREFIX)) {
      await removeTree(files, left);
    } else if (
      name.startsWith(DRAFT_PREFIX) &&
      nowMs() - (await files.changedMs(left)) > DRAFT_AGE_MS_MAX
    ) {
      // Renamed first, so that a writer who comes back after all finds nothing, not the half of it.
      const gone = await renameAway(options, path, left);
      if (gone !== null) {
        await removeTree(files, gone);
      }
    }
  } catch {
    // Another process sweeps at the same time, or may do what this one may not.
  }
}
