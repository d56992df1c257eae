// What the flags about auth ask of the server, and auth switched on before it serves.
import { readFileSync } from "node:fs";
import { T4Error, type T4ErrorCode } from "../../core/errors.js";
import { EtcdError } from "../../etcd/errors.js";
import { switchAuthOn } from "../../etcd/auth/bootstrap.js";
import type { Node } from "../../node/node.js";
import { bcryptPasswords } from "../../runtime/credentials/bcrypt-passwords.js";
import { nodeSignatures } from "../../runtime/credentials/node-signatures.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Signatures } from "../../runtime/credentials/signatures.js";
import type { ServerAuthOptions } from "../../server/server.js";
import { ROOT_PASSWORD_VARIABLE, type AuthFlags, type JwtFlag } from "../flags/auth-flags.js";
import { CommandError, EXIT_FAILED, EXIT_USAGE } from "../exit.js";

export function authSettings(flags: AuthFlags): ServerAuthOptions {
  const { authToken, tokenTtl, bcryptCost } = flags;
  return authToken.kind === "simple"
    ? { tokenTtlMs: tokenTtl * 1000, bcryptCost }
    : { signatures: readSignatures(authToken), tokenTtlMs: authToken.ttlMs, bcryptCost };
}

function readSignatures({ signMethod, publicKeyFile, privateKeyFile }: JwtFlag): Signatures {
  try {
    return nodeSignatures(signMethod, {
      ...(publicKeyFile === undefined ? {} : { publicKey: readFileSync(publicKeyFile) }),
      ...(privateKeyFile === undefined ? {} : { privateKey: readFileSync(privateKeyFile) }),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`the keys of --auth-token cannot be used: ${reason}`, EXIT_USAGE, error);
  }
}

const ROOT_IS_MISSING: ReadonlySet<T4ErrorCode> = new Set<T4ErrorCode>([
  "T4_ROOT_USER_MISSING",
  "T4_ROOT_ROLE_MISSING",
]);

/** With --auth-enabled: auth is on when this resolves, or the start ends here. */
export async function enforceAuth(flags: AuthFlags, node: Node, runtime: Runtime): Promise<void> {
  if (!flags.authEnabled || node.auth.enabled) {
    return;
  }
  const firstPassword = process.env[ROOT_PASSWORD_VARIABLE] ?? "";
  const passwords = bcryptPasswords(runtime.threads, flags.bcryptCost);
  try {
    await switchAuthOn(node, passwords, firstPassword === "" ? null : firstPassword);
    runtime.logger.info("auth is switched on");
  } catch (error) {
    if (error instanceof T4Error && ROOT_IS_MISSING.has(error.code)) {
      throw new CommandError(
        `--auth-enabled: ${error.message}. Give root's first password in ${ROOT_PASSWORD_VARIABLE}, or start once ` +
          "without --auth-enabled and run: etcdctl user add root; etcdctl user grant-role root root",
        EXIT_FAILED,
        error,
      );
    }
    if (error instanceof EtcdError) {
      throw new CommandError(`${ROOT_PASSWORD_VARIABLE}: ${error.message}`, EXIT_USAGE, error);
    }
    throw error;
  } finally {
    await passwords.close();
  }
}
