// Where things lie, seen from the compiled tests in build/test/: nothing here depends on the working directory.
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);

/** The absolute path of a file of the repository, named from its root. */
export function repositoryPath(relative: string): string {
  return fileURLToPath(new URL(relative, root));
}
