// `t4 import --endpoints` against servers that are as people have them: with certificates, slow, and with leases that
// are shorter than the copy takes.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GrpcClient, type Message } from "../support/grpc-client.js";
import { startServer, t4, type CommandResult } from "../support/process/t4-command.js";
import { must } from "../support/process/t4-results.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { tlsFixturePath } from "../support/tls-fixtures.js";

let root = "";
let places = 0;

before(async () => {
  root = await makeTempDirectory("import-endpoints");
});

after(async () => {
  await removeTempDirectory(root);
});

function fresh(name: string): string {
  places += 1;
  return join(root, `${name}-${places}`);
}

const put = (key: string, value: string, lease = 0): Message => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  lease,
});

async function keysAt(address: string): Promise<string[]> {
  using client = new GrpcClient(address);
  const all = { key: Buffer.from([0]), range_end: Buffer.from([0]), keys_only: true };
  const { kvs } = await client.must("/etcdserverpb.KV/Range", all);
  return (kvs as Message[]).map(({ key, lease }) => `${String(key)} ${String(lease)}`);
}

test("certificates are for the source, and for a target that is said to be https", async () => {
  const certificate = [
    ...["--client-tls-cert", tlsFixturePath("server.pem")],
    ...["--client-tls-key", tlsFixturePath("server-key.pem")],
  ];
  using source = await startServer(fresh("source"), certificate);
  using plain = await startServer(fresh("plain"));
  using secure = await startServer(fresh("secure"), certificate);
  const cacert = ["--cacert", tlsFixturePath("ca.pem")];
  const into = async (endpoint: string, to: string): Promise<CommandResult> =>
    must("import", "--endpoints", endpoint, ...cacert, "--to", to, "--state", fresh("state"));
  {
    using client = new GrpcClient(plain.address);
    await client.must("/etcdserverpb.KV/Put", put("k", "v"));
  }
  const withHost = (address: string): string => address.replace("127.0.0.1", "localhost");
  await must(
    ...["import", "--endpoints", `http://${plain.address}`, ...cacert, "--state", fresh("state")],
    ...["--to", `https://${withHost(source.address)}`],
  );
  using empty = await startServer(fresh("empty"));
  await into(`https://${withHost(source.address)}`, empty.address);
  assert.deepEqual(await keysAt(empty.address), ["k 0"]);
  await into(withHost(source.address), `http://${empty.address}`);
  await into(withHost(source.address), `https://${withHost(secure.address)}`);
});

/** Holds back what a server sends, once, after some bytes of it. */
async function pausingProxy(
  to: string,
  afterBytes: number,
  pauseMs: number,
): Promise<{ readonly address: string; readonly server: Server }> {
  const [host, port] = to.split(":");
  let bytes = 0;
  const server = createServer((socket) => {
    const upstream = connect(Number(port), host);
    socket.pipe(upstream);
    for (const each of [socket, upstream]) {
      each.on("error", () => {});
      each.on("close", () => {
        socket.destroy();
        upstream.destroy();
      });
    }
    upstream.on("data", (chunk: Buffer) => {
      const isHere = bytes <= afterBytes && bytes + chunk.length > afterBytes;
      bytes += chunk.length;
      if (isHere) {
        upstream.pause();
        setTimeout(() => {
          socket.write(chunk);
          upstream.resume();
        }, pauseMs);
      } else {
        socket.write(chunk);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Of two pages, the first of some 65 kB. */
const KEYS = 1_000;
const SECOND_PAGE_BYTES = 90_000;

/** A source whose first key has a lease of two seconds, which its client renews. */
async function leasedSource(): Promise<Disposable & { readonly address: string }> {
  const server = await startServer(fresh("source"));
  const client = new GrpcClient(server.address);
  await client.must("/etcdserverpb.Lease/LeaseGrant", { ID: 7, TTL: 2 });
  const stream = client.open("/etcdserverpb.Lease/LeaseKeepAlive");
  const timer = setInterval(() => {
    stream.send({ ID: 7 });
  }, 300);
  await client.must("/etcdserverpb.KV/Put", put("a", "leased", 7));
  for (let at = 0; at < KEYS; at += 100) {
    const success = Array.from({ length: 100 }, (_, more) => ({
      request_put: put(`k${String(at + more).padStart(4, "0")}`, "v".repeat(100)),
    }));
    await client.must("/etcdserverpb.KV/Txn", { success });
  }
  return {
    address: server.address,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      stream[Symbol.dispose]();
      client[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}

test("a copy that takes longer than a lease keeps what hangs on it, in a directory and at a server", async () => {
  using source = await leasedSource();
  using target = await startServer(fresh("target"));
  const into = async (...flags: string[]): Promise<Message> => {
    const slow = await pausingProxy(source.address, SECOND_PAGE_BYTES, 6_000);
    const told = await must("import", "--endpoints", slow.address, ...flags, "--json");
    slow.server.close();
    return JSON.parse(told.stdout) as Message;
  };
  const data = fresh("data");
  const told = await Promise.all([
    into("--data-dir", data),
    into("--to", target.address, "--state", fresh("state")),
  ]);
  for (const { keys, leases, keysOfEndedLeases } of told) {
    assert.deepEqual([keys, leases, keysOfEndedLeases], [KEYS + 1, 1, 0]);
  }
  const { stdout } = await must("inspect", "list", "--data-dir", data, "--json", "--limit", "1");
  const first = JSON.parse(stdout) as Message;
  assert.deepEqual([first["key"], String(first["lease"])], ["a", "7"]);
});

test("a copy whose leases have ended at the server meanwhile is made again, from its first key", async () => {
  using source = await leasedSource();
  using target = await startServer(fresh("target"));
  const state = fresh("state");
  const slow = await pausingProxy(source.address, SECOND_PAGE_BYTES, 6_000);
  const to = ["--to", target.address, "--state", state];
  const stopped = t4(["import", "--endpoints", slow.address, ...to]);
  using client = new GrpcClient(target.address);
  for (let isThere = false; !isThere;) {
    const { leases } = await client.must("/etcdserverpb.Lease/LeaseLeases", {});
    isThere = (leases as unknown[]).length > 0;
  }
  // As if it had ended: the server was frozen, say.
  await client.must("/etcdserverpb.Lease/LeaseRevoke", { ID: 7 });
  const { code, stderr } = await stopped;
  slow.server.close();
  assert.equal(code, 1, stderr);
  assert.match(stderr, /lease.* has ended at .*the same command copies all of them again/);
  assert.ok(existsSync(state));
  const kept = JSON.parse(readFileSync(state, "utf8")) as Message;
  // Whether the first page was over when the lease went.
  writeFileSync(
    state,
    JSON.stringify({ ...kept, after: "6b30343938", leases: ["7".padStart(16, "0")] }),
  );
  const again = await must("import", "--endpoints", source.address, ...to);
  assert.match(again.stderr, /leases have ended at .*all are copied again/);
  assert.match(again.stdout, new RegExp(`copied ${KEYS + 1} keys and 1 leases`));
});
