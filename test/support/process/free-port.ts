// Finds loopback ports for the servers that tests start. Another process may take a port between the look and the
// use: whoever starts a server tries again with another one.
import { createServer } from "node:net";

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error("a loopback listener has no port"));
        return;
      }
      server.close(() => {
        resolve(address.port);
      });
    });
  });
}
