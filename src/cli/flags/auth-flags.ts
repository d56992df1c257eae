// The flags that say who may use the server.
import { InvalidArgumentError, type Option } from "../commander.js";
import {
  BCRYPT_COST,
  BCRYPT_COST_MAX,
  BCRYPT_COST_MIN,
} from "../../runtime/credentials/bcrypt-passwords.js";
import { SIGN_METHODS, type SignMethod } from "../../runtime/credentials/signatures.js";
import { option, parseGoDuration, parseSwitch, wholeNumber } from "./flag-parsers.js";

/** A JWT's key files and times, as --auth-token names them. */
export interface JwtFlag {
  readonly kind: "jwt";
  readonly signMethod: SignMethod;
  readonly publicKeyFile?: string;
  readonly privateKeyFile?: string;
  readonly ttlMs: number;
}

export type AuthTokenFlag = { readonly kind: "simple" } | JwtFlag;

export interface AuthFlags {
  readonly authEnabled: boolean;
  readonly authToken: AuthTokenFlag;
  /** Seconds. */
  readonly tokenTtl: number;
  readonly bcryptCost: number;
}

/** The variable with the first password of the user root. There is no flag: others could read it. */
export const ROOT_PASSWORD_VARIABLE = "T4_ROOT_PASSWORD";

/** etcd's default for signed tokens. */
const JWT_TTL_MS = 5 * 60_000;

/** Made anew at each call: an Option keeps state of the parse it took part in. */
export function authOptions(): Option[] {
  return [
    option(
      "--auth-enabled [switch]",
      `switch auth on, and serve nobody before the user root has the role root; its first password may be in ${ROOT_PASSWORD_VARIABLE}`,
    )
      .default(false)
      .preset("true")
      .argParser(parseSwitch),
    option(
      "--auth-token <kind>",
      "simple, or jwt,sign-method=RS256,pub-key=<file>,priv-key=<file>,ttl=5m (RS, PS, ES, HS with 256, 384, 512, or EdDSA)",
    )
      .default({ kind: "simple" }, "simple")
      .argParser(parseAuthToken),
    option("--token-ttl <seconds>", "a simple token ends when it was not used for so long")
      .default(300)
      .argParser(wholeNumber(1, 31_536_000)),
    option(
      "--bcrypt-cost <n>",
      "of password hashes; each step up doubles the time that a login takes",
    )
      .default(BCRYPT_COST)
      .argParser(wholeNumber(BCRYPT_COST_MIN, BCRYPT_COST_MAX)),
  ];
}

const JWT_OPTIONS = ["sign-method", "pub-key", "priv-key", "ttl"];

/** etcd's form: the kind, then key=value pairs. */
export function parseAuthToken(text: string): AuthTokenFlag {
  const [kind, ...pairs] = text.split(",");
  if (kind === "simple" && pairs.length === 0) {
    return { kind };
  }
  if (kind !== "jwt") {
    throw new InvalidArgumentError("Expected simple, or jwt with its options.");
  }
  const values = new Map<string, string>();
  for (const pair of pairs) {
    const [name = "", value, ...more] = pair.split("=");
    const isNew = JWT_OPTIONS.includes(name) && !values.has(name);
    if (value === undefined || value === "" || more.length > 0 || !isNew) {
      throw new InvalidArgumentError(
        `Expected each of ${JWT_OPTIONS.join(", ")} at most once, with a value; "${pair}" is not so.`,
      );
    }
    values.set(name, value);
  }
  const signMethod = SIGN_METHODS.find((method) => method === values.get("sign-method"));
  if (signMethod === undefined) {
    throw new InvalidArgumentError(`Expected a sign-method of ${SIGN_METHODS.join(", ")}.`);
  }
  const ttl = values.get("ttl");
  const publicKeyFile = values.get("pub-key");
  const privateKeyFile = values.get("priv-key");
  return {
    kind,
    signMethod,
    ttlMs: ttl === undefined ? JWT_TTL_MS : parseTtl(ttl),
    ...(publicKeyFile === undefined ? {} : { publicKeyFile }),
    ...(privateKeyFile === undefined ? {} : { privateKeyFile }),
  };
}

function parseTtl(text: string): number {
  const ms = parseGoDuration(text);
  if (ms === null || ms < 1_000) {
    throw new InvalidArgumentError("Expected a ttl of at least a second, such as 90s or 1h30m.");
  }
  return ms;
}
