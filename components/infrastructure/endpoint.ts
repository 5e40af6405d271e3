/** Where the API server listens, as data of the control plane. */
import type { Endpoint, Machine } from "./interface";

/** kubeadm's default, and the port of the rules `api` and `api-operator`. */
const API_PORT = 6443;

/** Where the API is reached: at the address at which one logs in on the control plane. */
export function apiOf(nodes: readonly Machine[]): Endpoint {
  const leader = nodes.find(({ role }) => role === "control-plane");
  if (!leader) throw new Error("the plan has no control plane");
  return { host: leader.connection.host, port: API_PORT };
}
