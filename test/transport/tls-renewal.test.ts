// TLS files that change under a running server.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import http2 from "node:http2";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { readTlsFiles } from "../../src/transport/tls/files.js";
import type { LogLine } from "../support/recording-logger.js";
import { makeTempDirectory, removeTempDirectory } from "../support/temp-directory.js";
import { tlsFixture, tlsFixturePath } from "../support/tls-fixtures.js";
import { type Running, shownSerial, start } from "./tls-port.js";

suite("files that change", () => {
  async function fromFiles(
    context: TestContext,
  ): Promise<Running & { readonly path: (name: string) => string }> {
    const directory = await makeTempDirectory("tls");
    context.after(async () => removeTempDirectory(directory));
    const path = (name: string): string => join(directory, name);
    copyFileSync(tlsFixturePath("server.pem"), path("cert.pem"));
    copyFileSync(tlsFixturePath("server-key.pem"), path("key.pem"));
    const running = await start(context, {
      ...readTlsFiles({ cert: path("cert.pem"), key: path("key.pem") }),
      clientCertificates: "none",
    });
    return { ...running, path };
  }

  test("a new certificate is shown from the next handshake on; open connections stay", async (context) => {
    const { port, lines: all, path } = await fromFiles(context);
    // A client that has seen the certificate leaves, perhaps before the server is done: that is no line for people.
    const lines = (): readonly LogLine[] => all.filter(({ level }) => level !== "debug");
    const before = await shownSerial(port);
    const open = http2.connect(`https://localhost:${port}`, { ca: tlsFixture("ca.pem") });
    await once(open, "connect");
    copyFileSync(tlsFixturePath("server2.pem"), path("cert.pem"));
    // In between, the key is not yet the certificate's.
    assert.equal(await shownSerial(port), before);
    copyFileSync(tlsFixturePath("server2-key.pem"), path("key.pem"));
    assert.notEqual(await shownSerial(port), before);
    assert.deepEqual(
      lines().map(({ level, message }) => `${level} ${message}`),
      [
        "error TLS files have changed and cannot be used: the ones before stay in use",
        "info TLS files have changed: the new ones are used from now on",
      ],
    );
    assert.deepEqual(lines()[0]?.fields, {
      part: "key",
      reason: "it is not the key of the certificate (CN=localhost)",
    });
    const stream = open.request({ ":path": "/version" });
    const [headers] = (await once(stream, "response")) as [http2.IncomingHttpHeaders];
    assert.equal(headers[":status"], 200);
    open.destroy();
  });

  test("a broken or missing file is said once and changes nothing", async (context) => {
    const { port, lines: all, path } = await fromFiles(context);
    const lines = (): readonly LogLine[] => all.filter(({ level }) => level !== "debug");
    const before = await shownSerial(port);
    writeFileSync(path("cert.pem"), "half a certi");
    assert.equal(await shownSerial(port), before);
    assert.equal(await shownSerial(port), before);
    assert.equal(lines().length, 1);
    rmSync(path("cert.pem"));
    assert.equal(await shownSerial(port), before);
    assert.equal(await shownSerial(port), before);
    assert.equal(lines().length, 2);
    assert.match(String(lines()[1]?.fields["reason"]), /cert\.pem cannot be read: ENOENT/);
    copyFileSync(tlsFixturePath("server.pem"), path("cert.pem"));
    assert.equal(await shownSerial(port), before);
    assert.equal(lines()[2]?.level, "info");
  });

  test("a change between reading the files and listening is not lost", async (context) => {
    const directory = await makeTempDirectory("tls");
    context.after(async () => removeTempDirectory(directory));
    const files = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
    copyFileSync(tlsFixturePath("server.pem"), files.cert);
    copyFileSync(tlsFixturePath("server-key.pem"), files.key);
    const read = readTlsFiles(files);
    copyFileSync(tlsFixturePath("server2.pem"), files.cert);
    copyFileSync(tlsFixturePath("server2-key.pem"), files.key);
    const { port } = await start(context, { ...read, clientCertificates: "none" });
    const { serialNumber } = new X509Certificate(tlsFixture("server2.pem"));
    assert.equal(await shownSerial(port), serialNumber);
  });

  test("files that were touched and are the same are no change", async (context) => {
    const { port, lines, path } = await fromFiles(context);
    utimesSync(path("cert.pem"), 1, 1);
    await shownSerial(port);
    assert.deepEqual(
      lines.filter(({ level }) => level !== "debug"),
      [],
    );
  });

  test("a file that cannot even be looked at is said once, and the server goes on", async (context) => {
    const { port, lines: all, path } = await fromFiles(context);
    const lines = (): readonly LogLine[] => all.filter(({ level }) => level !== "debug");
    const before = await shownSerial(port);
    rmSync(path("cert.pem"));
    symlinkSync("cert.pem", path("cert.pem"));
    assert.equal(await shownSerial(port), before);
    assert.equal(await shownSerial(port), before);
    assert.equal(lines().length, 1);
    assert.match(String(lines()[0]?.fields["reason"]), /cert\.pem cannot be read: ELOOP/);
    rmSync(path("cert.pem"));
    copyFileSync(tlsFixturePath("server2.pem"), path("cert.pem"));
    copyFileSync(tlsFixturePath("server2-key.pem"), path("key.pem"));
    assert.notEqual(await shownSerial(port), before);
  });

  test("a directory swapped by its link, as a Kubernetes secret is, is seen", async (context) => {
    const directory = await makeTempDirectory("tls");
    context.after(async () => removeTempDirectory(directory));
    const path = (name: string): string => join(directory, name);
    for (const [folder, name] of [
      ["first", "server"],
      ["second", "server2"],
    ] as const) {
      mkdirSync(path(folder));
      copyFileSync(tlsFixturePath(`${name}.pem`), path(`${folder}/tls.crt`));
      copyFileSync(tlsFixturePath(`${name}-key.pem`), path(`${folder}/tls.key`));
    }
    symlinkSync("first", path("..data"));
    symlinkSync("..data/tls.crt", path("tls.crt"));
    symlinkSync("..data/tls.key", path("tls.key"));
    const { port } = await start(context, {
      ...readTlsFiles({ cert: path("tls.crt"), key: path("tls.key") }),
      clientCertificates: "none",
    });
    const before = await shownSerial(port);
    symlinkSync("second", path("..data_tmp"));
    renameSync(path("..data_tmp"), path("..data"));
    assert.notEqual(await shownSerial(port), before);
  });
});
