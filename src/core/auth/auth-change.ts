// What can be changed about auth. The same data is the command that asks for it and the effect in the entry: once a
// change is found valid against the state at the tip, applying it is not a decision any more.
import type { Permission } from "./auth-state.js";
import type { Key } from "../words.js";

export type AuthChange =
  | { readonly kind: "enable" }
  | { readonly kind: "disable" }
  | {
      readonly kind: "user-add";
      readonly user: string;
      readonly passwordHash: string;
      readonly hasNoPassword: boolean;
    }
  | { readonly kind: "user-delete"; readonly user: string }
  | { readonly kind: "user-password"; readonly user: string; readonly passwordHash: string }
  | { readonly kind: "user-grant"; readonly user: string; readonly role: string }
  | { readonly kind: "user-revoke"; readonly user: string; readonly role: string }
  | { readonly kind: "role-add"; readonly role: string }
  | { readonly kind: "role-delete"; readonly role: string }
  | { readonly kind: "role-grant"; readonly role: string; readonly permission: Permission }
  | {
      readonly kind: "role-revoke";
      readonly role: string;
      readonly key: Key;
      readonly rangeEnd: Key;
    }
  /** A user has proved who it is. Changes no state: every node learns which token stands for it. */
  | {
      readonly kind: "token";
      readonly user: string;
      /** Of the user when its password was checked. */
      readonly passwordRevision: number;
      /** SHA-256 of the token, in hexadecimal digits: whoever reads the log cannot use it. */
      readonly digest: string;
    };
