// The flags that say from where the HTTP side of the port may be used.
import type { Option } from "../commander.js";
import { InvalidArgumentError } from "../commander.js";
import { option, parseList } from "./flag-parsers.js";

export interface GatewayFlags {
  readonly cors: readonly string[];
  readonly hostWhitelist: readonly string[];
}

/** "*", or origins as browsers send them: a scheme, a host, and a port that is not the scheme's own. */
export function parseOrigins(text: string): string[] {
  const origins = parseList(text);
  for (const origin of origins) {
    const url = URL.canParse(origin) ? new URL(origin) : null;
    if (origin !== "*" && url?.origin !== origin) {
      throw new InvalidArgumentError(
        `Expected "*" or origins such as https://ui.example:8443, separated by commas; "${origin}" is none.`,
      );
    }
  }
  return origins;
}

/** "*", or host names and addresses without a port. */
export function parseHosts(text: string): string[] {
  const hosts = parseList(text);
  for (const host of hosts) {
    if (!/^[^\s/]+$/.test(host)) {
      throw new InvalidArgumentError(
        `Expected "*" or host names, separated by commas; "${host}" is none.`,
      );
    }
  }
  return hosts;
}

export function gatewayOptions(): Option[] {
  return [
    option(
      "--cors <origins>",
      "comma-separated origins whose web pages may use the HTTP side; * is all",
    )
      .default(["*"], "*")
      .argParser(parseOrigins),
    option(
      "--host-whitelist <hosts>",
      "comma-separated host names that plain HTTP requests may name; * is all; others get 421",
    )
      .default(["*"], "*")
      .argParser(parseHosts),
  ];
}
