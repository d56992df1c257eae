import assert from "node:assert/strict";
import fs, { copyFileSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { makeTempDirectory, removeTempDirectory } from "../../../test/support/temp-directory.js";
import { tlsFixture, tlsFixturePath } from "../../../test/support/tls-fixtures.js";
import { readTlsFiles, TlsFileError, type TlsFiles } from "./files.js";

async function filesFor(context: TestContext): Promise<TlsFiles & { readonly directory: string }> {
  const parent = await makeTempDirectory("tls");
  context.after(async () => removeTempDirectory(parent));
  const directory = join(parent, "tls");
  mkdirSync(directory);
  const files = { directory, cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
  copyFileSync(tlsFixturePath("server.pem"), files.cert);
  copyFileSync(tlsFixturePath("server-key.pem"), files.key);
  return files;
}

suite("the files of a TLS port", () => {
  test("a file that cannot even be looked at at start is named as one that cannot be read", async (context) => {
    const { directory, key } = await filesFor(context);
    const cert = join(directory, "loop.pem");
    symlinkSync("loop.pem", cert);
    assert.throws(
      () => readTlsFiles({ cert, key }),
      (error) =>
        error instanceof TlsFileError && error.part === "cert" && /ELOOP/.test(error.message),
    );
  });

  test("as long as nothing changes the same object is given, be it an error", async (context) => {
    const { directory, ...files } = await filesFor(context);
    const { reload } = readTlsFiles(files);
    const first = reload();
    assert.ok(!(first instanceof Error));
    assert.equal(reload(), first);
    renameSync(directory, `${directory}-away`);
    const error = reload();
    assert.ok(error instanceof TlsFileError);
    assert.equal(reload(), error);
    // The files come back as they were, down to their times.
    renameSync(`${directory}-away`, directory);
    const back = reload();
    assert.ok(!(back instanceof Error));
    assert.deepEqual(back.cert, tlsFixture("server.pem"));
    assert.equal(reload(), back);
  });

  test("what could not be read for a while is read when it can be, changed again or not", async (context) => {
    const files = await filesFor(context);
    const { reload } = readTlsFiles(files);
    copyFileSync(tlsFixturePath("server2.pem"), files.cert);
    context.mock.method(fs, "readFileSync", () => {
      throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
    });
    syncBuiltinESMExports();
    const error = reload();
    assert.ok(error instanceof TlsFileError);
    assert.equal(reload(), error, "the same object: it is logged once");
    context.mock.restoreAll();
    syncBuiltinESMExports();
    const material = reload();
    assert.ok(!(material instanceof Error));
    assert.deepEqual(material.cert, tlsFixture("server2.pem"));
  });
});
