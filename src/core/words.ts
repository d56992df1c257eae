// The words of the domain as types, so that what must not be mixed up cannot be.

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** An entry's place in the log: 1, 2, 3 … without holes. 0 stands before the first. */
export type LogIndex = Branded<number, "LogIndex">;
/** etcd's revision: an empty store is at 1, its first write makes 2. Grows by one with each entry that changes keys. */
export type Revision = Branded<number, "Revision">;
/** The number of a leadership. The first is 1. */
export type Term = Branded<number, "Term">;
/** A lease's id: a signed 64-bit number, never 0. */
export type LeaseId = bigint;
/** A key: each char stands for one byte (latin1), so that `<` is byte order. Never empty. */
export type Key = string;

export const NO_LEASE: LeaseId = 0n;
/** The compact revision of a store that was never compacted: etcd tells it from one compacted at revision 0. */
export const NEVER_COMPACTED: Revision = -1 as Revision;
/** The revision of an empty store. */
export const FIRST_REVISION: Revision = 1 as Revision;
