// Who may use the HTTP side of the port from where: pages of other origins (CORS), and names by which the server may be
// addressed, without which a page could reach it through a name of its own that it points to this machine.
import type {
  HttpHandler,
  HttpRequestHead,
  HttpResponse,
  HttpStreams,
} from "../transport/service.js";

export interface AccessOptions {
  /** Origins whose pages may read answers; "*" means all. */
  readonly cors: readonly string[];
  /** Values of the host header that are answered; "*" means all. */
  readonly hostWhitelist: readonly string[];
}

/** As etcd's. */
export const OPEN_ACCESS: AccessOptions = { cors: ["*"], hostWhitelist: ["*"] };

const METHODS = "POST, GET, OPTIONS, PUT, DELETE";
const HEADERS = "accept, content-type, authorization";

/** The host header without its port. */
function hostOf({ headers }: HttpRequestHead): string {
  const host = headers.get("host") ?? "";
  const match = /^(?:\[([^\]]*)\]|([^:]*)):[0-9]*$/.exec(host);
  return match === null ? host : (match[1] ?? match[2] ?? host);
}

/** In etcd's words, with our name. */
function misdirected(host: string): string {
  return `
t4 received your request, but the Host header was unrecognized.

To fix this, choose one of the following options:
- Enable TLS, then any HTTPS request will be allowed.
- Add the hostname you want to use to the whitelist in settings.
  - e.g. t4 run --host-whitelist ${JSON.stringify(host)}

This requirement has been added to help prevent "DNS Rebinding" attacks (CVE-2018-5702).
`;
}

export class AccessControl {
  readonly #cors: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: AccessOptions) {
    this.#cors = new Set(options.cors);
    this.#hosts = new Set(options.hostWhitelist);
  }

  #mayBeCalled({ isSecure }: HttpRequestHead, host: string): boolean {
    // Over TLS the client has checked whom it talks to by itself.
    return isSecure || this.#hosts.size === 0 || this.#hosts.has("*") || this.#hosts.has(host);
  }

  /** Headers for every answer: they let a page read it. */
  #corsHeaders(request: HttpRequestHead): Readonly<Record<string, string>> {
    const origin = request.headers.get("origin");
    const isAny = this.#cors.size === 0 || this.#cors.has("*");
    if (!isAny && (origin === undefined || !this.#cors.has(origin))) {
      return {};
    }
    return {
      "access-control-allow-methods": METHODS,
      "access-control-allow-origin": isAny ? "*" : (origin ?? ""),
      "access-control-allow-headers": HEADERS,
      ...(isAny ? {} : { vary: "origin" }),
    };
  }

  /** A handler behind these rules. */
  guard(handler: HttpHandler): HttpHandler {
    return async (request) => {
      const host = hostOf(request);
      if (!this.#mayBeCalled(request, host)) {
        return { status: 421, headers: {}, body: misdirected(host) };
      }
      const cors = this.#corsHeaders(request);
      const response: HttpResponse =
        request.method === "OPTIONS"
          ? { status: 200, headers: {}, body: "" }
          : await handler(request);
      return { ...response, headers: { ...cors, ...response.headers } };
    };
  }

  /** Streams behind these rules; what is refused is left to the handler, which says so. */
  guardStreams(
    streams: (
      head: HttpRequestHead,
      asksWebSocket: boolean,
      headers: Readonly<Record<string, string>>,
    ) => ReturnType<HttpStreams>,
  ): HttpStreams {
    return (head, asksWebSocket) =>
      this.#mayBeCalled(head, hostOf(head))
        ? streams(head, asksWebSocket, this.#corsHeaders(head))
        : undefined;
  }
}
