// The architecture, as data: each folder of src/ and the folders it may import. ARCHITECTURE.md explains why.
const layers = {
  lib: [],
  runtime: ["lib"],
  bbolt: ["lib"],
  core: ["lib"],
  log: ["core", "runtime", "lib"],
  store: ["log", "core", "runtime", "lib"],
  object: ["core", "runtime", "lib"],
  archive: ["object", "log", "core", "runtime", "lib"],
  election: ["object", "core", "runtime", "lib"],
  checkpoint: ["election", "archive", "object", "store", "log", "core", "runtime", "lib"],
  node: ["checkpoint", "election", "archive", "object", "store", "log", "core", "runtime", "lib"],
  embedded: ["node", "checkpoint", "object", "store", "log", "core", "runtime", "lib"],
  transport: ["runtime", "lib"],
  etcd: ["transport", "node", "core", "bbolt", "runtime", "lib"],
  server: ["etcd", "transport", "node", "core", "runtime", "lib"],
  cli: [
    "server",
    "embedded",
    "etcd",
    "transport",
    "node",
    "checkpoint",
    "election",
    "archive",
    "object",
    "store",
    "log",
    "core",
    "runtime",
    "lib",
  ],
};

/** The few files that may touch Node's modules or an npm package: all else takes a port. */
const edge = [
  "src/runtime/",
  "src/cli/",
  "src/lib/hashes/(crc32|sha1|sha256)\\.ts",
  "src/object/directory/node-files\\.ts",
  "src/object/s3/",
  "src/transport/(sockets|gzip)\\.ts",
  "src/transport/tls/",
].join("|");

/** Where a program or an importer begins: all else must be reachable from one of these. */
const roots = [
  "index",
  "server/index",
  "cli/main",
  "object/suite",
  "object/s3/index",
  "[^/]+/.*worker-main",
].join("|");

export default {
  forbidden: [
    ...Object.entries(layers).map(([folder, allowed]) => ({
      name: `layer-${folder}`,
      comment: `src/${folder} may import only: ${allowed.join(", ") || "nothing"}`,
      severity: "error",
      from: { path: `^src/${folder}/`, pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: `^src/(${[folder, ...allowed].join("|")})/` },
    })),
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "effects-only-at-the-edge",
      severity: "error",
      from: { path: "^src/", pathNot: `^(${edge})|\\.test\\.ts$` },
      to: { dependencyTypes: ["core", "npm"] },
    },
    {
      name: "not-to-test",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "(\\.test\\.ts$|^test/)" },
    },
    {
      name: "not-to-dev-dep",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-dev"] },
    },
    {
      name: "no-dead-file",
      severity: "error",
      from: { path: `^src/(${roots})\\.ts$` },
      to: {
        path: "^src/",
        // Generated for every message of the protocol files, whether a service uses it yet or not.
        pathNot: `(^src/etcd/gen/|\\.test\\.ts$|^src/(${roots})\\.ts$)`,
        reachable: false,
      },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  },
};
