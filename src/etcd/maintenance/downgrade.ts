// etcdserverpb.Maintenance/Downgrade: etcd's way to prepare a cluster for servers of the version before. Here it is kept
// and told, and changes nothing else: no older server could read this store.
import { readBarrier } from "../cluster-service.js";
import { invalidDowngradeTarget, unknownMethod, wrongDowngradeVersion } from "../errors.js";
import { proposed, type ServiceContext } from "../service-context.js";
import {
  DowngradeRequestDowngradeAction,
  type DowngradeRequest,
  type DowngradeResponse,
} from "../gen/rpc.js";
import { T4Error } from "../../core/errors.js";
import { CLUSTER_VERSION } from "../version.js";

export async function downgrade(
  context: ServiceContext,
  { action, version }: DowngradeRequest,
): Promise<DowngradeResponse> {
  const { node } = context;
  switch (action) {
    case DowngradeRequestDowngradeAction.VALIDATE:
      await validate(context, version);
      break;
    case DowngradeRequestDowngradeAction.ENABLE:
      await proposed<"downgrade">(node, {
        kind: "downgrade",
        target: await validate(context, version),
      });
      break;
    case DowngradeRequestDowngradeAction.CANCEL:
      await readBarrier(node);
      await proposed<"downgrade">(node, { kind: "downgrade", target: "" });
      break;
    default:
      throw unknownMethod();
  }
  // The cluster's version without its last number, as etcd tells it here.
  return {
    header: context.headers.message(node.revision),
    version: CLUSTER_VERSION.replace(/\.\d+$/, ""),
  };
}

/** Returns the version in full. In etcd's order: the form, the version, then whether another downgrade goes on. */
async function validate({ node }: ServiceContext, text: string): Promise<string> {
  const numbers = /^(\d+)\.(\d+)(?:\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?$/.exec(text);
  if (numbers === null) {
    throw wrongDowngradeVersion();
  }
  await readBarrier(node);
  const [major, minor] = CLUSTER_VERSION.split(".").map(Number);
  const isOneBefore = Number(numbers[1]) === major && Number(numbers[2]) === Number(minor) - 1;
  if (!isOneBefore) {
    throw invalidDowngradeTarget();
  }
  if (node.maintenance.downgradeTarget !== "") {
    throw new T4Error("T4_DOWNGRADE_IN_PROGRESS", "a downgrade was asked for already");
  }
  return `${Number(numbers[1])}.${Number(numbers[2])}.0`;
}
