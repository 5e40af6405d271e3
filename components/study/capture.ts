/** For one pair of each path: where tcpdump listens, for which packet, and with which probe it is made. */
import {
  addressOf,
  carrierBetween,
  type Endpoint,
  examplesOf,
  fabricFacts,
  INTERNET,
  type LabPlan,
  type Pair,
  probeOf,
  probesOf,
  routesOf,
  rowKey,
} from "../plan";

/** A packet to capture. */
export interface CaptureOrder {
  id: string;
  namespace: string;
  destination: string;
  /** The small probe that is sent. */
  probe: "icmp" | "tcp" | "udp";
  size: number;
  port?: number;
  /** The node that is looked at. */
  node: string;
  /** The node's device on which tcpdump listens. */
  interface: string;
  /** A filter expression of pcap-filter(7). */
  filter: string;
  /** The address for `ip route get` on the node: behind a Service, the pod's. */
  route: string;
}

/** The captures of a lab: one for each row of the verdict. */
export function capturesOf(plan: LabPlan): CaptureOrder[] {
  return examplesOf(plan).map((pair) => {
    const { from, to } = pair;
    const [small = "ICMP"] = probesOf(pair);
    const { protocol, size, port } = probeOf(plan, pair, small);
    const inside = pair.path === "same-node" && from.interface;
    return {
      id: rowKey(pair),
      namespace: from.name,
      destination: addressOf(to),
      probe: protocol,
      size,
      ...(port && { port }),
      node: to.kind === "nodeport" ? to.entry.name : from.node,
      interface: inside || fabricFacts(plan).nic,
      filter: inside ? `icmp and host ${addressOf(to)}` : filterFor(plan, pair, protocol),
      route: "pod" in to ? to.pod.address : addressOf(to),
    };
  });
}

/** A tcpdump filter for the first packet of a pair, with or without a tunnel around it. */
function filterFor(plan: LabPlan, { from, to }: Pair, protocol: CaptureOrder["probe"]): string {
  if (to.kind === "internet") return `icmp and host ${INTERNET.address}`;
  if (to.kind === "node") return `icmp and host ${to.node.address}`;
  if (to.kind === "nodeport" && to.policy === "Local")
    return `tcp port ${to.service.nodePorts.Local} and src ${from.address}`;
  const source = sourceOf(plan, from, to);
  const direct = `${protocol} and src ${source} and dst ${to.pod.address}`;
  const outer = `host ${to.node.address}`;
  const tunneled = (["ipip", "vxlan"] as const).map(
    (tunnel) => `(${outer} and ${innerIs(tunnel, NUMBERS[protocol], source, to.pod.address)})`,
  );
  return `(${direct}) or ${tunneled.join(" or ")}`;
}

/** The packet's source on its way to the pod: a node has the address of the device by which it sends. */
function sourceOf(plan: LabPlan, from: Pair["from"], to: Extract<Endpoint, { pod: unknown }>): string {
  const sender = to.kind === "nodeport" ? to.entry.name : from.name;
  const node = plan.nodes.find(({ name }) => name === sender);
  if (!node) return from.address;
  const tunneled = carrierBetween(plan, node, to.node) !== "direct" && routesOf(plan, node).length > 0;
  return tunneled ? node.tunnelAddress : node.address;
}

/** IP protocol numbers. */
const NUMBERS = { icmp: 1, tcp: 6, udp: 17 } as const;

/**
 * Compares three fields of the inner IPv4 header at their offsets behind the outer headers (none has options): after 20
 * bytes of IP for IPIP; for VXLAN, counted from the UDP header, after 8 of UDP, 8 of VXLAN and 14 of Ethernet. Without it,
 * the packet of another path between the same nodes could be taken for this one's.
 */
function innerIs(tunnel: "ipip" | "vxlan", protocol: number, source: string, destination: string): string {
  const [header, at, outer] =
    tunnel === "ipip" ? (["ip", 20, "ip proto 4"] as const) : (["udp", 30, "udp port 4789"] as const);
  const fields = [
    `${header}[${at + 9}] = ${protocol}`,
    `${header}[${at + 12}:4] = ${hex(source)}`,
    `${header}[${at + 16}:4] = ${hex(destination)}`,
  ];
  return [outer, ...fields].join(" and ");
}

const hex = (address: string): string =>
  `0x${address
    .split(".")
    .map((octet) => Number(octet).toString(16).padStart(2, "0"))
    .join("")}`;
