// TLS on real sockets: who is let in and who is not, and what the log says.
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, symlinkSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import tls from "node:tls";
import { silentLogger } from "../../src/runtime/logger.js";
import { systemClock } from "../../src/runtime/system-clock.js";
import { readTlsFiles } from "../../src/transport/tls/files.js";
import { makeTlsServer } from "../../src/transport/tls/listener.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { tlsFixture, tlsFixturePath } from "../support/tls-fixtures.js";
import { closed, within } from "../support/process/wait.js";
import { as, DEADLINE_MS, get, logged, mutualTls, plainTls, start } from "./tls-port.js";

suite("client certificates", () => {
  test("a certificate of a trusted authority is let in, whatever TLS version", async (context) => {
    const { port, lines } = await start(context, { ...mutualTls, crl: tlsFixture("crl.pem") });
    assert.equal(await get(port, as("client")), 200);
    assert.equal(await get(port, { ...as("client"), maxVersion: "TLSv1.2" }), 200);
    assert.deepEqual(lines, []);
  });

  test("none, a foreign, an expired, a server's and a revoked one are refused, and the log says why", async (context) => {
    const { port, lines, server } = await start(context, {
      ...mutualTls,
      crl: tlsFixture("crl.pem"),
    });
    const refused: [tls.ConnectionOptions, RegExp][] = [
      [{}, /it showed no client certificate/],
      [as("client-foreign"), /authority that is not trusted/],
      [as("client-expired"), /its certificate has expired/],
      [as("server"), /not for clients/],
      [as("client-revoked"), /certificate serial [0-9a-f]+ revoked/],
    ];
    for (const [options, reason] of refused) {
      for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
        const answer = await get(port, { ...options, maxVersion });
        assert.equal(typeof answer, "object", `${reason} ${maxVersion}`);
      }
      await logged(lines, reason);
    }
    assert.equal(server.counters.handshakesFailed, refused.length * 2);
    assert.equal(server.counters.connectionsTotal, 0);
    assert.ok(lines.every(({ level, fields }) => level === "warn" && "peer" in fields));
  });

  test("a session that is resumed is checked against the list as well", async (context) => {
    const directory = await makeTempDirectory("tls");
    context.after(async () => removeTempDirectory(directory));
    const crl = join(directory, "crl.pem");
    copyFileSync(tlsFixturePath("crl-empty.pem"), crl);
    const files = {
      cert: tlsFixturePath("server.pem"),
      key: tlsFixturePath("server-key.pem"),
      ca: tlsFixturePath("ca.pem"),
      crl,
    };
    const { port, lines } = await start(context, {
      ...readTlsFiles(files),
      clientCertificates: "verify",
    });
    const connect = (session?: Buffer): tls.TLSSocket => {
      const socket = tls.connect({
        ...as("client-revoked"),
        ...(session === undefined ? {} : { session }),
        ca: tlsFixture("ca.pem"),
        host: "127.0.0.1",
        servername: "localhost",
        port,
        ALPNProtocols: ["http/1.1"],
      });
      socket.on("error", () => undefined);
      socket.write("GET /version HTTP/1.1\r\nhost: a\r\n\r\n");
      return socket;
    };
    const first = connect();
    const [[session]] = (await Promise.all([once(first, "session"), once(first, "data")])) as [
      [Buffer],
      unknown,
    ];
    first.destroy();
    const second = connect(session);
    await once(second, "data");
    assert.equal(second.isSessionReused(), true);
    second.destroy();
    copyFileSync(tlsFixturePath("crl.pem"), crl);
    const third = connect(session);
    let got = 0;
    third.on("data", () => {
      got += 1;
    });
    await within(DEADLINE_MS, "the end of the connection", closed(third));
    assert.equal(got, 0);
    await logged(lines, /revoked/);
  });

  test("several authorities in one file are all trusted", async (context) => {
    const { port } = await start(context, { ...mutualTls, ca: tlsFixture("ca-both.pem") });
    assert.equal(await get(port, as("client")), 200);
    assert.equal(await get(port, as("client-foreign")), 200);
  });

  test("with allowed hosts, only certificates made out to them are let in", async (context) => {
    const { port, lines } = await start(context, {
      ...mutualTls,
      allowedHostnames: ["other.example.com", "10.0.0.1", "", "app.example.com"],
    });
    assert.equal(await get(port, as("client-named")), 200);
    assert.equal(typeof (await get(port, as("client"))), "object");
    await logged(lines, /client certificate authentication failed/);
  });
});

suite("the handshake", () => {
  test("versions and cipher suites outside the bounds are refused", async (context) => {
    const only13 = await start(context, { ...plainTls, minVersion: "TLS1.3" });
    assert.equal(await get(only13.port), 200);
    assert.equal(typeof (await get(only13.port, { maxVersion: "TLSv1.2" })), "object");
    await logged(only13.lines, /versions of TLS that are not allowed/);
    const only12 = await start(context, {
      ...plainTls,
      maxVersion: "TLS1.2",
      cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    });
    assert.equal(typeof (await get(only12.port, { minVersion: "TLSv1.3" })), "object");
    assert.equal(await get(only12.port, { ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" }), 200);
    const other = { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" };
    assert.equal(typeof (await get(only12.port, other)), "object");
    await logged(only12.lines, /no cipher suite that is allowed/);
    const with13 = await start(context, {
      ...plainTls,
      cipherSuites: ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    });
    assert.equal(await get(with13.port, { minVersion: "TLSv1.3" }), 200);
  });

  test("plaintext HTTP/1.1 and HTTP/2 on a TLS port end cleanly, and the log says so", async (context) => {
    const { port, lines } = await start(context, plainTls);
    for (const [bytes, reason] of [
      ["GET / HTTP/1.1\r\nhost: a\r\n\r\n", /it speaks plain HTTP/],
      ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /does not speak TLS|plain HTTP/],
    ] as const) {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(bytes);
      socket.resume();
      await within(DEADLINE_MS, "the end of the connection", closed(socket));
      await logged(lines, reason);
    }
    assert.equal(await get(port), 200);
  });

  test("a client that only tries the port is no warning", async (context) => {
    const { port, lines, server } = await start(context, plainTls);
    const socket = net.connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    while (server.counters.handshakesFailed === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // A handshake that timed out would be a warning.
    assert.deepEqual(
      lines.map(({ level }) => level),
      ["debug"],
    );
  });

  test("a client that never finishes is closed in time, however slowly it drips", async (context) => {
    const { port, lines, server } = await start(context, plainTls, { handshakeTimeoutMs: 300 });
    // A record of 200 bytes is announced and never complete.
    const hello = Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]);
    const silent = net.connect(port, "127.0.0.1");
    const dripping = net.connect(port, "127.0.0.1");
    let dripped = 0;
    const drip = setInterval(() => {
      dripping.write(hello.subarray(dripped, dripped + 1));
      dripped += 1;
    }, 50);
    context.after(() => {
      clearInterval(drip);
    });
    for (const socket of [silent, dripping]) {
      socket.on("error", () => undefined);
      socket.resume();
    }
    await within(
      DEADLINE_MS,
      "both connections' ends",
      Promise.all([closed(silent), closed(dripping)]),
    );
    assert.equal(server.counters.handshakesFailed, 2);
    await logged(lines, /the handshake took longer than 300 ms/);
  });

  test("of too many unfinished handshakes the oldest gives way, and others are served", async (context) => {
    const { port, server } = await start(context, plainTls, { pendingHandshakesMax: 5 });
    const sockets: net.Socket[] = [];
    for (let i = 0; i < 12; i += 1) {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.resume();
      sockets.push(socket);
      await once(socket, "connect");
    }
    assert.equal(await get(port), 200);
    // Those before the newest five, and one more that made room for the request.
    while (server.counters.handshakesFailed < 8) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(await get(port), 200);
    for (const socket of sockets) {
      socket.destroy();
    }
  });

  test("of many handshakes that begin in one turn no more than allowed stay unfinished", async (context) => {
    const server = makeTlsServer(
      {
        tls: plainTls,
        clock: systemClock,
        logger: silentLogger,
        handshakeTimeoutMs: DEADLINE_MS,
        pendingHandshakesMax: 5,
      },
      () => undefined,
      () => undefined,
    );
    const accepted: net.Socket[] = [];
    const plain = net.createServer((socket) => accepted.push(socket)).listen(0, "127.0.0.1");
    context.after(() => plain.close());
    await once(plain, "listening");
    const { port } = plain.address() as net.AddressInfo;
    for (let i = 0; i < 12; i += 1) {
      const client = net.connect(port, "127.0.0.1");
      client.on("error", () => undefined);
      context.after(() => client.destroy());
      await once(client, "connect");
    }
    while (accepted.length < 12) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const socket of accepted) {
      server.emit("connection", socket);
    }
    assert.deepEqual(
      accepted.map(({ destroyed }) => destroyed),
      accepted.map((_socket, at) => at < 7),
    );
  });

  test("a flood of failures fills no log", async (context) => {
    const { port, lines, server } = await start(context, plainTls);
    for (let i = 0; i < 40; i += 1) {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.end("GET / HTTP/1.1\r\n\r\n");
      socket.resume();
      await closed(socket);
    }
    assert.equal(server.counters.handshakesFailed, 40);
    assert.ok(lines.length <= 11, `${lines.length} lines`);
  });
});

test("answers of one turn leave in one record, not in one each", async (context) => {
  const { port } = await start(context, plainTls);
  const received: Buffer[] = [];
  const proxy = net.createServer((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    upstream.on("data", (bytes: Buffer) => {
      received.push(bytes);
      client.write(bytes);
    });
    client.pipe(upstream);
    for (const socket of [client, upstream]) {
      socket.on("error", () => undefined);
    }
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, "127.0.0.1", resolve);
  });
  context.after(() => proxy.close());
  const session = http2.connect(`https://localhost:${(proxy.address() as net.AddressInfo).port}`, {
    ca: tlsFixture("ca.pem"),
  });
  await once(session, "remoteSettings");
  const calls = 64;
  received.length = 0;
  await Promise.all(
    Array.from({ length: calls }, async () => {
      const stream = session.request({
        ":method": "POST",
        ":path": "/test.Echo/Unary",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.end(Buffer.from([0, 0, 0, 0, 1, 7]));
      stream.resume();
      await closed(stream);
    }),
  );
  session.destroy();
  const bytes = Buffer.concat(received);
  let records = 0;
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    records += 1;
  }
  assert.ok(records < calls / 2, `${records} records for ${calls} answers`);
});

test("several places lead to one server: addresses with and without TLS, and a socket in the file system", async (context) => {
  const directory = await makeTempDirectory("tls");
  context.after(async () => removeTempDirectory(directory));
  const { server, port } = await start(context, mutualTls);
  const path = join(directory, "socket");
  const plain = await server.listenAt({ host: "127.0.0.1", port: 0 });
  assert.ok("port" in plain);
  const answer = await fetch(`http://127.0.0.1:${plain.port}/version`);
  assert.equal(answer.status, 200);
  for (let round = 0; round < 2; round += 1) {
    // The second time the first one's socket is in the way, as one of a killed server would be.
    assert.deepEqual(await server.listenAt({ path }), { path });
    const socket = net.connect(path);
    socket.write("GET /version HTTP/1.1\r\nhost: a\r\n\r\n");
    const [bytes] = (await once(socket, "data")) as [Buffer];
    assert.match(bytes.toString(), /^HTTP\/1\.1 200/);
    socket.destroy();
  }
  // What another listener asks of clients holds there alone: a second one with TLS checks as strictly as the first.
  const second = await server.listenAt(
    { host: "127.0.0.1", port: 0 },
    { ...mutualTls, crl: tlsFixture("crl.pem") },
  );
  assert.ok("port" in second);
  assert.equal(typeof (await get(second.port, as("client-revoked"))), "object");
  assert.equal(await get(second.port, as("client")), 200);
  assert.equal(await get(port, as("client")), 200);
  const file = join(directory, "file");
  writeFileSync(file, "precious");
  await assert.rejects(server.listenAt({ path: file }), { code: "address-in-use" });
  const loop = join(directory, "loop");
  symlinkSync("loop", loop);
  await assert.rejects(server.listenAt({ path: loop }), {
    name: "ListenError",
    message: /^cannot listen on .*loop: ELOOP/,
  });
});
