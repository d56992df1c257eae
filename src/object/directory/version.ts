// Names within an object's directory. `17-1234-6f…c2.body` has the object's 17th body, of 1,234 bytes; the file
// `17-1234-6f…c2.current`, which is empty, says by its name that this body counts.
// Format: docs/formats-object-directory.md.
import type { Random } from "../../runtime/random.js";

export interface Version {
  /** 1 when the object is created, one more with each body that replaces another. */
  readonly number: number;
  readonly bytes: number;
  /** All of it as in names. Its last part is random and never used again: that is what a swap stands on. */
  readonly text: string;
}

const NONCE_BYTES = 12;
const VERSION = /^([1-9]\d{0,14})-(0|[1-9]\d{0,15})-[0-9a-f]{24}$/;
const BODY_SUFFIX = ".body";
const CURRENT_SUFFIX = ".current";

export function randomName(random: Random): string {
  return Buffer.from(random.bytes(NONCE_BYTES)).toString("hex");
}

export function makeVersion(number: number, bytes: number, random: Random): Version {
  return { number, bytes, text: `${number}-${bytes}-${randomName(random)}` };
}

export function parseVersion(text: string): Version | null {
  const match = VERSION.exec(text);
  return match === null ? null : { number: Number(match[1]), bytes: Number(match[2]), text };
}

export function bodyName(version: Version): string {
  return version.text + BODY_SUFFIX;
}

export function currentName(version: Version): string {
  return version.text + CURRENT_SUFFIX;
}

function versionsNamed(names: readonly string[], suffix: string): Version[] {
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => parseVersion(name.slice(0, -suffix.length)))
    .filter((version) => version !== null);
}

/** The version that counts. A listing may show both names of a rename that happens meanwhile: the later one counts. */
export function currentVersion(names: readonly string[]): Version | null {
  let current: Version | null = null;
  for (const version of versionsNamed(names, CURRENT_SUFFIX)) {
    if (current === null || version.number > current.number) {
      current = version;
    }
  }
  return current;
}

/**
 * Bodies that can never count again: those of the current one's number and below. A body of the next number may be that of
 * a swap on its way.
 */
export function deadBodies(names: readonly string[]): string[] {
  const current = currentVersion(names);
  return current === null
    ? []
    : versionsNamed(names, BODY_SUFFIX)
        .filter(({ number, text }) => number <= current.number && text !== current.text)
        .map(bodyName);
}
