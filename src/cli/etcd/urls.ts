// The URLs that etcd listens at: http, https, and sockets of the file system with or without TLS.
import type { Endpoint } from "../../transport/server.js";
import { parseList } from "../flags/flag-parsers.js";

export interface ListenUrl {
  /** As it was given. */
  readonly text: string;
  readonly endpoint: Endpoint;
  readonly isTls: boolean;
}

export type ParsedUrls =
  | { readonly ok: true; readonly urls: readonly ListenUrl[] }
  /** In etcd's words. */
  | { readonly ok: false; readonly problem: string };

function parseUrl(text: string): ListenUrl | string {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === "unix" || scheme === "unixs") {
    return rest === ""
      ? `URL has no path of a socket: ${text}`
      : { text, endpoint: { path: rest }, isTls: scheme === "unixs" };
  }
  if (scheme !== "http" && scheme !== "https") {
    return `URL scheme must be http, https, unix, or unixs: ${text}`;
  }
  const [, v6, host, port, path = ""] =
    /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:/[\]]*)):(\d{1,5})(.*)$/s.exec(rest) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    return `URL address does not have the form "host:port": ${text}`;
  }
  if (path !== "") {
    return `URL must not contain a path: ${text}`;
  }
  // As Go: "localhost" is 127.0.0.1 first, and no host is every address of the machine.
  const name = v6 ?? host ?? "";
  return {
    text,
    endpoint: { host: name === "localhost" ? "127.0.0.1" : name, port: Number(port) },
    isTls: scheme === "https",
  };
}

/** Comma-separated; each once. */
export function parseListenUrls(text: string): ParsedUrls {
  const texts = new Set(parseList(text));
  const urls: ListenUrl[] = [];
  for (const each of texts) {
    const url = parseUrl(each);
    if (typeof url === "string") {
      return { ok: false, problem: url };
    }
    urls.push(url);
  }
  return { ok: true, urls };
}

/** How clients of this machine reach what is listened at; undefined for sockets of the file system. */
export function reachableUrl({ text, endpoint }: ListenUrl): string | undefined {
  if ("path" in endpoint) {
    return undefined;
  }
  const isAny = ["", "0.0.0.0", "::"].includes(endpoint.host);
  return isAny ? text.replace(/\/\/.*:/, "//localhost:") : text;
}
