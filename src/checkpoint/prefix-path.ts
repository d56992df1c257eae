// Where one prefix of an object store lies as seen from another: what a checkpoint's files and a branch's base name their
// owners by, so that a whole tree of prefixes can be moved or copied and still holds together.
// Format: relative as in a relative URL, in its shortest form: "" for the same prefix, "../../", "branch/a/".
import { T4Error } from "../core/errors.js";

/** The shortest form of a relative path that ends in "/" or is empty. */
export function normalizePath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === ".." && segments.length > 0 && segments.at(-1) !== "..") {
      segments.pop();
    } else if (segment !== "" && segment !== ".") {
      segments.push(segment);
    }
  }
  return segments.map((segment) => `${segment}/`).join("");
}

/** The prefix that lies at `next` as seen from the one at `first`. */
export function joinPaths(first: string, next: string): string {
  return normalizePath(first + next);
}

/** Where the store with URL `to` lies as seen from the one with `from`. Throws T4_INVALID_ARGUMENT for two stores. */
export function pathBetween(from: string, to: string): string {
  const [fromRoot, fromSegments] = splitUrl(from);
  const [toRoot, toSegments] = splitUrl(to);
  if (fromRoot !== toRoot) {
    throw new T4Error(
      "T4_INVALID_ARGUMENT",
      `${to} lies in another object store than ${from}: a branch shares its source's objects, so it needs the same store`,
    );
  }
  let shared = 0;
  while (shared < fromSegments.length && fromSegments[shared] === toSegments[shared]) {
    shared += 1;
  }
  const up = fromSegments.slice(shared).map(() => "../");
  const down = toSegments.slice(shared).map((segment) => `${segment}/`);
  return [...up, ...down].join("");
}

/** Scheme and bucket, and the segments of the prefix. */
function splitUrl(url: string): readonly [string, readonly string[]] {
  const match = /^([a-z0-9+.-]+:(?:\/\/[^/]*)?)\/?(.*)$/.exec(url);
  const segments = (match?.[2] ?? url).split("/").filter((segment) => segment !== "");
  return [match?.[1] ?? "", segments];
}
