/** What `lab trace` is asked for: the two ends and the packet, from what the user typed. */
import {
  type Endpoint,
  endpointNames,
  findEndpoint,
  type LabPlan,
  nameOf,
  nodePortsOf,
  type Probe,
  SERVICE_PORTS,
  type Source,
  sourceAt,
} from "../../components/plan";
import { badUsage } from "./failure";
import { suggestion } from "./spelling";

/** The options that choose the packet, as typed. */
export interface PacketOptions {
  tcp?: string;
  udp?: string;
  size?: string;
}

/** A ping that shows what any path does, as the verdict's. */
const PING = 84;
/** A SYN: TCP chooses the size of what follows by itself. */
const SYN = 60;
/** The headers of IPv4 and of ICMP or UDP, and the longest IPv4 packet, in bytes. */
const SIZES = { least: 28, most: 65_535 } as const;

/** The ends of a trace. @throws {Failure} when the plan has none of that name, or the first one sends nothing. */
export function endsOf(plan: LabPlan, fromText: string, toText: string): { from: Source; to: Endpoint } {
  const start = endAt(plan, fromText);
  const from = sourceAt(start);
  if (!from) throw badUsage(`${nameOf(start)} only answers; the packet must start at a pod or a node.`);
  const to = endAt(plan, toText);
  if (nameOf(to) === from.name) throw badUsage(`${from.name} is both ends: name another one.`);
  if (to.kind === "nodeport" && to.policy === "Local" && to.entry.name !== to.node.name) {
    const port = to.service.nodePorts.Local;
    throw badUsage(
      `${nameOf(to)} drops every packet: externalTrafficPolicy is Local there, and the Service's endpoint is on ${to.node.name}. Ask ${to.node.name}:${port}, or ${to.entry.name}:${to.service.nodePorts.Cluster} (Cluster).`,
    );
  }
  return { from, to };
}

function endAt(plan: LabPlan, text: string): Endpoint {
  const found = findEndpoint(plan, text);
  if (found) return found;
  const [, host, port] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (host !== undefined && findEndpoint(plan, host)?.kind === "node") {
    throw badUsage(
      `${port} is no NodePort of this lab: those are ${nodePortsOf(plan).join(", ")}. For another port of the node: ${host} --tcp ${port}.`,
    );
  }
  const names = endpointNames(plan);
  const some = names.length > 20 ? [...names.slice(0, 19), `and ${names.length - 19} more`] : names;
  throw badUsage(
    `There is no "${text}" in the lab. It has: ${some.join(", ")}, their addresses, and NodePorts as ${plan.nodes[0]?.name}:${nodePortsOf(plan)[0]}.${suggestion(text, names)}`,
  );
}

/** The packet to send. A Service answers no ping, so TCP is the default there. @throws {Failure} when it cannot be. */
export function packetTo(to: Endpoint, { tcp, udp, size }: PacketOptions): Probe {
  if (tcp !== undefined && udp !== undefined) throw badUsage("Which one: --tcp or --udp? Choose only one.");
  const protocol = tcp !== undefined ? "tcp" : udp !== undefined ? "udp" : usualAt(to, size);
  const length = size === undefined ? (protocol === "tcp" ? SYN : PING) : sizeOf(size);
  if (protocol === "tcp" && size !== undefined)
    throw badUsage("--size is for pings and --udp: TCP chooses the length of its packets by itself.");
  if (protocol === "icmp") return { protocol, size: length };
  return { protocol, port: portAt(to, protocol, tcp ?? udp), size: length };
}

function usualAt({ kind }: Endpoint, size: string | undefined): Probe["protocol"] {
  if (kind === "nodeport") return "tcp";
  if (kind !== "service") return "icmp";
  return size === undefined ? "tcp" : "udp";
}

function portAt(to: Endpoint, protocol: "tcp" | "udp", text: string | undefined): number {
  const port = text === undefined ? undefined : numberIn(text, `--${protocol}`, 1, 65_535, "a port");
  if (to.kind === "nodeport") {
    const own = to.service.nodePorts[to.policy];
    if (protocol === "tcp" && (port ?? own) === own) return own;
    throw badUsage(`${nameOf(to)} is a TCP port already: leave --${protocol} out.`);
  }
  if (to.kind !== "service") return port as number;
  const served = SERVICE_PORTS[protocol].port;
  if ((port ?? served) === served) return served;
  const { tcp, udp } = SERVICE_PORTS;
  throw badUsage(
    `${nameOf(to)} has no ${protocol.toUpperCase()} port ${port}: it serves TCP ${tcp.port} and UDP ${udp.port}.`,
  );
}

const sizeOf = (text: string): number =>
  numberIn(text, "--size", SIZES.least, SIZES.most, "the length of the IP packet in bytes");

function numberIn(text: string, option: string, least: number, most: number, what: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw badUsage(`${option} is "${text}"; it must be ${what}, a whole number from ${least} to ${most}.`);
}
