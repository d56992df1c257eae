// A module hook, run by Node in a thread of its own: see resolve-source.ts.

interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

const source = new Map([
  ["t4db", new URL("../../src/index.js", import.meta.url).href],
  ["t4db/server", new URL("../../src/server/index.js", import.meta.url).href],
  ["t4db/s3", new URL("../../src/object/s3/index.js", import.meta.url).href],
]);

export async function resolve(
  specifier: string,
  context: unknown,
  nextResolve: (specifier: string, context: unknown) => Promise<Resolved>,
): Promise<Resolved> {
  const url = source.get(specifier);
  return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
}
