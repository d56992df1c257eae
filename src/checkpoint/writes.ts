// Writes under a condition, settled: whoever calls learns who won, never "perhaps".
import {
  assertFollows,
  encodeLatestManifest,
  LATEST_MANIFEST_KEY,
  type LatestManifest,
  type ReadManifest,
} from "../archive/latest-manifest.js";
import { settle, type StoreContext } from "../archive/store-context.js";
import { makeWriteId } from "../object/json-object.js";

/** Makes an object; false if there is one already. No other writer ever puts the same bytes. */
export async function createObject(
  context: StoreContext,
  key: string,
  body: Uint8Array,
): Promise<boolean> {
  const settled = await settle(context, key, body, { kind: "absent" });
  return settled.kind === "won";
}

/**
 * Swaps manifest/latest for `change` with a fresh write id; false if somebody else has written it since it was read. What the
 * caller has looked at in the object store between the two is then no longer sure.
 */
export async function swapManifest(
  context: StoreContext,
  before: ReadManifest,
  change: Omit<LatestManifest, "writeId">,
): Promise<boolean> {
  const after: LatestManifest = { ...change, writeId: makeWriteId(context.random) };
  assertFollows(before.manifest, after);
  const condition = { kind: "match", tag: before.tag } as const;
  const body = encodeLatestManifest(after);
  const settled = await settle(context, LATEST_MANIFEST_KEY, body, condition);
  return settled.kind === "won";
}
