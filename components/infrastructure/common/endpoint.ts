/** Where clients reach the API server. */
import { API_PORT, type LabPlan } from "../../plan";
import type { Endpoint, Machine } from "../interface";

/** The API's endpoint: the address at which you log in to the control plane, with port 6443. */
export function apiOf(plan: LabPlan, nodes: readonly Machine[]): Endpoint {
  const { connection } = nodes.find(({ name }) => name === plan.controlPlane.name) as Machine;
  return { host: connection.host, port: API_PORT };
}
