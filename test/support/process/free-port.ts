// Ports of the loopback for the servers that tests and benchmarks start. They lie below those that the system gives to
// outgoing connections (32768 and up on Linux, 49152 elsewhere): none is lost between the look and the use, or while a
// server that was killed is about to come back to it, unless another process has drawn the same one.
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const FIRST_PORT = 10_000;
const END_PORT = 32_768;
const ATTEMPTS = 100;

const given = new Set<number>();

/** A port at which nothing listens, another one at each call. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_PORT, END_PORT);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`no free port found among ${ATTEMPTS} from ${FIRST_PORT} to ${END_PORT - 1}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
