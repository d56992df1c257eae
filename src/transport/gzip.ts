// Decompression of gzip request bodies, by Node's zlib. Synchronous: a request's messages must stay in order, and the
// output is bounded (2 MiB take about 5 ms).
import { gunzipSync } from "node:zlib";
import type { Gunzip } from "./context.js";

export const gunzip: Gunzip = (body, bytesMax) => {
  try {
    // zlib stops as soon as the output is larger: a bomb costs no more than the largest message.
    return gunzipSync(body, { maxOutputLength: Math.max(1, bytesMax) });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : undefined;
  }
};
