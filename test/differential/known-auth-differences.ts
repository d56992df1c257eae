// What of auth we mean to answer otherwise than etcd 3.4.23; beside known-differences.ts, which says how.
import { isDeepStrictEqual } from "node:util";
import type { Message } from "../support/grpc-client.js";
import type { Encounter } from "./compare.js";

const REFUSALS: readonly string[] = [
  "16 etcdserver: invalid auth token",
  "3 etcdserver: user name is empty",
  "7 etcdserver: permission denied",
];

const refusalOf = (answer: unknown): string => {
  const { code, message } = answer as Message;
  return `${String(code)} ${String(message)}`;
};

/** Methods that 3.4 lets anybody call, here with auth on by somebody who may not. */
export function unguardedMethods({
  operation,
  referenceAnswer,
  subjectAnswer,
}: Encounter): boolean {
  return (
    operation.kind === "call" &&
    ["Lease/LeaseTimeToLive", "Lease/LeaseLeases", "Cluster/MemberList"].includes(
      operation.method,
    ) &&
    (referenceAnswer as Message)["ok"] === true &&
    REFUSALS.includes(refusalOf(subjectAnswer))
  );
}

/** The role root may do everything; 3.6 shows that, 3.4 what was granted to it besides. */
export function rootRolePermissions(encounter: Encounter): boolean {
  const { operation, difference, subjectAnswer } = encounter;
  const response = (subjectAnswer as Message)["response"] as Message | undefined;
  return (
    operation.kind === "call" &&
    operation.method === "Auth/RoleGet" &&
    operation.request["role"] === "root" &&
    difference.path.startsWith(".response.perm") &&
    isDeepStrictEqual(response?.["perm"], [{ permType: 2, key: "", range_end: "\0" }])
  );
}
