/** What listens on the nodes themselves while they are probed. */
import { type LabPlan, pairsOf } from "../../plan";

/** Seconds after which a listener ends by itself. */
const LIFE = 60;

/** The TCP ports of nodes that are probed although nothing of Kubernetes listens there. */
export function otherPorts(plan: LabPlan): number[] {
  // The pairs of two nodes have all of them.
  const few = { ...plan, nodes: plan.nodes.slice(0, 2), services: [] };
  return [...new Set(pairsOf(few).flatMap(({ to, port }) => (to.kind === "node" && port ? [port] : [])))];
}

/** A command that lets a pod or node listen on a port for some seconds. */
export const LISTENER = ({ protocol, port }: { protocol: "tcp" | "udp"; port: number }): string => {
  const address =
    protocol === "tcp"
      ? `TCP4-LISTEN:${port},fork,reuseaddr EXEC:'sh /study/http'`
      : `UDP4-RECVFROM:${port},fork EXEC:'sh /study/udp'`;
  return `timeout 10 socat -b 65536 ${address} </dev/null >/dev/null 2>&1 &`;
};

/** A command that lets a node listen on a port for a minute. If something listens there already, that answers instead. */
export const OTHER_LISTENER = (port: number): string =>
  `timeout ${LIFE} socat TCP4-LISTEN:${port},fork,reuseaddr EXEC:'sh /study/http' </dev/null >/dev/null 2>&1 &`;
