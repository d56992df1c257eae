// What we say we are. Clients compare versions to learn what a server can do, some of them number by number.

/** The etcd version whose behaviour we have. */
export const SERVER_VERSION = "3.6.5";
export const CLUSTER_VERSION = "3.6.0";
export const STORAGE_VERSION = "3.6.0";
