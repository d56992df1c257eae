// TLS from files that may change while the server runs: before each handshake their metadata is looked at (four system
// calls, some 10 µs, against a millisecond for the handshake), and they are read again if anything differs. Symbolic links
// are followed, so the swapped directory of a Kubernetes secret is seen as well. A change that comes in several steps
// (certificate first, key later) is tried at each step; until all fits together, what was used before stays.
import { readFileSync, statSync } from "node:fs";
import { assert } from "../../lib/assert.js";
import type { TlsMaterial, TlsOptions, TlsPart } from "./material.js";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly crl?: string;
}

/** A file of a TLS port cannot be read. */
export class TlsFileError extends Error {
  override readonly name = "TlsFileError";
  readonly part: TlsPart;

  constructor(part: TlsPart, path: string, cause: unknown) {
    super(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.part = part;
  }
}

const PARTS = ["cert", "key", "ca", "crl"] as const;

/** Differs if a file was replaced or written to. Never throws: what cannot be looked at is reported by reading it. */
function stateOf(files: TlsFiles): string {
  return PARTS.map((part) => {
    const path = files[part];
    if (path === undefined) {
      return "";
    }
    try {
      const stat = statSync(path, { bigint: true });
      return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
    } catch {
      return "unreadable";
    }
  }).join("|");
}

function readAll(files: TlsFiles): TlsMaterial {
  const read = (part: (typeof PARTS)[number], path: string): Uint8Array => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new TlsFileError(part, path, error);
    }
  };
  return {
    cert: read("cert", files.cert),
    key: read("key", files.key),
    ...(files.ca === undefined ? {} : { ca: read("ca", files.ca) }),
    ...(files.crl === undefined ? {} : { crl: read("crl", files.crl) }),
  };
}

/** The files' content now, and how to learn of another later. Throws a TlsFileError. */
export function readTlsFiles(files: TlsFiles): TlsMaterial & Required<Pick<TlsOptions, "reload">> {
  // The state is taken before the content: what is written in between is seen as a change at the next look.
  let known: string | null = stateOf(files);
  const material = readAll(files);
  let latest: TlsMaterial | Error = material;
  return {
    ...material,
    reload: () => {
      const state = stateOf(files);
      if (state !== known) {
        try {
          latest = readAll(files);
          known = state;
        } catch (error) {
          assert(error instanceof TlsFileError, "nothing else is thrown by reading");
          // Tried again at the next look, changed or not: it may have failed for want of a file descriptor.
          known = null;
          const isSame = latest instanceof Error && latest.message === error.message;
          latest = isSame ? latest : error;
        }
      }
      return latest;
    },
  };
}
