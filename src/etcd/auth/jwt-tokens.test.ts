import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { test } from "node:test";
import { FakeNode } from "../../../test/support/fake-node.js";
import { ManualClock } from "../../../test/support/manual-clock.js";
import type { AuthChange } from "../../core/auth/auth-change.js";
import { nodeSignatures, type SignatureKeys } from "../../runtime/credentials/node-signatures.js";
import { SIGN_METHODS, type SignMethod } from "../../runtime/credentials/signatures.js";
import { JwtTokens } from "./jwt-tokens.js";

const TTL_MS = 60_000;

function encoded({ privateKey, publicKey }: KeyPairKeyObjectResult): Required<SignatureKeys> {
  return {
    privateKey: Buffer.from(privateKey.export({ type: "pkcs8", format: "pem" })),
    publicKey: Buffer.from(publicKey.export({ type: "spki", format: "pem" })),
  };
}

const rsa = encoded(generateKeyPairSync("rsa", { modulusLength: 2048 }));
const ec = (namedCurve: string): SignatureKeys =>
  encoded(generateKeyPairSync("ec", { namedCurve }));
const keysOf: Readonly<Record<string, SignatureKeys>> = {
  RS: rsa,
  PS: rsa,
  HS: { privateKey: Buffer.from("a secret of some length") },
  Ed: encoded(generateKeyPairSync("ed25519")),
  ES256: ec("prime256v1"),
  ES384: ec("secp384r1"),
  ES512: ec("secp521r1"),
};
const keysFor = (method: SignMethod): SignatureKeys =>
  keysOf[method] ?? keysOf[method.slice(0, 2)] ?? {};

class Setting {
  readonly clock = new ManualClock();
  readonly node = new FakeNode(this.clock);
  readonly tokens: JwtTokens;

  constructor(method: SignMethod, keys: SignatureKeys = keysFor(method)) {
    this.tokens = new JwtTokens(this.node, this.clock, nodeSignatures(method, keys), TTL_MS);
    this.change({ kind: "user-add", user: "u", passwordHash: "h", hasNoPassword: false });
  }

  change(change: AuthChange): void {
    this.node.propose({ kind: "auth", change }, () => {});
  }

  async issue(): Promise<string> {
    const user = this.node.auth.state.users.get("u");
    assert.ok(user !== undefined);
    return this.tokens.issue(user);
  }

  userOf(token: string): string | null {
    return this.tokens.callerOf(token)?.user ?? null;
  }
}

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

for (const method of SIGN_METHODS) {
  test(`a token of ${method} is known again, also by who has only the public key; a changed one is not`, async () => {
    const setting = new Setting(method);
    const token = await setting.issue();
    assert.equal(setting.userOf(token), "u");
    const [head = "", claims = "", signature = ""] = token.split(".");
    assert.deepEqual(JSON.parse(Buffer.from(head, "base64url").toString()), {
      alg: method,
      typ: "JWT",
    });
    const forged = json({ username: "root", revision: 9, exp: 9e9 });
    assert.equal(setting.userOf(`${head}.${forged}.${signature}`), null);
    assert.equal(setting.userOf(`${head}.${claims}.`), null);
    const { publicKey } = keysFor(method);
    if (publicKey !== undefined) {
      const verifier = new Setting(method, { publicKey });
      assert.equal(verifier.userOf(token), "u");
      await assert.rejects(verifier.issue(), /verify-only key/);
    }
  });
}

test("a token's own word for its algorithm is not believed", () => {
  const setting = new Setting("RS256");
  const claims = json({ username: "root", revision: 9, exp: 9e9 });
  const none = `${json({ alg: "none", typ: "JWT" })}.${claims}.`;
  assert.equal(setting.userOf(none), null);
  // The public key is public: as a secret it proves nothing.
  const signed = `${json({ alg: "HS256", typ: "JWT" })}.${claims}`;
  const mac = createHmac("sha256", rsa.publicKey).update(signed).digest("base64url");
  assert.equal(setting.userOf(`${signed}.${mac}`), null);
});

test("a good token is one text: its signature written otherwise is none", async () => {
  const setting = new Setting("HS256");
  const token = await setting.issue();
  // The last letter of 43 holds four bits of 256 and two that mean nothing.
  const last = token.at(-1) ?? "";
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const next = letters.charAt(letters.indexOf(last) + 1);
  for (const other of [
    `${token}!`,
    `${token}=`,
    `${token} `,
    token.replace(/.{5}$/, "*$&"),
    token.slice(0, -1) + next,
  ]) {
    assert.equal(setting.userOf(other), null, other);
  }
  assert.equal(setting.tokens.count, 0);
  assert.equal(setting.userOf(token), "u");
  assert.equal(setting.tokens.count, 1);
});

test("what others sign is taken with the claims that etcd looks at", () => {
  const setting = new Setting("HS256");
  const signed = (claims: unknown): string => {
    const text = `${json({ alg: "HS256" })}.${json(claims)}`;
    const mac = createHmac("sha256", keysOf["HS"]?.privateKey ?? "").update(text);
    return `${text}.${mac.digest("base64url")}`;
  };
  const nowSeconds = setting.clock.wallMs() / 1000;
  assert.equal(setting.userOf(signed({ username: "u", revision: 2 })), "u");
  assert.equal(setting.userOf(signed({ username: "u", revision: 2, exp: nowSeconds - 1 })), null);
  assert.equal(setting.userOf(signed({ username: "u", revision: 2, nbf: nowSeconds + 9 })), null);
  assert.equal(setting.userOf(signed({ username: "u", revision: 2, exp: "soon" })), null);
  assert.equal(setting.userOf(signed({ username: "u" })), null);
  assert.equal(setting.userOf(signed({ revision: 2 })), null);
  assert.equal(setting.userOf(signed("u")), null);
  for (const text of ["", ".", "..", "a.b.c", "a.b.c.d", "\u00ff.\u00ff.\u00ff"]) {
    assert.equal(setting.userOf(text), null);
  }
});

test("a token ends with its time, its user's password and its user, and when auth is switched off", async () => {
  const setting = new Setting("HS256");
  const first = await setting.issue();
  setting.clock.advance(TTL_MS - 1_000);
  assert.equal(setting.userOf(first), "u");
  setting.clock.advance(1_000);
  assert.equal(setting.userOf(first), null);

  const second = await setting.issue();
  setting.change({ kind: "role-add", role: "r" });
  assert.equal(setting.tokens.callerOf(second)?.authRevision, 2, "it says of when it is");
  setting.change({ kind: "user-password", user: "u", passwordHash: "x" });
  assert.equal(setting.userOf(second), null);

  const third = await setting.issue();
  setting.change({ kind: "user-add", user: "root", passwordHash: "h", hasNoPassword: false });
  setting.change({ kind: "user-grant", user: "root", role: "root" });
  setting.change({ kind: "enable" });
  assert.equal(setting.userOf(third), "u");
  setting.change({ kind: "disable" });
  assert.equal(setting.userOf(third), null);
});

test("keys that do not fit the algorithm, or each other, are refused", () => {
  const refused = (method: SignMethod, keys: SignatureKeys): void => {
    assert.throws(() => nodeSignatures(method, keys), Error);
  };
  refused("RS256", {});
  refused("HS256", {});
  refused("RS256", keysOf["ES256"] ?? {});
  refused("ES256", keysOf["ES384"] ?? {});
  refused("EdDSA", rsa);
  refused("RS256", { privateKey: Buffer.from("no key") });
  const { publicKey } = encoded(generateKeyPairSync("rsa", { modulusLength: 2048 }));
  assert.throws(() => nodeSignatures("RS256", { ...rsa, publicKey }), /not the public half/);
});
