// The loads that servers are compared under, and the floor that each has to reach.
import type { LoadOptions } from "./load-generator.js";
import type { H2loadOptions } from "./h2load.js";

export const preloadedKeys = 100_000;
export const valueBytes = 256;

/** What our server has to reach against etcd under the same load in the same round. */
export interface Floor {
  /** Our throughput ÷ etcd's, at least: etcd on one core, and on both. */
  readonly ratio?: number;
  readonly ratioToTwoCores?: number;
  /** This percentile of ours must not exceed etcd's on one core. */
  readonly notSlower?: "p50" | "p99";
  /** Operations a second, whatever etcd does. */
  readonly perSecond?: number;
}

type Generated = Pick<
  LoadOptions,
  "mode" | "connections" | "streams" | "keys" | "watchers" | "putsPerSecond"
>;

export type Work =
  | { readonly tool: "t4-load"; readonly options: Generated }
  | {
      readonly tool: "h2load";
      readonly options: Pick<H2loadOptions, "method" | "connections" | "streams" | "tls">;
    };

export interface Load {
  readonly name: string;
  readonly work: Work;
  readonly floor: Floor;
}

const shapes = [
  { shape: "1x1", connections: 1, streams: 1 },
  { shape: "100x1", connections: 100, streams: 1 },
  { shape: "16x16", connections: 16, streams: 16 },
] as const;

type Shape = (typeof shapes)[number]["shape"];

const rangeFloors: Readonly<Record<Shape, Floor>> = {
  "1x1": { notSlower: "p50" },
  "16x16": { ratio: 12, ratioToTwoCores: 6, notSlower: "p99" },
  "100x1": { ratio: 4, ratioToTwoCores: 2.5, notSlower: "p99" },
};

const putFloors: Readonly<Record<Shape, Floor>> = {
  "1x1": { notSlower: "p50" },
  "16x16": { ratio: 4, ratioToTwoCores: 2.5, notSlower: "p99" },
  "100x1": { ratio: 2, ratioToTwoCores: 1.4, notSlower: "p99" },
};

const noFloors: Readonly<Record<Shape, Floor>> = { "1x1": {}, "16x16": {}, "100x1": {} };

function unary(
  name: string,
  options: Omit<Generated, "connections" | "streams">,
  floors: Readonly<Record<Shape, Floor>>,
): Load[] {
  return shapes.map(({ shape, connections, streams }) => ({
    name: `${name} ${shape}`,
    work: { tool: "t4-load", options: { ...options, connections, streams } },
    floor: floors[shape],
  }));
}

function throughH2load(method: "Range" | "Put"): Load[] {
  return shapes
    .filter(({ shape }) => shape !== "1x1")
    .map(({ shape, connections, streams }) => ({
      name: `h2load ${method.toLowerCase()} ${shape}`,
      work: { tool: "h2load", options: { method, connections, streams } },
      floor: {},
    }));
}

const tlsFloors: Readonly<Record<Shape, Floor>> = { "1x1": {}, "16x16": { ratio: 4 }, "100x1": {} };

/** The same with TLS: h2load speaks it, the generator does not. */
function throughTls(method: "Range" | "Put"): Load[] {
  return shapes
    .filter(({ shape }) => shape !== "1x1")
    .map(({ shape, connections, streams }) => ({
      name: `tls ${method.toLowerCase()} ${shape}`,
      work: { tool: "h2load", options: { method, connections, streams, tls: true } },
      floor: method === "Range" ? tlsFloors[shape] : {},
    }));
}

/** Sixteen puts are under way at once, from being sent to their delivery to the last watcher. */
function fanOut(watchers: number, floor: Floor): Load {
  return {
    name: `watch ${watchers}`,
    work: { tool: "t4-load", options: { mode: "watch", watchers, connections: 16, streams: 16 } },
    floor,
  };
}

const steadyFanOut: Load = {
  name: "watch 1000, 50 puts/s",
  work: {
    tool: "t4-load",
    options: { mode: "watch", watchers: 1000, connections: 16, putsPerSecond: 50 },
  },
  floor: {},
};

/**
 * Those that write least come first, so that none meets what heavier writes left behind (see `startServers` in etcd.ts:
 * it is etcd's reads that would suffer).
 */
export const loads: readonly Load[] = [
  ...unary("range one key", { mode: "range", keys: 1 }, rangeFloors),
  ...throughH2load("Range"),
  ...unary("range random", { mode: "range" }, noFloors),
  ...unary("mixed 9:1", { mode: "mixed" }, noFloors),
  ...unary("txn", { mode: "txn" }, noFloors),
  ...unary("put random", { mode: "put" }, putFloors),
  ...throughH2load("Put"),
  ...[1, 16, 64, 256].map((watchers) => fanOut(watchers, {})),
  fanOut(1000, { perSecond: 300_000 }),
  steadyFanOut,
];

/** Measured in a run of their own: the servers then listen with TLS as well. */
export const tlsLoads: readonly Load[] = [...throughTls("Range"), ...throughTls("Put")];
