// tsc writes files without the run bit; the `t4` binary needs it when linked from a checkout.
import { chmodSync } from "node:fs";

chmodSync("dist/cli/main.js", 0o755);
