// Hosts and ports as people and URLs write them.

/** "host:port", with brackets around an address that has colons itself. An empty host is every address of the machine. */
export function shownAddress(host: string, port: number): string {
  const shown = host === "" ? "0.0.0.0" : host.includes(":") ? `[${host}]` : host;
  return `${shown}:${String(port)}`;
}
