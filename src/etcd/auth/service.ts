// etcdserverpb.Auth: users, roles, permissions, and logging in. Who may call what is decided before this, by the policies of
// the methods, and once more where a change is planned.
import type { AuthChange } from "../../core/auth/auth-change.js";
import type { Permission, PermissionKind } from "../../core/auth/auth-state.js";
import { ROOT_ROLE } from "../../core/auth/auth-state.js";
import { sortedNames } from "../../core/auth/names.js";
import { roleOf, userOf } from "../../core/auth/plan-auth.js";
import { T4Error } from "../../core/errors.js";
import { LOGIN_REQUEST_BYTES_MAX } from "../../core/limits.js";
import type { CallContext, Method } from "../../transport/service.js";
import { readBarrier } from "../cluster-service.js";
import { permissionNotGiven } from "../errors.js";
import { PermissionType, type Permission as WirePermission } from "../gen/auth.js";
import * as rpc from "../gen/rpc.js";
import { proposed } from "../propose.js";
import {
  checkSize,
  unary,
  type Decode,
  type Encoder,
  type ServiceContext,
} from "../service-context.js";
import { checkPasswordLength, type Logins } from "./login.js";
import type { PasswordQueue } from "./password-queue.js";

type Methods = (readonly [path: string, method: Method])[];

interface WithHeader {
  header: rpc.ResponseHeader | null;
}

export function authMethods(
  context: ServiceContext,
  logins: Logins,
  queue: PasswordQueue,
): Methods {
  return [
    ...switchMethods(context),
    ...loginMethods(context, logins),
    ...passwordMethods(context, queue),
    ...userMethods(context),
    ...roleMethods(context),
  ];
}

function path(name: string): string {
  return `/etcdserverpb.Auth/${name}`;
}

/** A method that makes a change and answers with nothing but a header. */
function changing<Request, Response extends WithHeader>(
  context: ServiceContext,
  name: string,
  decode: Decode<Request>,
  encoder: Encoder<Response>,
  empty: () => Response,
  changeOf: (request: Request, call: CallContext) => AuthChange | Promise<AuthChange>,
): Methods[number] {
  const method = unary(context.node, decode, encoder, async (request, _requestBytes, call) => {
    // Before anything is awaited: the call's token counts as of now.
    const caller = context.authoriser.callerOf(call);
    const change = await changeOf(request, call);
    const { revision } = await proposed<"auth">(context.node, { kind: "auth", change }, caller);
    return { ...empty(), header: context.headers.message(revision) };
  });
  return [path(name), method];
}

/** A method that reads what every write before it has changed. */
function reading<Request, Response>(
  context: ServiceContext,
  name: string,
  decode: Decode<Request>,
  encoder: Encoder<Response>,
  answer: (request: Request) => Response,
): Methods[number] {
  const method = unary(context.node, decode, encoder, async (request) => {
    await readBarrier(context.node);
    return answer(request);
  });
  return [path(name), method];
}

function switchMethods(context: ServiceContext): Methods {
  const { node, headers } = context;
  return [
    changing(
      context,
      "AuthEnable",
      rpc.decodeAuthEnableRequest,
      { size: rpc.sizeAuthEnableResponse, write: rpc.writeAuthEnableResponse },
      rpc.emptyAuthEnableResponse,
      () => ({ kind: "enable" }),
    ),
    changing(
      context,
      "AuthDisable",
      rpc.decodeAuthDisableRequest,
      { size: rpc.sizeAuthDisableResponse, write: rpc.writeAuthDisableResponse },
      rpc.emptyAuthDisableResponse,
      () => ({ kind: "disable" }),
    ),
    reading(
      context,
      "AuthStatus",
      rpc.decodeAuthStatusRequest,
      { size: rpc.sizeAuthStatusResponse, write: rpc.writeAuthStatusResponse },
      () => ({
        header: headers.message(node.revision),
        enabled: node.auth.enabled,
        authRevision: node.auth.revision,
      }),
    ),
  ];
}

function loginMethods(context: ServiceContext, logins: Logins): Methods {
  const { node, headers } = context;
  const authenticate = unary(
    node,
    rpc.decodeAuthenticateRequest,
    { size: rpc.sizeAuthenticateResponse, write: rpc.writeAuthenticateResponse },
    async ({ name, password }, requestBytes, call) => {
      checkSize(requestBytes, LOGIN_REQUEST_BYTES_MAX);
      await readBarrier(node);
      const token = await logins.login(name, password, call.peer);
      return { header: headers.message(node.revision), token };
    },
  );
  return [[path("Authenticate"), authenticate]];
}

function passwordMethods(context: ServiceContext, queue: PasswordQueue): Methods {
  const { node } = context;
  const hashOf = async (password: string, { peer }: CallContext): Promise<string> => {
    checkPasswordLength(password);
    return queue.run(peer, async (passwords) => passwords.hash(password));
  };
  return [
    changing(
      context,
      "UserAdd",
      rpc.decodeAuthUserAddRequest,
      { size: rpc.sizeAuthUserAddResponse, write: rpc.writeAuthUserAddResponse },
      rpc.emptyAuthUserAddResponse,
      async ({ name, password, options }, call) => {
        const hasNoPassword = options?.noPassword === true;
        const passwordHash = hasNoPassword ? "" : await hashOf(password, call);
        return { kind: "user-add", user: name, passwordHash, hasNoPassword };
      },
    ),
    changing(
      context,
      "UserChangePassword",
      rpc.decodeAuthUserChangePasswordRequest,
      {
        size: rpc.sizeAuthUserChangePasswordResponse,
        write: rpc.writeAuthUserChangePasswordResponse,
      },
      rpc.emptyAuthUserChangePasswordResponse,
      async ({ name, password, hashedPassword }, call) => ({
        kind: "user-password",
        user: name,
        passwordHash:
          node.auth.state.users.get(name)?.hasNoPassword === true
            ? ""
            : password === ""
              ? givenHash(hashedPassword)
              : await hashOf(password, call),
      }),
    ),
  ];
}

function userMethods(context: ServiceContext): Methods {
  const { node, headers } = context;
  return [
    changing(
      context,
      "UserDelete",
      rpc.decodeAuthUserDeleteRequest,
      { size: rpc.sizeAuthUserDeleteResponse, write: rpc.writeAuthUserDeleteResponse },
      rpc.emptyAuthUserDeleteResponse,
      ({ name }) => ({ kind: "user-delete", user: name }),
    ),
    changing(
      context,
      "UserGrantRole",
      rpc.decodeAuthUserGrantRoleRequest,
      { size: rpc.sizeAuthUserGrantRoleResponse, write: rpc.writeAuthUserGrantRoleResponse },
      rpc.emptyAuthUserGrantRoleResponse,
      ({ user, role }) => ({ kind: "user-grant", user, role }),
    ),
    changing(
      context,
      "UserRevokeRole",
      rpc.decodeAuthUserRevokeRoleRequest,
      { size: rpc.sizeAuthUserRevokeRoleResponse, write: rpc.writeAuthUserRevokeRoleResponse },
      rpc.emptyAuthUserRevokeRoleResponse,
      ({ name, role }) => ({ kind: "user-revoke", user: name, role }),
    ),
    reading(
      context,
      "UserGet",
      rpc.decodeAuthUserGetRequest,
      { size: rpc.sizeAuthUserGetResponse, write: rpc.writeAuthUserGetResponse },
      ({ name }) => ({
        header: headers.message(node.revision),
        roles: [...userOf(node.auth.state, name).roles],
      }),
    ),
    reading(
      context,
      "UserList",
      rpc.decodeAuthUserListRequest,
      { size: rpc.sizeAuthUserListResponse, write: rpc.writeAuthUserListResponse },
      () => ({
        header: headers.message(node.revision),
        users: sortedNames(node.auth.state.users.keys()),
      }),
    ),
  ];
}

/** The hash itself, as base64, from a client that has it. None: from now on nobody logs in as this user. */
function givenHash(hashedPassword: string): string {
  return Buffer.from(hashedPassword, "base64").toString("latin1");
}

function roleMethods(context: ServiceContext): Methods {
  const { node, headers } = context;
  return [
    changing(
      context,
      "RoleAdd",
      rpc.decodeAuthRoleAddRequest,
      { size: rpc.sizeAuthRoleAddResponse, write: rpc.writeAuthRoleAddResponse },
      rpc.emptyAuthRoleAddResponse,
      ({ name }) => ({ kind: "role-add", role: name }),
    ),
    changing(
      context,
      "RoleDelete",
      rpc.decodeAuthRoleDeleteRequest,
      { size: rpc.sizeAuthRoleDeleteResponse, write: rpc.writeAuthRoleDeleteResponse },
      rpc.emptyAuthRoleDeleteResponse,
      ({ role }) => ({ kind: "role-delete", role }),
    ),
    changing(
      context,
      "RoleGrantPermission",
      rpc.decodeAuthRoleGrantPermissionRequest,
      {
        size: rpc.sizeAuthRoleGrantPermissionResponse,
        write: rpc.writeAuthRoleGrantPermissionResponse,
      },
      rpc.emptyAuthRoleGrantPermissionResponse,
      ({ name, perm }) => {
        if (perm === null) {
          throw permissionNotGiven();
        }
        return { kind: "role-grant", role: name, permission: permissionOf(perm) };
      },
    ),
    changing(
      context,
      "RoleRevokePermission",
      rpc.decodeAuthRoleRevokePermissionRequest,
      {
        size: rpc.sizeAuthRoleRevokePermissionResponse,
        write: rpc.writeAuthRoleRevokePermissionResponse,
      },
      rpc.emptyAuthRoleRevokePermissionResponse,
      ({ role, key, rangeEnd }) => ({ kind: "role-revoke", role, key, rangeEnd }),
    ),
    reading(
      context,
      "RoleGet",
      rpc.decodeAuthRoleGetRequest,
      { size: rpc.sizeAuthRoleGetResponse, write: rpc.writeAuthRoleGetResponse },
      ({ role }) => ({
        header: headers.message(node.revision),
        perm: permissionsOf(context, role).map(wirePermission),
      }),
    ),
    reading(
      context,
      "RoleList",
      rpc.decodeAuthRoleListRequest,
      { size: rpc.sizeAuthRoleListResponse, write: rpc.writeAuthRoleListResponse },
      () => ({
        header: headers.message(node.revision),
        roles: sortedNames(node.auth.state.roles.keys()),
      }),
    ),
  ];
}

/** The role root holds no permissions; etcd shows what it amounts to. */
function permissionsOf({ node }: ServiceContext, name: string): readonly Permission[] {
  const { permissions } = roleOf(node.auth.state, name);
  return name === ROOT_ROLE ? [{ kind: "readwrite", key: "", rangeEnd: "\0" }] : permissions;
}

const kinds: readonly PermissionKind[] = ["read", "write", "readwrite"];

function permissionOf({ permType, key, rangeEnd }: WirePermission): Permission {
  const kind = kinds[permType];
  if (kind === undefined) {
    throw new T4Error("T4_AUTH_MANAGEMENT", `a permission is of an unknown type ${permType}`);
  }
  return { kind, key, rangeEnd };
}

function wirePermission({ kind, key, rangeEnd }: Permission): WirePermission {
  const permType = {
    read: PermissionType.READ,
    write: PermissionType.WRITE,
    readwrite: PermissionType.READWRITE,
  }[kind];
  return { permType, key, rangeEnd };
}
