// A port that speaks TLS on a real socket, and what its clients see of it.
import { once } from "node:events";
import http2 from "node:http2";
import type { TestContext } from "node:test";
import tls from "node:tls";
import { systemClock } from "../../src/runtime/system-clock.js";
import { TransportServer, type TransportServerOptions } from "../../src/transport/server.js";
import type { TlsOptions } from "../../src/transport/tls/material.js";
import { recordingLogger, type LogLine } from "../support/recording-logger.js";
import { tlsFixture } from "../support/tls-fixtures.js";
import { within } from "../support/process/wait.js";
import { makeEchoService } from "./echo-service.js";

export const DEADLINE_MS = 10_000;

export interface Running {
  readonly server: TransportServer;
  readonly port: number;
  readonly lines: readonly LogLine[];
}

export const plainTls: TlsOptions = {
  cert: tlsFixture("server.pem"),
  key: tlsFixture("server-key.pem"),
  clientCertificates: "none",
};

export const mutualTls: TlsOptions = {
  ...plainTls,
  ca: tlsFixture("ca.pem"),
  clientCertificates: "verify",
};

export async function start(
  context: TestContext,
  options: TlsOptions,
  limits: NonNullable<TransportServerOptions["limits"]> = {},
): Promise<Running> {
  const echo = makeEchoService();
  const logger = recordingLogger();
  const server = new TransportServer({
    clock: systemClock,
    services: echo.services,
    httpHandler: echo.httpHandler,
    host: "127.0.0.1",
    port: 0,
    tls: options,
    logger,
    limits,
    onError: (error) => {
      throw error;
    },
  });
  const { port } = await server.listen();
  context.after(async () => server.close());
  return { server, port, lines: logger.lines };
}

/** Asks for /version; resolves to the status, or to what kept it from coming. */
export async function get(
  port: number,
  options: tls.ConnectionOptions = {},
): Promise<number | { readonly failed: string }> {
  return new Promise((resolve) => {
    const session = http2.connect(`https://localhost:${port}`, {
      ca: tlsFixture("ca.pem"),
      ...options,
    });
    const fail = (error?: Error): void => {
      session.destroy();
      resolve({ failed: error?.message ?? "closed" });
    };
    session.on("error", fail);
    session.on("close", () => {
      fail();
    });
    const stream = session.request({ ":path": "/version" });
    stream.on("error", fail);
    stream.on("response", (headers) => {
      resolve(headers[":status"] ?? 0);
      session.destroy();
    });
    stream.resume();
  });
}

export const as = (name: string): tls.ConnectionOptions => ({
  cert: tlsFixture(`${name}.pem`),
  key: tlsFixture(`${name}-key.pem`),
});

/** The name in the certificate that the server shows. */
export async function shownSerial(port: number): Promise<string> {
  const socket = tls.connect({
    port,
    host: "127.0.0.1",
    ca: tlsFixture("ca.pem"),
    ALPNProtocols: ["h2"],
  });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

export async function logged(lines: readonly LogLine[], text: RegExp): Promise<void> {
  const seen = (): boolean =>
    lines.some(({ message, fields }) => text.test(`${message} ${String(fields["reason"])}`));
  const wait = async (): Promise<void> => {
    while (!seen()) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await within(DEADLINE_MS, () => `a log line like ${text}: ${JSON.stringify(lines)}`, wait());
}
