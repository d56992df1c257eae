// The certificates of test/fixtures/tls, by file name.
import { readFileSync } from "node:fs";
import { repositoryPath } from "./paths.js";

export function tlsFixturePath(name: string): string {
  return repositoryPath(`test/fixtures/tls/${name}`);
}

export function tlsFixture(name: string): Buffer {
  return readFileSync(tlsFixturePath(name));
}
