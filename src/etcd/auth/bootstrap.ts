// Auth as a condition of serving: on from the first request, or no request at all.
import { hasRootRole, ROOT_ROLE, ROOT_USER } from "../../core/auth/auth-state.js";
import type { AuthChange } from "../../core/auth/auth-change.js";
import { T4Error } from "../../core/errors.js";
import type { Node } from "../../node/node.js";
import type { Passwords } from "../../runtime/credentials/passwords.js";
import { proposed } from "../propose.js";
import { checkPasswordLength } from "./login.js";

/**
 * Switches auth on if it is not. A first password makes the user root where there is none, and makes it root where it is
 * not; without one both throw, T4_ROOT_USER_MISSING and T4_ROOT_ROLE_MISSING. Of a root that has a password it is ignored.
 * Returns whether it changed anything.
 */
export async function switchAuthOn(
  node: Node,
  passwords: Passwords,
  firstPassword: string | null,
): Promise<boolean> {
  if (node.auth.enabled) {
    return false;
  }
  const change = async (next: AuthChange): Promise<void> => {
    await proposed<"auth">(node, { kind: "auth", change: next });
  };
  const root = node.auth.state.users.get(ROOT_USER);
  if (root === undefined) {
    if (firstPassword === null) {
      throw new T4Error("T4_ROOT_USER_MISSING", "there is no user root");
    }
    checkPasswordLength(firstPassword);
    const passwordHash = await passwords.hash(firstPassword);
    await change({ kind: "user-add", user: ROOT_USER, passwordHash, hasNoPassword: false });
  }
  if (root === undefined || !hasRootRole(root)) {
    if (firstPassword === null) {
      throw new T4Error("T4_ROOT_ROLE_MISSING", "the user root does not have the role root");
    }
    await change({ kind: "user-grant", user: ROOT_USER, role: ROOT_ROLE });
  }
  await change({ kind: "enable" });
  return true;
}
