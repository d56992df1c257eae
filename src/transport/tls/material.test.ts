import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { suite, test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { tlsFixture } from "../../../test/support/tls-fixtures.js";
import { opensslCiphers, unknownCipherSuite } from "./cipher-suites.js";
import { DerError, derChildren, readDer, type DerValue } from "./der.js";
import { checkTls, TlsError, type TlsOptions } from "./material.js";
import { pemBlocks, toPem } from "./pem.js";
import { namesOf, parseRevocationLists, revokedSerial } from "./revocation-list.js";

const NOW = Date.UTC(2026, 0, 1);

const options = (changes: Partial<TlsOptions> = {}): TlsOptions => ({
  cert: tlsFixture("server.pem"),
  key: tlsFixture("server-key.pem"),
  ca: tlsFixture("ca.pem"),
  clientCertificates: "verify",
  ...changes,
});

function refused(changes: Partial<TlsOptions>): string {
  try {
    checkTls(options(changes), NOW);
  } catch (error) {
    assert.ok(error instanceof TlsError, String(error));
    return `${error.part}: ${error.message}`;
  }
  return "accepted";
}

suite("what a TLS port is given", () => {
  test("certificate, key, several authorities and a revocation list are taken without a word", () => {
    const ready = checkTls(
      options({ ca: tlsFixture("ca-both.pem"), crl: tlsFixture("crl.pem") }),
      NOW,
    );
    assert.deepEqual(ready.warnings, []);
    assert.equal(ready.lists.length, 1);
    assert.equal((ready.context.ca as string[]).length, 2);
  });

  test("what cannot be used is named by its part, and said in words", () => {
    const nonsense = Buffer.from("nothing of the kind");
    assert.match(refused({ cert: nonsense }), /^cert: it holds no certificate in PEM form/);
    const brokenPem = Buffer.from(
      tlsFixture("server.pem")
        .toString()
        .replace(/M.{40}/, "AAAA"),
    );
    assert.match(refused({ cert: brokenPem }), /^cert: certificate 1 of 1 in it cannot be read/);
    assert.match(refused({ key: nonsense }), /^key: it holds no private key in PEM form/);
    assert.equal(
      refused({ key: tlsFixture("server2-key.pem") }),
      "key: it is not the key of the certificate (CN=localhost)",
    );
    assert.match(
      refused({ key: tlsFixture("server-key-encrypted.pem") }),
      /^key: it is encrypted, .*openssl pkey -in/,
    );
    assert.match(refused({ ca: nonsense }), /^ca: it holds no certificate/);
    assert.match(refused({ ca: tlsFixture("server-key.pem") }), /^ca: it holds no certificate/);
    assert.match(
      refused({ crl: nonsense }),
      /^crl: it cannot be read: it holds no revocation list/,
    );
    assert.match(refused({ crl: tlsFixture("ca.pem") }), /^crl: it cannot be read/);
  });

  test("a revocation list of another authority, a forged one and one for nobody are refused", () => {
    assert.match(
      refused({ crl: tlsFixture("crl-foreign.pem") }),
      /^crl: list 1 of 1 in it cannot be used: its issuer is none of the authorities/,
    );
    assert.equal(
      refused({ crl: tlsFixture("crl-foreign.pem"), ca: tlsFixture("ca-both.pem") }),
      "accepted",
    );
    const [der] = pemBlocks(tlsFixture("crl.pem"), "X509 CRL") as [Buffer];
    const forged = Buffer.from(der);
    forged[forged.length - 1]! ^= 1;
    assert.match(
      refused({ crl: Buffer.from(toPem(forged, "X509 CRL")) }),
      /its signature is not its issuer's/,
    );
    assert.equal(refused({ crl: der }), "accepted");
    assert.match(
      refused({ crl: tlsFixture("crl.pem"), clientCertificates: "none" }),
      /^crl: .*only of client certificates/,
    );
  });

  test("allowed hosts are refused where no certificate is asked for", () => {
    const allowedHostnames = ["app.example.com"];
    assert.equal(refused({ allowedHostnames }), "accepted");
    assert.match(
      refused({ allowedHostnames, clientCertificates: "none" }),
      /^settings: allowed host names/,
    );
    assert.equal(refused({ allowedHostnames: [], clientCertificates: "none" }), "accepted");
  });

  test("versions and cipher suites are checked in etcd's words", () => {
    assert.equal(
      refused({ minVersion: "TLS1.3", maxVersion: "TLS1.2" }),
      "settings: min version (TLS1.3) is greater than max version (TLS1.2)",
    );
    const cipherSuites = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"];
    assert.equal(
      refused({ minVersion: "TLS1.3", cipherSuites }),
      "settings: cipher suites cannot be configured when only TLS1.3 is enabled",
    );
    assert.equal(refused({ cipherSuites }), "accepted");
    assert.equal(
      refused({ cipherSuites: ["TLS_RSA_WITH_RC4_128_SHA"] }),
      'settings: unexpected TLS cipher suite "TLS_RSA_WITH_RC4_128_SHA"',
    );
    assert.equal(unknownCipherSuite(["toString"]), "toString");
    assert.match(opensslCiphers(cipherSuites), /^TLS_.*:ECDHE-ECDSA-AES256-GCM-SHA384$/);
  });

  test("what has expired is used with a warning", () => {
    const server = checkTls(
      options({
        cert: tlsFixture("server-expired.pem"),
        key: tlsFixture("server-expired-key.pem"),
      }),
      NOW,
    );
    assert.match(server.warnings.join(), /the server's certificate \(CN=localhost\) expired at/);
    const list = checkTls(options({ crl: tlsFixture("crl-old.pem") }), NOW);
    assert.match(list.warnings.join(), /out of date \(the next was due 2021-01-01/);
    const early = checkTls(options(), Date.UTC(2019, 0, 1));
    assert.match(early.warnings.join(), /is valid only from/);
  });
});

suite("revocation lists", () => {
  const raw = (name: string): Buffer => new X509Certificate(tlsFixture(name)).raw;

  test("serial numbers and names are those that OpenSSL reads", () => {
    for (const name of ["client.pem", "client-revoked.pem", "client-foreign.pem"]) {
      const certificate = new X509Certificate(tlsFixture(name));
      const { serial, issuer, subject } = namesOf(certificate.raw);
      assert.equal(serial, certificate.serialNumber.toLowerCase().replace(/^0+/, ""));
      assert.equal(issuer, `550403="${certificate.issuer.replace("CN=", "").toLowerCase()}"`);
      assert.equal(subject, `550403="${certificate.subject.replace("CN=", "").toLowerCase()}"`);
    }
  });

  test("only the serial numbers of its own issuer are taken back", () => {
    const lists = parseRevocationLists(tlsFixture("crl.pem"));
    assert.notEqual(revokedSerial(lists, [raw("client-revoked.pem")]), null);
    assert.equal(revokedSerial(lists, [raw("client.pem")]), null);
    const empty = parseRevocationLists(tlsFixture("crl-empty.pem"));
    assert.equal(revokedSerial(empty, [raw("client-revoked.pem")]), null);
    const renamed = lists.map((list) => ({ ...list, issuer: '550403="somebody else"' }));
    assert.equal(revokedSerial(renamed, [raw("client-revoked.pem")]), null);
    const several = Buffer.concat([tlsFixture("crl-foreign.pem"), tlsFixture("crl.pem")]);
    const both = parseRevocationLists(several);
    assert.equal(both.length, 2);
    assert.notEqual(revokedSerial(both, [raw("client.pem"), raw("client-revoked.pem")]), null);
  });

  test("any bytes are a list or a DerError, never anything else", () => {
    const [valid] = pemBlocks(tlsFixture("crl.pem"), "X509 CRL") as [Buffer];
    const damaged = fc
      .tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(valid.length))
      .map(([at, byte, end]) => {
        const copy = Buffer.from(valid);
        copy[at] = byte;
        return copy.subarray(0, end === 0 ? valid.length : end);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        try {
          parseRevocationLists(bytes);
        } catch (error) {
          assert.ok(error instanceof DerError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test("DER values nest exactly: children fill their parent", () => {
  const der = new X509Certificate(tlsFixture("server.pem")).raw;
  const check = (value: DerValue): void => {
    if ((value.tag & 0x20) !== 0) {
      const children = derChildren(der, value);
      assert.equal(children.at(-1)?.end ?? value.contentStart, value.end);
      children.forEach(check);
    }
  };
  const whole = readDer(der, 0, der.length);
  assert.equal(whole.end, der.length);
  check(whole);
});

test("PEM written is PEM read, with text around it", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (der) => {
      const file = Buffer.from(`before\n${toPem(der, "X")}between\n${toPem(der, "X")}after`);
      assert.deepEqual(
        pemBlocks(file, "X").map((block) => new Uint8Array(block)),
        [der, der],
      );
    }),
  );
});
