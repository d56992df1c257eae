// Compares two canonical answers field by field. Every difference is a finding unless a named matcher of
// known-differences.ts knows it.
import type { Message } from "../support/grpc-client.js";
import { knownDifferences } from "./known-differences.js";
import type { Operation, Resolution } from "./script/operation.js";

export interface Difference {
  /** Such as `.response.kvs[0].version`. */
  readonly path: string;
  readonly reference: unknown;
  readonly subject: unknown;
}

/** What a matcher may look at. */
export interface Encounter {
  readonly operation: Operation;
  readonly resolution: Resolution;
  readonly difference: Difference;
  readonly referenceAnswer: unknown;
  readonly subjectAnswer: unknown;
}

/** The remaining time of a lease is read at two moments: this much apart is the same. */
const TTL_TOLERANCE_SECONDS = 2;

const isObject = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function findDifferences(reference: unknown, subject: unknown, path = ""): Difference[] {
  if (Array.isArray(reference) && Array.isArray(subject)) {
    const differences = Array.from(
      { length: Math.min(reference.length, subject.length) },
      (_, at) => findDifferences(reference[at], subject[at], `${path}[${at}]`),
    ).flat();
    if (reference.length !== subject.length) {
      differences.push({
        path: `${path}.length`,
        reference: reference.length,
        subject: subject.length,
      });
    }
    return differences;
  }
  if (isObject(reference) && isObject(subject)) {
    if (reference["ok"] !== subject["ok"]) {
      // An error against a success: their fields have nothing to do with each other.
      return [{ path, reference, subject }];
    }
    const names = new Set([...Object.keys(reference), ...Object.keys(subject)]);
    return [...names].flatMap((name) =>
      name === "TTL" && isRemainingTime(reference) && isRemainingTime(subject)
        ? compareRemaining(String(reference[name]), String(subject[name]), `${path}.${name}`)
        : findDifferences(reference[name], subject[name], `${path}.${name}`),
    );
  }
  return Object.is(reference, subject) ? [] : [{ path, reference, subject }];
}

const isRemainingTime = (message: Message): boolean => "grantedTTL" in message;

function compareRemaining(reference: string, subject: string, path: string): Difference[] {
  const bothLive = Number(reference) >= 0 && Number(subject) >= 0;
  const apart = Math.abs(Number(reference) - Number(subject));
  const isSame = reference === subject || (bothLive && apart <= TTL_TOLERANCE_SECONDS);
  return isSame ? [] : [{ path, reference, subject }];
}

export interface Comparison {
  readonly unknown: readonly Difference[];
  /** The ids of the known differences that were met. */
  readonly known: readonly string[];
}

export function compareAnswers(
  operation: Operation,
  resolution: Resolution,
  referenceAnswer: unknown,
  subjectAnswer: unknown,
): Comparison {
  const unknown: Difference[] = [];
  const known = new Set<string>();
  for (const difference of findDifferences(referenceAnswer, subjectAnswer)) {
    const encounter = { operation, resolution, difference, referenceAnswer, subjectAnswer };
    const match = [...knownDifferences].find(([, matches]) => matches(encounter));
    if (match === undefined) {
      unknown.push(difference);
    } else {
      known.add(match[0]);
    }
  }
  return { unknown, known: [...known] };
}
