// Names of users and roles in etcd's order: that of their UTF-8 bytes, which for a few characters is not that of strings.
import { compareBytes, utf8Bytes } from "../../lib/bytes.js";

export function sortedNames(names: Iterable<string>): string[] {
  return [...names].sort((left, right) => compareBytes(utf8Bytes(left), utf8Bytes(right)));
}
