// What `open` takes.
import { T4Error } from "../core/errors.js";
import type { ArchiveSettings } from "../node/archive/archive-settings.js";
import type { Logger } from "../runtime/logger.js";
import {
  bufferCodec,
  jsonCodec,
  utf8Codec,
  type ValueCodec,
  type ValueEncoding,
} from "./encoding.js";

export type OpenConfig = (
  | ({
      /** The directory of the files; made if it does not exist. One process at a time may have it open. */
      readonly dataDir: string;
      readonly memory?: never;
    } & (ArchiveSettings | { readonly [Name in keyof ArchiveSettings]?: never }))
  | ({
      /** Keep nothing: for tests, and for data that may go with the process. */
      readonly memory: true;
      readonly dataDir?: never;
    } & { readonly [Name in keyof ArchiveSettings]?: never })
) & {
  /** How values are read and written; default "utf8". */
  readonly valueEncoding?: ValueEncoding;
  /** This node's name; by default a random one, kept in the data directory. */
  readonly nodeId?: string;
  /** A segment of the log ends at this size in bytes (50 MiB) … */
  readonly segmentBytesMax?: number;
  /** … or at this age in milliseconds (10 s), if anything was written. */
  readonly segmentAgeMsMax?: number;
  /** Where to log; by default nowhere. */
  readonly logger?: Logger;
};

/** Throws T4_INVALID_ARGUMENT for an encoding that is none. */
export function codecOf(encoding: ValueEncoding = "utf8"): ValueCodec<unknown, never> {
  switch (encoding) {
    case "utf8":
      return utf8Codec;
    case "json":
      return jsonCodec;
    case "buffer":
      return bufferCodec;
    default:
      // Callers in JavaScript have no types.
      throw new T4Error(
        "T4_INVALID_ARGUMENT",
        `valueEncoding must be "utf8", "json" or "buffer", not ${JSON.stringify(encoding)}`,
      );
  }
}
