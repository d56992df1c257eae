// All gRPC services of a server, over one node.
import { REQUEST_BYTES_MAX, TXN_OPERATIONS_MAX } from "../core/limits.js";
import type { Consistency, Node } from "../node/node.js";
import type { Clock } from "../runtime/clock.js";
import type { Random } from "../runtime/random.js";
import type { ServiceMap } from "../transport/service.js";
import { adminMethods } from "./maintenance/admin-service.js";
import { makeAuth, type Auth, type AuthOptions } from "./auth/auth.js";
import { guarded } from "./auth/guard.js";
import { authMethods } from "./auth/service.js";
import { clusterMethods } from "./cluster-service.js";
import { electionService } from "./concurrency/election-service.js";
import { lockMethods } from "./concurrency/lock-service.js";
import { WaitingCalls } from "./concurrency/waiting-calls.js";
import { serverStopped } from "./errors.js";
import { healthService } from "./health-service.js";
import { rangeStreamMethods } from "./kv/range-stream.js";
import { kvMethods } from "./kv/service.js";
import { leaseService } from "./lease-service.js";
import { maintenanceMethods } from "./maintenance/maintenance-service.js";
import { ResponseHeaders } from "./response-header.js";
import type { MemberInformation, ServiceContext } from "./service-context.js";
import { snapshotService } from "./snapshot/snapshot-service.js";
import { watchService } from "./watch/service.js";

/** etcd's default, and the shortest that it takes. */
export const WATCH_PROGRESS_INTERVAL_MS: number = 10 * 60_000;
export const WATCH_PROGRESS_INTERVAL_MS_MIN: number = 100;

export interface ServiceOptions {
  readonly node: Node;
  readonly clock: Clock;
  readonly random: Random;
  readonly members: () => readonly MemberInformation[];
  /** How current reads are whose callers do not say that they take old ones; default linearizable. */
  readonly readConsistency?: Consistency;
  /** How often a watcher without events that asked for it is told the revision; at least 100 ms. */
  readonly watchProgressIntervalMs?: number;
  /** Largest write request; 1.5 MiB if not given. */
  readonly requestBytesMax?: number;
  /** Most operations in one list of a transaction; 128 if not given. */
  readonly txnOperationsMax?: number;
  readonly auth: AuthOptions;
}

export interface AuthCounters {
  readonly revision: number;
  readonly enabled: boolean;
  readonly tokens: number;
  readonly loginsSucceeded: number;
  readonly loginsFailed: number;
  readonly loginsPaused: number;
  readonly invalidTokens: number;
}

export interface EtcdServices {
  readonly methods: ServiceMap;
  readonly watchStreams: number;
  readonly watchers: number;
  readonly auth: AuthCounters;
  /** The health service says so from now on; calls are still answered. */
  stopServing(): void;
  /** Ends the calls that have no end of their own: watches, keepalives, observations, those that wait for a lock. */
  endStreams(): void;
}

export function createServices(options: ServiceOptions): EtcdServices {
  const { node, clock, random } = options;
  const auth = makeAuth(node, clock, random, options.auth);
  const context: ServiceContext = {
    node,
    headers: new ResponseHeaders(node),
    clock,
    random,
    authoriser: auth.authoriser,
    members: options.members,
    readConsistency: options.readConsistency ?? "linearizable",
    watchProgressIntervalMs: Math.max(
      options.watchProgressIntervalMs ?? WATCH_PROGRESS_INTERVAL_MS,
      WATCH_PROGRESS_INTERVAL_MS_MIN,
    ),
    requestBytesMax: options.requestBytesMax ?? REQUEST_BYTES_MAX,
    txnOperationsMax: options.txnOperationsMax ?? TXN_OPERATIONS_MAX,
  };
  const watch = watchService(context);
  const lease = leaseService(context);
  const health = healthService(context);
  const waiting = new WaitingCalls(context);
  const election = electionService(context, waiting);
  const snapshot = snapshotService(context);
  return {
    methods: new Map(
      guarded(context, [
        ...kvMethods(context),
        ...rangeStreamMethods(context),
        ...watch.methods,
        ...lease.methods,
        ...clusterMethods(context),
        ...maintenanceMethods(context),
        ...adminMethods(context),
        ...lockMethods(context, waiting),
        ...election.methods,
        ...snapshot.methods,
        ...authMethods(context, auth.logins, auth.queue),
        ...health.methods,
      ]),
    ),
    get watchStreams() {
      return watch.streamCount;
    },
    get watchers() {
      return watch.watcherCount;
    },
    get auth() {
      return countersOf(node, auth);
    },
    stopServing() {
      health.stopServing();
    },
    endStreams() {
      const reason = serverStopped();
      watch.close(reason);
      lease.close(reason);
      waiting.close(reason);
      election.close(reason);
      health.close(reason);
      snapshot.close(reason);
      auth.close();
    },
  };
}

function countersOf(node: Node, { authoriser, logins }: Auth): AuthCounters {
  return {
    revision: node.auth.revision,
    enabled: node.auth.enabled,
    tokens: authoriser.tokenCount,
    loginsSucceeded: logins.succeeded,
    loginsFailed: logins.failed,
    loginsPaused: logins.paused,
    invalidTokens: authoriser.invalidTokens,
  };
}
