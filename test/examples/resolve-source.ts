// Lets an example's `import "t4db"` find the compiled source of this build instead of dist/. Loaded with --import.
import { register } from "node:module";

register(new URL("./resolve-hook.js", import.meta.url));
