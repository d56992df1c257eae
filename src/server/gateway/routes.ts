// Every route of the gateway, and the method behind each: the one table from which requests are served and the OpenAPI
// document is made. As etcd's, with both paths that some methods have.
import { assert } from "../../lib/assert.js";
import type { MethodDescriptor } from "../../etcd/descriptor.js";
import { methodDescriptors } from "../../etcd/gen/descriptors.js";
import { ROUTE_TABLE } from "./route-table.js";

const byMethodPath = new Map(methodDescriptors.map((method) => [method.path, method]));

function descriptorOf(service: string, method: string): MethodDescriptor {
  const descriptor = byMethodPath.get(`/${service}/${method}`);
  assert(descriptor !== undefined, `${service} has the method ${method}`);
  return descriptor;
}

/** Path → method. All are POST. */
export const gatewayRoutes: ReadonlyMap<string, MethodDescriptor> = new Map(
  Object.entries(ROUTE_TABLE).flatMap(([service, paths]) =>
    Object.entries(paths).map(([path, method]) => [`/v3/${path}`, descriptorOf(service, method)]),
  ),
);

/** Methods that have no route, and why. */
export const METHODS_WITHOUT_ROUTE: ReadonlyMap<string, string> = new Map([
  ["/etcdserverpb.KV/RangeStream", "gRPC only, as in etcd"],
  ["/t4.v1.Admin/Collect", "not etcd's: t4 gc asks for it over gRPC"],
  ["/grpc.health.v1.Health/Check", "/health and /readyz answer it"],
  ["/grpc.health.v1.Health/Watch", "/health and /readyz answer it"],
]);
