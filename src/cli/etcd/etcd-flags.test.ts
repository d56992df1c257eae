import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { suite, test } from "node:test";
import fc from "../../../test/support/fast-check.js";
import { ETCD_34_FLAGS, ETCD_36_FLAGS } from "../../../test/cli/etcd-known-flags.js";
import { checkTls } from "../../transport/tls/material.js";
import { CommandError } from "../exit.js";
import { runOptions } from "../flags/flags.js";
import { etcdVariable, parseArguments, plainValue, valuesOfEnvironment } from "./arguments.js";
import { selfSigned } from "./auto-tls.js";
import { parseConfigFile } from "./config-file.js";
import { describeTreatment, ETCD_FLAGS } from "./flag-table.js";
import { etcdSettings, type EtcdSettings } from "./settings.js";
import { parseListenUrls, reachableUrl } from "./urls.js";

const OWN = [
  { name: "object-store", takesValue: true },
  { name: "wal-linger-ms", takesValue: true },
  { name: "auth-enabled", takesValue: false },
];

function message(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error));
    return `${error.exitCode} ${error.message}`;
  }
  return "no error";
}

function settings(
  values: Record<string, string>,
  runFlags = new Set<string>(),
  nodeId: string | null = null,
): EtcdSettings {
  return etcdSettings(new Map(Object.entries(values)), { runFlags, nodeIdIn: () => nodeId });
}

suite("the table of flags", () => {
  test("every flag of etcd 3.4 to 3.7 is used, passed on, noted or refused, with a reason", () => {
    for (const name of [...ETCD_34_FLAGS, ...ETCD_36_FLAGS]) {
      const flag = ETCD_FLAGS.get(name);
      assert.ok(flag !== undefined, `--${name} is not in the table`);
      assert.ok(describeTreatment(flag).length > 5, name);
    }
    const known = new Set([...ETCD_34_FLAGS, ...ETCD_36_FLAGS]);
    assert.deepEqual(
      [...ETCD_FLAGS.keys()].filter((name) => !known.has(name)),
      [],
    );
  });

  test("every default is a value of its kind, and asks for nothing", () => {
    for (const [name, { kind, normal }] of ETCD_FLAGS) {
      assert.equal(plainValue(kind, normal), normal, name);
      assert.deepEqual(settings({ [name]: normal }).notes, [], name);
    }
  });

  test("any other value is used, or noted, or refused: never passed over in silence", () => {
    const others = {
      switch: ["true", "false"],
      number: ["7"],
      duration: ["7s"],
      text: ["x"],
      urls: [],
    };
    for (const [name, { kind, normal, treatment }] of ETCD_FLAGS) {
      const value = others[kind].find((each) => each !== normal);
      if (treatment.does === "used" || value === undefined) {
        continue;
      }
      const said = message(() => {
        const { notes } = settings({ [name]: value });
        const own = notes.filter((note) => note.message.startsWith(`--${name} is ignored: `));
        assert.equal(own.length, 1, `--${name} ${value}`);
      });
      assert.equal(said === "no error", treatment.does !== "refused", `${name}: ${said}`);
    }
  });

  test("a directory keeps its own name unless another is asked for, and that is refused", () => {
    const of = (values: Record<string, string>, own: string | null): EtcdSettings =>
      settings({ "data-dir": "/d", ...values }, new Set(), own);
    assert.equal(of({}, null).nodeId, "default");
    assert.equal(of({}, "4f2a").nodeId, "4f2a");
    assert.equal(of({ name: "4f2a" }, "4f2a").nodeId, "4f2a");
    assert.match(
      message(() => of({ name: "m1" }, "4f2a")),
      /^1 \/d belongs to node "4f2a", not to "m1": leave --name out .*, give --name 4f2a/,
    );
  });

  test("allowed hosts that nobody is checked against are warned of, and not passed on", () => {
    const https = { "listen-client-urls": "https://127.0.0.1:2379", "cert-file": "c" };
    const hosts = { "client-cert-allowed-hostname": "a.example" };
    const flags = new Set(["--client-cert-allowed-hostname", "--client-tls-cert"]);
    const passed = (given: EtcdSettings): boolean =>
      given.runArguments.includes("--client-cert-allowed-hostname=a.example");
    const warned = (given: EtcdSettings): boolean =>
      given.notes.some(({ message }) => message.includes("keeps nobody out"));
    for (const values of [hosts, { ...https, ...hosts }]) {
      const open = settings(values, flags);
      assert.deepEqual([passed(open), warned(open)], [false, true]);
    }
    const verified = settings({ ...https, ...hosts, "client-cert-auth": "true" }, flags);
    assert.deepEqual([passed(verified), warned(verified)], [true, false]);
  });

  test("what is passed on goes to a flag of t4 run once there is one", () => {
    const known = new Set(runOptions().map((option) => option.long ?? ""));
    for (const name of ["client-crl-file", "cipher-suites", "tls-min-version"]) {
      assert.ok(known.has(`--${name}`));
    }
    const flags = new Set(["--quota-backend-bytes", "--token-ttl"]);
    const with1 = settings({ "quota-backend-bytes": "5", "auth-token-ttl": "9" }, flags);
    assert.deepEqual(with1.runArguments.slice(0, 2), ["--quota-backend-bytes=5", "--token-ttl=9"]);
    assert.deepEqual(with1.notes, []);
    const off = settings({ "quota-backend-bytes": "-1" }, flags);
    assert.ok(!off.runArguments.some((argument) => argument.startsWith("--quota")));
  });
});

suite("the command line", () => {
  test("one dash or two, values after = or next, switches alone: as Go reads them", () => {
    const { values, own } = parseArguments(
      [
        ...[
          "--name",
          "a",
          "-data-dir=/x=y",
          "-client-cert-auth",
          "--auto-tls=F",
          "--max-txn-ops",
          "5",
        ],
        ...["--object-store", "file:///s", "--auth-enabled", "--wal-linger-ms=3"],
      ],
      OWN,
    );
    assert.deepEqual(Object.fromEntries(values), {
      ...{ name: "a", "data-dir": "/x=y", "client-cert-auth": "true", "auto-tls": "false" },
      "max-txn-ops": "5",
    });
    assert.deepEqual(own, ["--object-store=file:///s", "--auth-enabled", "--wal-linger-ms=3"]);
    assert.equal(parseArguments(["-h"], []).asksHelp, true);
    assert.equal(parseArguments(["--name", "a", "--help"], []).asksHelp, true);
  });

  test("what etcd refuses is refused with its words and exit code", () => {
    const refused = (...args: string[]): string => message(() => parseArguments(args, OWN));
    assert.match(refused("--foo"), /^2 flag provided but not defined: -foo\. See 't4 etcd --help'/);
    assert.match(
      refused("--max-txn-ops", "x"),
      /^2 invalid value "x" for flag -max-txn-ops: parse/,
    );
    assert.match(
      refused("--auto-tls=x"),
      /^2 invalid boolean value "x" for -auto-tls: parse error/,
    );
    assert.match(refused("--name"), /^2 flag needs an argument: -name/);
    assert.match(refused("---name"), /^2 bad flag syntax: ---name/);
    assert.match(refused("serve"), /^1 'serve' is not a valid flag/);
    assert.match(refused("--client-cert-auth", "true"), /^1 'true' is not a valid flag/);
    assert.match(refused("--grpc-keepalive-interval", "5"), /^2 invalid value "5"/);
  });

  test("every flag can be a variable, but not both; others are told", () => {
    assert.equal(etcdVariable("listen-client-urls"), "ETCD_LISTEN_CLIENT_URLS");
    const environment = {
      ETCD_NAME: "n",
      ETCD_AUTO_TLS: "1",
      ETCD_FOO: "x",
      ETCD_DEBUG: "",
      PATH: "p",
    };
    const { values, unknown } = valuesOfEnvironment(environment, new Map());
    assert.deepEqual(Object.fromEntries(values), { name: "n", "auto-tls": "true" });
    assert.deepEqual(unknown, ["ETCD_FOO"]);
    assert.match(
      message(() => valuesOfEnvironment(environment, new Map([["name", "m"]]))),
      /^1 conflicting environment variable "ETCD_NAME" is shadowed by/,
    );
    assert.match(
      message(() => valuesOfEnvironment({ ETCD_MAX_TXN_OPS: "x" }, new Map())),
      /^1 invalid value "x" for ETCD_MAX_TXN_OPS/,
    );
  });

  test("any arguments are values or a CommandError", () => {
    const words = fc.oneof(
      fc.string(),
      fc.constantFrom(...ETCD_FLAGS.keys()).map((n) => `--${n}`),
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 6 }), (args) => {
        message(() => parseArguments(args, OWN));
      }),
    );
  });
});

suite("settings", () => {
  test("by default: localhost:2379 and default.etcd, as etcd", () => {
    const made = settings({});
    assert.deepEqual(
      made.clientUrls.map(({ endpoint }) => endpoint),
      [{ host: "127.0.0.1", port: 2379 }],
    );
    assert.equal(made.dataDir, "default.etcd");
    assert.deepEqual(made.runArguments, [
      "--data-dir=default.etcd",
      "--advertise-client-urls=http://localhost:2379",
    ]);
    assert.equal(settings({ name: "m1" }).dataDir, "m1.etcd");
    assert.equal(settings({ "data-dir": "/d" }).dataDir, "/d");
    assert.equal(made.watchProgressMs, 600_000);
  });

  test("another topology is refused, with what to do", () => {
    const cluster = (value: string, name = "a"): string =>
      message(() => settings({ name, "initial-cluster": value }));
    assert.equal(cluster("a=http://x:1"), "no error");
    assert.equal(cluster("a=http://x:1,a=http://y:1"), "no error");
    assert.match(cluster("a=http://x:1,b=http://y:1"), /names 2 members \(a, b\).*serve it alone/);
    assert.match(cluster("b=http://y:1"), /couldn't find local name "a"/);
    assert.match(
      message(() => settings({ "initial-cluster-state": "existing" })),
      /t4 import/,
    );
    assert.match(
      message(() => settings({ "force-new-cluster": "true" })),
      /cannot be served/,
    );
    assert.match(
      message(() => settings({ discovery: "http://d" })),
      /--discovery http:\/\/d cannot/,
    );
    assert.match(
      message(() => settings({ proxy: "on" })),
      /no proxy/,
    );
  });

  test("https needs a certificate, http ignores one and says so", () => {
    const url = { "listen-client-urls": "https://127.0.0.1:1" };
    assert.match(
      message(() => settings(url)),
      /must be provided for client url https:/,
    );
    const files = { "cert-file": "c", "key-file": "k", "trusted-ca-file": "t" };
    const flags = new Set(["--client-tls-cert", "--client-tls-key", "--client-tls-ca"]);
    assert.deepEqual(settings({ ...url, ...files }, flags).runArguments.slice(0, 3), [
      ...["--client-tls-cert=c", "--client-tls-key=k", "--client-tls-ca=t"],
    ]);
    const plain = settings({ ...files, "client-cert-auth": "true" }, flags);
    assert.ok(!plain.runArguments.some((argument) => argument.startsWith("--client-tls")));
    assert.equal(plain.notes.filter(({ level }) => level === "warn").length, 2);
    assert.deepEqual(settings({ ...url, "auto-tls": "true" }).autoTls, { validityYears: 1 });
    assert.equal(settings({ ...url, ...files, "auto-tls": "true" }, flags).autoTls, null);
  });

  test("URLs are read as etcd reads them", () => {
    const parsed = parseListenUrls(
      "http://[::1]:1, https://h:2,unix://sock,unixs:///a/b,http://:3",
    );
    assert.ok(parsed.ok);
    assert.deepEqual(
      parsed.urls.map(({ endpoint, isTls }) => [endpoint, isTls]),
      [
        [{ host: "::1", port: 1 }, false],
        [{ host: "h", port: 2 }, true],
        [{ path: "sock" }, false],
        [{ path: "/a/b" }, true],
        [{ host: "", port: 3 }, false],
      ],
    );
    for (const [text, problem] of [
      ["foo", "URL scheme must be http, https, unix, or unixs: foo"],
      ["http://h", 'URL address does not have the form "host:port": http://h'],
      ["http://h:1/x", "URL must not contain a path: http://h:1/x"],
      ["http://h:99999", 'URL address does not have the form "host:port": http://h:99999'],
    ] as const) {
      assert.deepEqual(parseListenUrls(text), { ok: false, problem });
    }
    const any = parseListenUrls("http://0.0.0.0:5");
    assert.deepEqual(any.ok ? any.urls.map(reachableUrl) : [], ["http://localhost:5"]);
    assert.match(
      message(() => settings({ "listen-client-urls": "unix://a" })),
      /only beside one/,
    );
    const both = { "listen-client-urls": "http://a:1,https://a:1", "auto-tls": "true" };
    assert.match(
      message(() => settings(both)),
      /are one address/,
    );
  });

  test("the interval of progress notices is a duration that etcd would take", () => {
    const of = (text: string): number =>
      settings({ "watch-progress-notify-interval": text }).watchProgressMs;
    assert.deepEqual([of("90s"), of("0s"), of("-1s")], [90_000, 100, 100]);
    assert.match(
      message(() => of("")),
      /^1 invalid value "" for flag -watch-progress-notify-interval/,
    );
    assert.match(
      message(() => parseArguments(["--watch-progress-notify-interval="], OWN)),
      /^2 invalid value "" for flag -watch-progress-notify-interval: parse error/,
    );
  });

  test("the log goes where and how etcd's would", () => {
    const log = (values: Record<string, string>): EtcdSettings["log"] => settings(values).log;
    assert.deepEqual(log({}), { level: "info", format: "json", outputs: [2], timeKey: "ts" });
    assert.equal(log({ logger: "capnslog" }).format, "text");
    assert.equal(log({ "log-format": "console" }).format, "text");
    assert.equal(log({ "log-level": "fatal" }).level, "error");
    assert.equal(log({ debug: "true" }).level, "debug");
    assert.deepEqual(log({ "log-outputs": "stdout,stderr,default,/var/log/x" }).outputs, [
      ...[1, 2],
      { path: "/var/log/x" },
    ]);
    assert.match(
      message(() => log({ "log-level": "loud" })),
      /unrecognized level: "loud"/,
    );
  });
});

suite("the configuration file", () => {
  test("keys are flags, sections are flags with a prefix, and the rest is told", () => {
    const { values, unknown } = parseConfigFile(
      [
        ...["name: m1", "data-dir: /d", "max-txn-ops: 5", "pre-vote: true", "wal-dir:"],
        ...["log-outputs: [stderr, stdout]", "grpc-keepalive-interval: 2000000000"],
        ...["client-transport-security:", "  cert-file: c", "  client-cert-auth: true"],
        ...["  allowed-hostnames: [a, b]", "peer-transport-security:", "  cert-file: p"],
        ...["peer-color: blue"],
      ].join("\n"),
      "f",
    );
    assert.deepEqual(Object.fromEntries(values), {
      ...{ name: "m1", "data-dir": "/d", "max-txn-ops": "5", "pre-vote": "true" },
      ...{ "log-outputs": "stderr,stdout", "grpc-keepalive-interval": "2000000000ns" },
      ...{ "cert-file": "c", "client-cert-auth": "true" },
      ...{ "client-cert-allowed-hostname": "a,b", "peer-cert-file": "p" },
    });
    assert.deepEqual(unknown, ["peer-color"]);
    assert.equal(parseConfigFile("", "f").values.size, 0);
  });

  test("what cannot be read is named", () => {
    assert.match(
      message(() => parseConfigFile("a: [", "f.yml")),
      /^1 the configuration file f\.yml/,
    );
    assert.match(
      message(() => parseConfigFile("- a", "f")),
      /no keys with values/,
    );
    assert.match(
      message(() => parseConfigFile("max-txn-ops: many", "f")),
      /max-txn-ops is not valid/,
    );
    assert.match(
      message(() => parseConfigFile("client-transport-security: x", "f")),
      /no keys/,
    );
  });
});

test("a certificate made for --auto-tls is one that OpenSSL takes, for the hosts that were asked", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom("localhost", "db.example", "10.1.2.3", "::1", "fe80::1:2"), {
        minLength: 1,
      }),
      (hosts) => {
        const now = Date.UTC(2049, 11, 31, 23);
        const { cert, key } = selfSigned(hosts, now, 86_400_000);
        const certificate = new X509Certificate(cert);
        assert.equal(Date.parse(certificate.validFrom), now);
        assert.equal(Date.parse(certificate.validTo), now + 86_400_000);
        assert.ok(certificate.verify(certificate.publicKey));
        for (const host of hosts) {
          assert.ok(
            (/^[\d.]+$|:/.test(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !==
              undefined,
            host,
          );
        }
        const ready = checkTls(
          { cert: Buffer.from(cert), key: Buffer.from(key), clientCertificates: "none" },
          now,
        );
        assert.deepEqual(ready.warnings, []);
      },
    ),
    { numRuns: 30 },
  );
});
