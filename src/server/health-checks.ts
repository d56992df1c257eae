// What /health, /livez and /readyz find out about a node, in etcd's words.
import { ALARM } from "../core/alarm.js";
import { T4Error } from "../core/errors.js";
import { readBarrier } from "../etcd/cluster-service.js";
import { ETCD_ERRORS } from "../etcd/errors.js";
import { pointRead } from "../etcd/kv/requests.js";
import type { Node } from "../node/node.js";
import type { Clock } from "../runtime/clock.js";
import type { Metrics } from "../runtime/metrics/metrics.js";

/** etcd's --election-timeout (1 s) twice, and 5 s. */
const CHECK_MS_MAX = 7000;

export type Probe = "livez" | "readyz";

/** Resolves to null if all is well, else to what is wrong. */
type Check = () => Promise<string | null>;

export interface CheckResult {
  readonly isHealthy: boolean;
  /** One line for each check. */
  readonly lines: string;
}

export class HealthChecks {
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #checks: Readonly<Record<Probe, ReadonlyMap<string, Check>>>;
  /** Ended, by "probe name status". */
  readonly #counts = new Map<string, number>();
  #healthSuccesses = 0;
  #healthFailures = 0;

  constructor(node: Node, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
    const serializable = async (): Promise<string | null> => this.#readFails("serializable");
    const linearizable = async (): Promise<string | null> => this.#readFails("linearizable");
    const passes = async (): Promise<null> => Promise.resolve(null);
    this.#checks = {
      livez: new Map([["serializable_read", serializable]]),
      readyz: new Map<string, Check>([
        ["data_corruption", async () => Promise.resolve(this.#corruption())],
        ["serializable_read", serializable],
        ["linearizable_read", linearizable],
        // There are no members that only learn.
        ["non_learner", passes],
      ]),
    };
  }

  /** etcd's text for the alarm; a node that finds damage itself stops. */
  #corruption(): string | null {
    const isRaised = this.#node.maintenance.alarms().some(({ alarm }) => alarm === ALARM.corrupt);
    return isRaised ? "alarm activated: CORRUPT" : null;
  }

  names(probe: Probe): readonly string[] {
    return [...this.#checks[probe].keys()];
  }

  /** Runs the checks named. */
  async run(probe: Probe, names: readonly string[]): Promise<CheckResult> {
    let isHealthy = true;
    let lines = "";
    for (const name of names) {
      const problem = await (this.#checks[probe].get(name)?.() ?? Promise.resolve(null));
      lines += problem === null ? `[+]${name} ok\n` : `[-]${name} failed: ${problem}\n`;
      isHealthy &&= problem === null;
      const key = `${probe} ${name} ${problem === null ? "success" : "error"}`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    }
    return { isHealthy, lines };
  }

  /** The reason why /health says false; null if it says true. */
  async health(excludedAlarms: ReadonlySet<string>, serializable: boolean): Promise<string | null> {
    const reason = await this.#unhealthyReason(excludedAlarms, serializable);
    if (reason === null) {
      this.#healthSuccesses += 1;
    } else {
      this.#healthFailures += 1;
    }
    return reason;
  }

  async #unhealthyReason(
    excludedAlarms: ReadonlySet<string>,
    serializable: boolean,
  ): Promise<string | null> {
    const { hasSpace, isLeader } = this.#node.status();
    const isRaised = (alarm: number): boolean =>
      this.#node.maintenance.alarms().some((each) => each.alarm === alarm);
    if ((!hasSpace || isRaised(ALARM.noSpace)) && !excludedAlarms.has("NOSPACE")) {
      return "ALARM NOSPACE";
    }
    if (isRaised(ALARM.corrupt) && !excludedAlarms.has("CORRUPT")) {
      return "ALARM CORRUPT";
    }
    if (!serializable && !isLeader) {
      return "RAFT NO LEADER";
    }
    const problem = await this.#readFails(serializable ? "serializable" : "linearizable");
    return problem === null ? null : `RANGE ERROR:${problem}`;
  }

  /** Tries a read; returns etcd's text for how it fails, or null. */
  async #readFails(consistency: "serializable" | "linearizable"): Promise<string | null> {
    const over = new AbortController();
    const timeout = this.#clock.sleep(CHECK_MS_MAX, over.signal).then(
      () => "etcdserver: request timed out",
      () => null,
    );
    const read = async (): Promise<null> => {
      if (consistency === "linearizable") {
        await readBarrier(this.#node);
      } else {
        await this.#node.range({ ...pointRead("\0"), countOnly: true }, "serializable");
      }
      return null;
    };
    try {
      return await Promise.race([read(), timeout]);
    } catch (error) {
      if (!(error instanceof T4Error)) {
        throw error;
      }
      return ETCD_ERRORS[error.code]?.[1] ?? error.message;
    } finally {
      over.abort();
    }
  }

  declareMetrics(metrics: Metrics): void {
    metrics.counter(
      "etcd_server_health_success",
      "Checks by /health that found the server healthy.",
      () => this.#healthSuccesses,
    );
    metrics.counter(
      "etcd_server_health_failures",
      "Checks by /health that found the server not healthy.",
      () => this.#healthFailures,
    );
    metrics.family(
      "counter",
      "etcd_server_healthchecks_total",
      "Checks by /livez and /readyz.",
      ["type", "name", "status"],
      () =>
        [...this.#counts].map(([key, value]) => {
          const [type = "", name = "", status = ""] = key.split(" ");
          return { labels: { type, name, status }, value };
        }),
    );
  }
}
