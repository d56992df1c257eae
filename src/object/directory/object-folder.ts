// One object as a directory, `<last segment of its key>@`, and the two renames that decide everything:
//
//   - An object comes to be when a finished directory is renamed to its name, which fails if there is one.
//   - It gets other bytes when the file `<old version>.current` is renamed to `<new version>.current`. A version is never
//     named again, so only one writer finds the old name, and one that was paused for long finds nothing to rename.
//   - It is gone when its directory is renamed to a name that nobody reads.
//
// So there is no lock that a killed or paused process could hold. A writer that dies leaves a draft, a body that never
// counts, or a directory that nobody reads; each is removed by others once it can no longer come to count.
// Must never: remove a body that may still come to count, or answer before what it says is durable.
import { assert } from "../../lib/assert.js";
import type { Random } from "../../runtime/random.js";
import { ObjectStoreError, type ObjectSource } from "../object-store.js";
import { hasErrorCode, type FilePart, type Files } from "./files.js";
import {
  bodyName,
  currentName,
  currentVersion,
  deadBodies,
  makeVersion,
  parseVersion,
  randomName,
  type Version,
} from "./version.js";

/** How often a directory is listed that shows no current version, before that is taken for damage. */
const LISTINGS_MAX = 10;
/** A draft is swept away only when it is an hour old, a directory removed only when it is empty: even two are rare. */
const DRAFTS_MAX = 100;
const EMPTY: ObjectSource = { bytes: 0, read: async () => Promise.resolve(new Uint8Array(0)) };

export const DRAFT_PREFIX = "@new-";
export const GONE_PREFIX = "@gone-";

export interface FolderContext {
  readonly files: Files;
  readonly random: Random;
  /** Gives the call up: no step that decides is taken afterwards. */
  readonly signal: AbortSignal;
}

/** Where an object lies. */
export interface ObjectPlace {
  /** The directory that holds the object's directory. */
  readonly parent: string;
  readonly folder: string;
  /** Creates `parent`. */
  makeParent(): Promise<void>;
  /** Makes the names in `parent`, and those of the directories above it, durable. */
  syncParent(): Promise<void>;
}

function damaged(folder: string, what: string): ObjectStoreError {
  return new ObjectStoreError(
    "damaged",
    `the object in ${folder} is damaged: ${what}: restore the directory from a copy`,
  );
}

async function namesIn(files: Files, directory: string): Promise<string[] | null> {
  try {
    return (await files.list(directory)).map(({ name }) => name);
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) {
      return null;
    }
    throw error;
  }
}

/** The version that counts; null if there is no object. */
export async function readVersion(
  { files, signal }: FolderContext,
  folder: string,
): Promise<Version | null> {
  for (let tries = 0; tries < LISTINGS_MAX; tries += 1) {
    signal.throwIfAborted();
    const names = await namesIn(files, folder);
    if (names === null) {
      return null;
    }
    // A listing that runs beside a rename may show neither name.
    const current = currentVersion(names);
    if (current !== null) {
      return current;
    }
  }
  throw damaged(folder, "no file in it says which body is current");
}

/** The current body, or a part of it; null if there is no object. */
export async function readBody(
  context: FolderContext,
  folder: string,
  part: FilePart | null,
): Promise<{ readonly version: Version; readonly bytes: Uint8Array } | null> {
  const { files } = context;
  for (let missed: string | null = null; ;) {
    const version = await readVersion(context, folder);
    if (version === null) {
      return null;
    }
    if (part !== null && part.offset + part.length > version.bytes) {
      throw damaged(
        folder,
        `it has ${version.bytes} bytes, and those up to ${part.offset + part.length} were asked for`,
      );
    }
    const path = `${folder}/${bodyName(version)}`;
    try {
      const { fileBytes, bytes } = await files.read(path, version.bytes, part);
      if (fileBytes !== version.bytes) {
        throw damaged(folder, `${path} has ${fileBytes} bytes of ${version.bytes}`);
      }
      return { version, bytes };
    } catch (error) {
      if (!hasErrorCode(error, "ENOENT")) {
        throw error;
      }
    }
    // A body is removed only after another one counts. So one that is missing and still counts was lost.
    if (version.text === missed) {
      throw damaged(folder, `${path} is missing`);
    }
    missed = version.text;
  }
}

/** Puts an object where there is none. Null if there is one. */
export async function createObject(
  context: FolderContext,
  place: ObjectPlace,
  body: ObjectSource,
): Promise<Version | null> {
  for (let tries = 0; tries < DRAFTS_MAX; tries += 1) {
    context.signal.throwIfAborted();
    try {
      return await createByDraft(context, place, body);
    } catch (error) {
      // Somebody swept the draft away, or removed the parent with its last object.
      if (!hasErrorCode(error, "ENOENT")) {
        throw error;
      }
    }
  }
  throw new ObjectStoreError(
    "unavailable",
    `whatever is written in ${place.parent} is removed at once: look for what else removes files there`,
  );
}

async function createByDraft(
  context: FolderContext,
  place: ObjectPlace,
  body: ObjectSource,
): Promise<Version | null> {
  const { files, random, signal } = context;
  const version = makeVersion(1, body.bytes, random);
  const draft = `${place.parent}/${DRAFT_PREFIX}${randomName(random)}`;
  await makeDraft(files, place, draft);
  let isCreated: boolean;
  try {
    await files.create(`${draft}/${bodyName(version)}`, body);
    await files.create(`${draft}/${currentName(version)}`, EMPTY);
    // Once it has its name it is whole, also after a power loss.
    await files.syncDirectory(draft);
    signal.throwIfAborted();
    isCreated = await renameDraft(context, draft, place.folder, version);
  } catch (error) {
    await removeTree(files, draft);
    throw error;
  }
  if (!isCreated) {
    await removeTree(files, draft);
    // The loser acts upon what the winner wrote, which must not vanish then.
    await place.syncParent();
    return null;
  }
  await durably(place.folder, async () => place.syncParent());
  return version;
}

async function makeDraft(files: Files, place: ObjectPlace, draft: string): Promise<void> {
  try {
    await files.makeDirectory(draft);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) {
      throw error;
    }
    await place.makeParent();
    await files.makeDirectory(draft);
  }
}

/** Whether the draft became the object; false if there is one already. */
async function renameDraft(
  context: FolderContext,
  draft: string,
  folder: string,
  version: Version,
): Promise<boolean> {
  try {
    await context.files.rename(draft, folder);
    return true;
  } catch (error) {
    // Windows answers EPERM where others say that the directory is not empty.
    if (hasErrorCode(error, "ENOTEMPTY", "EEXIST", "EPERM", "EACCES")) {
      if ((await readVersion(context, folder)) !== null) {
        return false;
      }
    } else if (hasErrorCode(error, "ENOENT")) {
      // A network file system sends a rename again whose answer was lost, and reports what that met.
      if ((await readVersion(context, folder))?.text === version.text) {
        return true;
      }
    }
    throw error;
  }
}

/** Replaces the version named `tag`. Null if that is not the one that counts. */
export async function swapObject(
  context: FolderContext,
  place: ObjectPlace,
  tag: string,
  body: ObjectSource,
): Promise<Version | null> {
  const { folder } = place;
  const expected = parseVersion(tag);
  const found = expected === null ? null : await readVersion(context, folder);
  const version =
    expected === null || found?.text !== tag
      ? null
      : await swapFoundObject(context, folder, expected, body);
  if (version === null) {
    await syncIfThere(context.files, folder);
    await place.syncParent();
    return null;
  }
  const { files } = context;
  await durably(folder, async () => syncIfThere(files, folder));
  await removeDeadBodies(files, folder);
  return version;
}

async function swapFoundObject(
  context: FolderContext,
  folder: string,
  expected: Version,
  body: ObjectSource,
): Promise<Version | null> {
  const { files, random, signal } = context;
  const version = makeVersion(expected.number + 1, body.bytes, random);
  const path = `${folder}/${bodyName(version)}`;
  try {
    await files.create(path, body);
    // The body must be there, also after a power loss, before a name says that it counts.
    await files.syncDirectory(folder);
    signal.throwIfAborted();
  } catch (error) {
    await removeQuietly(files, path);
    if (hasErrorCode(error, "ENOENT")) {
      return null;
    }
    throw error;
  }
  try {
    await files.rename(`${folder}/${currentName(expected)}`, `${folder}/${currentName(version)}`);
    return version;
  } catch (error) {
    // Of a rename that failed otherwise nobody knows what it did: the body stays.
    if (!hasErrorCode(error, "ENOENT")) {
      throw error;
    }
  }
  // As in `renameDraft`.
  if ((await readVersion(context, folder))?.text === version.text) {
    return version;
  }
  await removeQuietly(files, path);
  return null;
}

/** Renames an object's directory away and returns where to; null if there is none. Durable after `syncParent`. */
export async function renameAway(
  { files, random }: Omit<FolderContext, "signal">,
  parent: string,
  folder: string,
): Promise<string | null> {
  const gone = `${parent}/${GONE_PREFIX}${randomName(random)}`;
  try {
    await files.rename(folder, gone);
    return gone;
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) {
      return null;
    }
    throw error;
  }
}

/** Removes a directory of files, as far as it can be: what stays is swept later, and nobody reads it. */
export async function removeTree(files: Files, directory: string): Promise<void> {
  try {
    for (const name of (await namesIn(files, directory)) ?? []) {
      await removeQuietly(files, `${directory}/${name}`);
    }
    await files.removeDirectory(directory);
  } catch {
    // Another one removes it at the same time, or it is not ours to remove.
  }
}

async function removeQuietly(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch {
    // As above.
  }
}

async function removeDeadBodies(files: Files, folder: string): Promise<void> {
  try {
    // What counts is taken from the same listing: the object may have been removed and made anew.
    for (const name of deadBodies((await namesIn(files, folder)) ?? [])) {
      await removeQuietly(files, `${folder}/${name}`);
    }
  } catch {
    // The next swap does it.
  }
}

async function syncIfThere(files: Files, directory: string): Promise<void> {
  try {
    await files.syncDirectory(directory);
  } catch (error) {
    if (!hasErrorCode(error, "ENOENT")) {
      throw error;
    }
  }
}

/** What was decided is made durable; if that fails, nobody knows what a power loss would leave. */
async function durably(folder: string, sync: () => Promise<void>): Promise<void> {
  try {
    await sync();
  } catch (error) {
    assert(error instanceof Error, "file systems throw errors");
    throw new ObjectStoreError(
      "unavailable",
      `the object in ${folder} is written, but may not survive a power loss: ${error.message}`,
      { cause: error },
    );
  }
}
