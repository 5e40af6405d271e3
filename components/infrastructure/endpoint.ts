/** Where clients reach the API server. */
import type { Endpoint, Machine } from "./interface";

/** kubeadm's default port. The rules `api` and `api-operator` open it. */
const API_PORT = 6443;

/**
 * The API's endpoint: the address at which you log in to the control plane, with port 6443.
 * @throws {Error} when the plan has no control plane.
 */
export function apiOf(nodes: readonly Machine[]): Endpoint {
  const leader = nodes.find(({ role }) => role === "control-plane");
  if (!leader) throw new Error("the plan has no control plane");
  return { host: leader.connection.host, port: API_PORT };
}
