// What goes wrong between a client and S3, by script or by seed.
import { SeededRandom } from "../../support/seeded-random.js";
import type { S3Request } from "./answer.js";

export type Fault =
  /** The request is handled after this long. */
  | { readonly kind: "delay"; readonly delayMs: number }
  /** An answer of an error, and nothing is done. */
  | {
      readonly kind: "refuse";
      readonly status: number;
      readonly code: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection ends before anything is done. */
  | { readonly kind: "drop-before" }
  /** It is done, and the connection ends before the answer: a lost response. */
  | { readonly kind: "drop-after" }
  /** The connection ends after this much of the answer's body. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** The answer stops after this much of its body, and the connection stays open. */
  | { readonly kind: "stall"; readonly bytes: number }
  /** Nothing is done and nothing is answered, for ever. */
  | { readonly kind: "hang" }
  /** It is done, and nothing is answered, for ever. */
  | { readonly kind: "hang-after" };

export const slowDown = (retryAfterSeconds?: number): Fault => ({
  kind: "refuse",
  status: 503,
  code: "SlowDown",
  ...(retryAfterSeconds === undefined
    ? {}
    : { headers: { "retry-after": String(retryAfterSeconds) } }),
});

export const internalError: Fault = { kind: "refuse", status: 500, code: "InternalError" };

/** Two conditional requests met: S3 does neither and wants to be asked again. */
export const conflict: Fault = { kind: "refuse", status: 409, code: "ConditionalRequestConflict" };

interface Scripted {
  readonly operation: string;
  readonly fault: Fault;
  times: number;
}

export class Faults {
  #scripted: Scripted[] = [];
  #choose: (request: S3Request) => Fault | null = () => null;

  /** The next `times` requests of this operation ("*" for any) meet this fault; earlier ones of the script come first. */
  next(operation: string, fault: Fault, times = 1): void {
    this.#scripted.push({ operation, fault, times });
  }

  always(operation: string, fault: Fault): void {
    this.next(operation, fault, Number.POSITIVE_INFINITY);
  }

  /** Every request meets a fault with this probability, chosen by the seed. */
  random(seed: number, probability: number, faults: readonly Fault[]): void {
    const random = new SeededRandom(seed);
    this.#choose = () => (random.chance(probability) ? random.pick(faults) : null);
  }

  none(): void {
    this.#scripted = [];
    this.#choose = () => null;
  }

  take(request: S3Request): Fault | null {
    const scripted = this.#scripted.find(
      ({ operation, times }) => times > 0 && (operation === "*" || operation === request.operation),
    );
    if (scripted !== undefined) {
      scripted.times -= 1;
      return scripted.fault;
    }
    return this.#choose(request);
  }
}
