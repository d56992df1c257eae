// The part of the embedded API that the benchmarks use, and the package that is measured: the built one, by its own
// name, as its users import it; or another build of it, for comparing two versions.

/** `put` resolves once the write is durable. What a watch yields is counted by `eventsIn`. */
export interface Database {
  put(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<unknown>;
  list(prefix: string, options?: { readonly limit?: number }): Promise<unknown>;
  compact(revision: number): Promise<unknown>;
  watch(prefix: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<unknown>;
  close(): Promise<void>;
}

export type Config = { readonly dataDir: string } | { readonly memory: true };

interface EmbeddedModule {
  readonly open: (config: Config & { readonly valueEncoding: string }) => Promise<Database>;
}

/** The values are bytes, and are read as such: as text, most of the time would go into their replacement characters. */
const valueEncoding = "buffer";

/** `moduleName` is a package's name or the URL of a module. */
export async function openDatabase(moduleName: string, config: Config): Promise<Database> {
  const { open } = (await import(moduleName)) as EmbeddedModule;
  return open({ ...config, valueEncoding });
}

/** The revision that a put made. */
export function revisionOf(answer: unknown): number {
  const revision =
    typeof answer === "object" && answer !== null && "revision" in answer
      ? answer.revision
      : answer;
  if (typeof revision !== "number") {
    throw new Error("put answers with no revision");
  }
  return revision;
}

/** An item of a watch is an event, or a batch that holds several. */
export function eventsIn(item: unknown): number {
  return typeof item === "object" && item !== null && "events" in item && Array.isArray(item.events)
    ? item.events.length
    : 1;
}
