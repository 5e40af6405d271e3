/** What listens on the nodes themselves while they are probed. */
import { type LabPlan, pairsOf } from "../../plan";

/** Seconds after which a listener ends by itself. */
const LIFE = 60;

/** What listens: on which port, and which of the study's scripts answers there. */
export interface Listener {
  protocol: "tcp" | "udp";
  port: number;
}

/**
 * The command of a server, each of whose answers is a process of its own. UDP4-LISTEN, and not UDP4-RECVFROM: that one's
 * child may find its datagram taken by another child (socat 1.7.4 takes the end of an earlier child for the sign that this
 * one has read), and then throws away what all others send, for ever. Seen once in about 60 rounds of eight datagrams at the
 * same time, on a busy machine.
 */
export const serverOf = ({ protocol, port }: Listener): string =>
  protocol === "tcp"
    ? `socat TCP4-LISTEN:${port},fork,reuseaddr,backlog=512 EXEC:'sh /study/http'`
    : `socat -T 2 -b 65536 UDP4-LISTEN:${port},fork,reuseaddr EXEC:'sh /study/udp'`;

/** Starts a server for some seconds, and waits until it listens, or has ended because something else listens there. */
function started(listener: Listener, seconds: number): string {
  const port = listener.port.toString(16).toUpperCase().padStart(4, "0");
  return `timeout ${seconds} ${serverOf(listener)} </dev/null >/dev/null 2>&1 & while kill -0 $! && ! grep -q ':${port} 00000000:0000 ' /proc/net/${listener.protocol}; do sleep 0.05; done 2>/dev/null`;
}

/** The TCP ports of nodes that are probed although nothing of Kubernetes listens there. */
export function otherPorts(plan: LabPlan): number[] {
  // The pairs of two nodes have all of them.
  const few = { ...plan, nodes: plan.nodes.slice(0, 2), services: [] };
  return [...new Set(pairsOf(few).flatMap(({ to, port }) => (to.kind === "node" && port ? [port] : [])))];
}

/** A command that lets a pod or node listen on a port for some seconds. */
export const LISTENER = (listener: Listener): string => started(listener, 15);

/** A command that lets a node listen on a port for a minute. If something listens there already, that answers instead. */
export const OTHER_LISTENER = (port: number): string => started({ protocol: "tcp", port }, LIFE);
