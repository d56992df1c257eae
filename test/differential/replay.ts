// Replays a script against two fresh, empty servers and stops at the first answer that differs; then drops operations
// until what is left still differs, so that a failure is a few lines to read.
import { inspect } from "node:util";
import type { ServerProcess } from "../support/process/server-process.js";
import { compareAnswers, type Difference } from "./compare.js";
import type { Operation, Script } from "./script/operation.js";
import { Participant, type Answer } from "./participant.js";

const SHRINK_REPLAYS_MAX = 60;
const SHRINK_MS_MAX = 45_000;
const PRINTED_CHARS_MAX = 20_000;

export type Start = () => Promise<ServerProcess>;

/** Stands between the subject and the comparison: the harness's own test plants differences with it. */
export type Tamper = (answer: Answer, operation: Operation, at: number) => Answer;

export interface Contest {
  readonly startReference: Start;
  readonly startSubject: Start;
  readonly tamper?: Tamper;
}

export interface Finding {
  /** Where in the script; its length when only the histories of events differ. */
  readonly at: number;
  readonly operation: Operation | undefined;
  readonly referenceAnswer: Answer;
  readonly subjectAnswer: Answer;
  readonly differences: readonly Difference[];
}

export interface ReplayResult {
  readonly finding: Finding | undefined;
  /** How often each known difference was met. */
  readonly known: ReadonlyMap<string, number>;
}

interface Pair extends AsyncDisposable {
  readonly reference: Participant;
  readonly subject: Participant;
}

async function startPair(contest: Contest): Promise<Pair> {
  const results = await Promise.allSettled(
    [contest.startReference, contest.startSubject].map(async (start) =>
      Participant.join(await start()),
    ),
  );
  const [reference, subject] = results.map((result) =>
    result.status === "fulfilled" ? result.value : undefined,
  );
  if (reference === undefined || subject === undefined) {
    await reference?.[Symbol.asyncDispose]();
    await subject?.[Symbol.asyncDispose]();
    throw results.find((result) => result.status === "rejected")?.reason as Error;
  }
  return {
    reference,
    subject,
    async [Symbol.asyncDispose]() {
      await Promise.all([reference[Symbol.asyncDispose](), subject[Symbol.asyncDispose]()]);
    },
  };
}

export async function replay(script: Script, contest: Contest): Promise<ReplayResult> {
  await using pair = await startPair(contest);
  return await replayOn(pair, script, contest.tamper);
}

async function replayOn(
  { reference, subject }: Pair,
  script: Script,
  tamper: Tamper | undefined,
): Promise<ReplayResult> {
  const known = new Map<string, number>();
  const check = (
    at: number,
    operation: Operation,
    answers: readonly [Answer, Answer],
    resolution: Participant["resolution"],
  ): Finding | undefined => {
    const [referenceAnswer, subjectAnswer] = answers;
    const comparison = compareAnswers(operation, resolution, referenceAnswer, subjectAnswer);
    for (const id of comparison.known) {
      known.set(id, (known.get(id) ?? 0) + 1);
    }
    return comparison.unknown.length === 0
      ? undefined
      : { at, operation, referenceAnswer, subjectAnswer, differences: comparison.unknown };
  };
  for (const [at, operation] of script.entries()) {
    const { resolution } = reference;
    const [referenceAnswer, subjectAnswer] = await Promise.all([
      answerOrFailure(reference, async () => reference.perform(operation, resolution)),
      answerOrFailure(subject, async () => subject.perform(operation, resolution)),
    ]);
    if (isFailure(referenceAnswer)) {
      // Nothing to compare with: the script asks for what the harness cannot follow, or etcd broke.
      const script = JSON.stringify(operation);
      throw new Error(
        `etcd failed at ${at}: ${script}: ${inspect(referenceAnswer)}\n${reference.server.output}`,
      );
    }
    const heard = tamper?.(subjectAnswer, operation, at) ?? subjectAnswer;
    const finding = check(at, operation, [referenceAnswer, heard], resolution);
    if (finding !== undefined) {
      return { finding, known };
    }
  }
  const histories = await Promise.all([
    history(reference),
    answerOrFailure(subject, async () => history(subject)),
  ]);
  const all: Operation = { kind: "watch", steps: [] };
  const heard = tamper?.(histories[1], all, script.length) ?? histories[1];
  return { finding: check(script.length, all, [histories[0], heard], reference.resolution), known };
}

async function history(participant: Participant): Promise<Answer> {
  await participant.settle();
  return { groups: participant.history, anomalies: participant.tapAnomalies };
}

/** A subject that hangs, dies or breaks a stream has answered: wrongly. */
async function answerOrFailure(
  participant: Participant,
  perform: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await perform();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { failure: text, output: participant.server.output.slice(-2_000) };
  }
}

const UNAVAILABLE = 14;

/** The harness could not follow, or the server is gone. */
const isFailure = (answer: Answer): boolean =>
  typeof answer === "object" &&
  answer !== null &&
  ("failure" in answer || ("code" in answer && answer.code === UNAVAILABLE));

/** Drops ever smaller parts of the script as long as what is left still differs. */
export async function shrink(
  script: Script,
  finding: Finding,
  contest: Contest,
): Promise<{ readonly script: Script; readonly finding: Finding }> {
  let best: { readonly script: Script; readonly finding: Finding } = {
    script: script.slice(0, finding.at + 1),
    finding,
  };
  const endAtMs = performance.now() + SHRINK_MS_MAX;
  let replays = 0;
  let partLength = Math.ceil(best.script.length / 2);
  while (partLength >= 1) {
    let at = 0;
    while (at < best.script.length) {
      if (replays === SHRINK_REPLAYS_MAX || performance.now() > endAtMs) {
        return best;
      }
      replays += 1;
      const shorter = best.script.toSpliced(at, partLength);
      const { finding: again } = await replay(shorter, contest);
      if (again === undefined) {
        at += partLength;
      } else {
        best = { script: shorter.slice(0, again.at + 1), finding: again };
      }
    }
    partLength = partLength === 1 ? 0 : Math.ceil(partLength / 2);
  }
  return best;
}

const show = (value: unknown): string => {
  const text = inspect(value, {
    depth: 20,
    breakLength: 110,
    maxStringLength: 200,
    maxArrayLength: 200,
  });
  return text.length > PRINTED_CHARS_MAX ? `${text.slice(0, PRINTED_CHARS_MAX)}…` : text;
};

/** What a person needs: how to replay, the shortest script found, what differs, and both answers. */
export function report(title: string, script: Script, finding: Finding): string {
  const { differences, referenceAnswer, subjectAnswer } = finding;
  return [
    `${title}: the answers differ`,
    finding.at === script.length
      ? "the answers agree, the events of the whole run do not:"
      : `at operation ${finding.at}:`,
    ...differences
      .slice(0, 20)
      .map(({ path, reference, subject }) => `  ${path}: ${show(reference)} ≠ ${show(subject)}`),
    `script (${script.length} operations):`,
    ...script.map((operation, at) => `  ${at}: ${JSON.stringify(operation)}`),
    `etcd's answer: ${show(referenceAnswer)}`,
    `our answer: ${show(subjectAnswer)}`,
  ].join("\n");
}
