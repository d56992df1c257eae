import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsFixturePath } from "../../../test/support/tls-fixtures.js";
import { CommandError, EXIT_USAGE } from "../exit.js";
import { readTls } from "./tls.js";
import { tlsOptions, type TlsFlags } from "../flags/tls-flags.js";

const NOW = Date.UTC(2026, 0, 1);

const flags = (changes: Partial<TlsFlags> = {}): TlsFlags => ({
  clientTlsCert: tlsFixturePath("server.pem"),
  clientTlsKey: tlsFixturePath("server-key.pem"),
  tlsMinVersion: "TLS1.2",
  ...changes,
});

test("without files the port is plaintext; with authorities clients must show a certificate", () => {
  assert.equal(readTls({ tlsMinVersion: "TLS1.2" }, NOW), null);
  assert.equal(readTls(flags(), NOW)?.clientCertificates, "none");
  const verifying = readTls(flags({ clientTlsCa: tlsFixturePath("ca.pem") }), NOW);
  assert.equal(verifying?.clientCertificates, "verify");
  assert.equal(
    readTls(flags(), NOW, undefined, { verifyClients: true })?.clientCertificates,
    "verify",
  );
});

test("what cannot be used is named by its flag and file, and ends with the code for wrong use", () => {
  const refused = (changes: Partial<TlsFlags>): string => {
    let message = "";
    assert.throws(
      () => readTls(flags(changes), NOW),
      (error) => {
        assert.ok(error instanceof CommandError, String(error));
        assert.equal(error.exitCode, EXIT_USAGE);
        ({ message } = error);
        return true;
      },
    );
    return message;
  };
  assert.match(refused({ clientTlsKey: "/nowhere" }), /--client-tls-key cannot be read.*ENOENT/);
  assert.match(
    refused({ clientTlsKey: tlsFixturePath("server2-key.pem") }),
    /--client-tls-key \(.*server2-key\.pem\) cannot be used: it is not the key of the certificate/,
  );
  assert.match(refused({ clientTlsCa: tlsFixturePath("crl.pem") }), /--client-tls-ca .* no certif/);
  assert.match(
    refused({
      clientTlsCa: tlsFixturePath("ca.pem"),
      clientCrlFile: tlsFixturePath("crl-foreign.pem"),
    }),
    /--client-crl-file .*its issuer is none of the authorities/,
  );
  assert.match(refused({ tlsMinVersion: "TLS1.3", tlsMaxVersion: "TLS1.2" }), /min version/);
});

test("allowed hosts without authorities let nobody be mistaken: the start is refused", () => {
  const clientCertAllowedHostname = ["app.example.com"];
  for (const given of [
    { tlsMinVersion: "TLS1.2", clientCertAllowedHostname } as const,
    flags({ clientCertAllowedHostname }),
  ]) {
    assert.throws(() => readTls(given, NOW), /--client-cert-allowed-hostname .* --client-tls-ca/);
  }
  const clientTlsCa = tlsFixturePath("ca.pem");
  const verifying = readTls(flags({ clientCertAllowedHostname, clientTlsCa }), NOW);
  assert.deepEqual(verifying?.allowedHostnames, clientCertAllowedHostname);
});

test("cipher suites are known names, checked when the flag is read", () => {
  const option = tlsOptions().find(({ long }) => long === "--cipher-suites");
  const parse = option?.parseArg as (text: string) => unknown;
  assert.deepEqual(parse("TLS_RSA_WITH_AES_128_CBC_SHA, TLS_AES_128_GCM_SHA256"), [
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_AES_128_GCM_SHA256",
  ]);
  assert.throws(() => parse("ECDHE-RSA-AES128-SHA"), /"ECDHE-RSA-AES128-SHA" is none/);
});
