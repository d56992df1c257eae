// Runs the compiled tests. Three tiers: the default one needs nothing but Node; --full adds the tests that
// drive foreign programs and fixed-seed samples; --soak passes --seeds and --seconds on to the long ones.
// Node 20's test runner knows no globs, so the files are named one by one: those that have a source, since what was
// compiled before a file was moved or deleted stays in build/.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const args = process.argv.slice(2);
const option = (name) => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
};
const tier = args.includes("--soak") ? "soak" : args.includes("--full") ? "full" : "quick";
const only = option("--only");

const suffix = { quick: ".test.ts", full: ".full.ts", soak: ".soak.ts" }[tier];

function* filesUnder(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      yield* filesUnder(path);
    } else if (entry.name.endsWith(suffix)) {
      yield join("build", path.replace(/\.ts$/, ".js"));
    }
  }
}

const files = ["src", "test"]
  .flatMap((directory) => [...filesUnder(directory)])
  .filter((file) => only === undefined || file.includes(only))
  .sort();
if (files.length === 0) {
  console.error(`no ${tier} test${only === undefined ? "" : ` with "${only}" in its path`}`);
  process.exit(1);
}

// Most of them wait for something: left to itself the runner keeps one core free. Foreign programs make ours wait longer.
const concurrency = availableParallelism() + (tier === "full" ? 1 : 0);
// A file that hangs fails by its name instead of holding up everything. Soaks take as long as they are told.
const timeoutMs = { quick: 10 * 60_000, full: 20 * 60_000, soak: undefined }[tier];
const { status } = spawnSync(
  process.execPath,
  [
    "--enable-source-maps",
    "--test",
    "--test-reporter=spec",
    `--test-concurrency=${concurrency}`,
    ...(timeoutMs === undefined ? [] : [`--test-timeout=${timeoutMs}`]),
    ...files,
  ],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      T4_TEST_SEEDS: option("--seeds") ?? process.env.T4_TEST_SEEDS ?? "",
      T4_TEST_SECONDS: option("--seconds") ?? process.env.T4_TEST_SECONDS ?? "",
    },
  },
);
process.exit(status ?? 1);
