// node build/bench/auth-rates.js: what auth costs the whole server. It is switched on and off in turns on one server: 100 users
// with a role each, 1,000 permissions, every call with a simple token. Pinned as in the comparison with etcd.
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";

import { assertSound, buildGenerator, generateLoad } from "./harness/load-generator.js";
import { preloadedKeys, valueBytes } from "./harness/loads.js";
import { settle } from "./harness/processes.js";
import { loadCore, ServerUnderTest } from "./harness/server-under-test.js";
import { median } from "./harness/statistics.js";
import { formatTable } from "./harness/table.js";

const USERS = 100;
const PERMISSIONS_PER_ROLE = 10;
const PASSWORD = "secret";
/** How long the load before may have its background work, as in the comparison with etcd. */
const SETTLE_MS = 5_000;

const loads = [
  { mode: "range", connections: 16, streams: 16 },
  { mode: "range", connections: 100, streams: 1 },
  { mode: "put", connections: 16, streams: 16 },
  { mode: "put", connections: 100, streams: 1 },
] as const;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "1" },
  },
});
const seconds = Number(options.seconds);
const warmUpSeconds = Number(options["warm-up"]);

const base64 = (text: string): string => Buffer.from(text).toString("base64");

async function post(
  port: number,
  path: string,
  body: object,
  token = "",
): Promise<{ token?: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    ...(token === "" ? {} : { headers: { authorization: token } }),
  });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${path}: ${text}`);
  }
  return JSON.parse(text) as { token?: string };
}

async function addUser(port: number, name: string, role: string): Promise<void> {
  await post(port, "auth/user/add", { name, password: PASSWORD });
  await post(port, "auth/role/add", { name: role });
  await post(port, "auth/user/grant", { user: name, role });
}

async function grant(port: number, role: string, key: string, end: string): Promise<void> {
  const perm = { permType: "READWRITE", key: base64(key), range_end: base64(end) };
  await post(port, "auth/role/grant", { name: role, perm });
}

/** Each user may read and write everything, by the last of its ten permissions. */
async function addUsers(port: number): Promise<void> {
  await addUser(port, "root", "root");
  for (let user = 0; user < USERS; user += 1) {
    await addUser(port, `user-${user}`, `role-${user}`);
    for (let part = 1; part < PERMISSIONS_PER_ROLE; part += 1) {
      const key = `other/${user}/${part}`;
      await grant(port, `role-${user}`, key, `${key}~`);
    }
    await grant(port, `role-${user}`, "\0", "\0");
  }
}

async function login(port: number, name: string): Promise<string> {
  const { token } = await post(port, "auth/authenticate", { name, password: PASSWORD });
  if (token === undefined) {
    throw new Error("a login gives a token");
  }
  return token;
}

async function measure(
  server: ServerUnderTest,
  load: (typeof loads)[number],
  token: string | undefined,
): Promise<number> {
  await settle(server.pid, SETTLE_MS);
  const report = await generateLoad({
    ...load,
    port: server.port,
    core: loadCore,
    keys: preloadedKeys,
    valueBytes,
    seconds,
    warmUpSeconds,
    ...(token === undefined ? {} : { token }),
  });
  assertSound(report);
  return report.perSecond;
}

await buildGenerator();
const server = await ServerUnderTest.start("ours", "t4", tmpdir());
try {
  const { port } = server;
  const fill = { connections: 16, streams: 16, keys: preloadedKeys, valueBytes };
  assertSound(await generateLoad({ mode: "fill", port, core: loadCore, ...fill }));
  await addUsers(port);
  const withAuth = async (load: (typeof loads)[number]): Promise<number> => {
    await post(port, "auth/enable", {});
    const rate = await measure(server, load, await login(port, "user-7"));
    await post(port, "auth/disable", {}, await login(port, "root"));
    return rate;
  };
  const rows: string[][] = [];
  for (const load of loads) {
    const rates = { off: [] as number[], on: [] as number[] };
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const isOn of round % 2 === 0 ? [false, true] : [true, false]) {
        const rate = isOn ? await withAuth(load) : await measure(server, load, undefined);
        rates[isOn ? "on" : "off"].push(rate);
      }
    }
    const ratios = rates.on.map((rate, round) => rate / (rates.off[round] ?? Number.NaN));
    rows.push([
      `${load.mode} ${load.connections}x${load.streams}`,
      Math.round(median(rates.off)).toLocaleString("en-US"),
      Math.round(median(rates.on)).toLocaleString("en-US"),
      `×${median(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)})`,
    ]);
  }
  console.log(
    formatTable([["load", "without auth /s", "with auth /s", "with ÷ without"], ...rows]),
  );
} finally {
  await server.stop();
}
