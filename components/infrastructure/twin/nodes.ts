/** A node: its namespace, its port on the fabric, its study pods, and what Felix and BIRD program on it. */
import {
  addressesOf,
  blockWith,
  fabricFacts,
  hasRoute,
  isMisrecorded,
  type LabPlan,
  type NodePlan,
  type PodPlan,
  type Route,
  recordedIp,
  routesBy,
  routeTo,
  TUNNELS,
  type TunnelKind,
  tunnelEndOf,
  tunnelMtu,
  tunnelsOf,
  VPN_INTERFACE,
  VXLAN,
} from "../../plan";
import {
  batch,
  FABRIC,
  type HostState,
  inside,
  macOf,
  QUIET,
  renderHost,
  renderPort,
  subnetDevices,
  sysctl,
} from "../fabric";
import { renderBird } from "./bird";
import { renderFacts } from "./facts";
import { CALI_MAC, nodeNeighbours, writesNeighbours } from "./neighbours";
import { startPauses } from "./process-files";
import { renderServices } from "./services";
import { renderTenant, type TenantState } from "./tenant";

/**
 * Desired state of a node. `build` never changes in place. Everything else does, entry by entry, so that a switch of
 * encapsulation touches only what differs, and a preview shows it in the syntax of `ip route` (long lists folded, see fold.ts).
 */
export interface NodeState {
  name: string;
  /** `mac`: set if the twin writes its neighbour entries (see neighbours.ts). Otherwise the kernel chooses one. */
  pods: { name: string; interface: string; mac?: string }[];
  /** Bash that makes the namespaces, and everything in them that never changes. */
  build: string;
  /** MTU of the pods' veth pairs in bytes. */
  podMtu: number;
  /** The tunnel device. Its kind decides how it is made. */
  tunnel?: TunnelState;
  /** vxlan.calico beside tunl0. Absent on a node without both. */
  secondTunnel?: TunnelState;
  /** Felix's routes, in the syntax of `ip route`. BIRD programs its own. */
  routes: string[];
  /** Felix's ARP entries on vxlan.calico, and all others of a large lab, in the syntax of `ip neigh`. */
  neighbours: string[];
  /** Felix's forwarding entries on vxlan.calico, in the syntax of `bridge fdb`. */
  forwarding: string[];
  /** What the look-alikes of `calicoctl` and `kubectl` show of the node, as JSON. */
  facts: string;
  /** Calico's chain `cali-nat-outgoing` as an nftables file. */
  nat: string;
  /** kube-proxy's rules for the study's Services as an nftables file. Absent in labs of an earlier version. */
  services?: string;
  /** BIRD's configuration; empty if it does not run. */
  bird: string;
  /** What faults change on the node; absent on a node without any. */
  host?: HostState;
  /** Its part in the tenant network; absent in a lab without one. */
  tenant?: TenantState;
}

/** A tunnel device. Without an address where no IPPool gives it one: only tunl0 can be like that. */
export interface TunnelState {
  kind: TunnelKind;
  device: string;
  address?: string;
  mtu: number;
  link: string;
}

/** The tunnel devices of a node. */
export const tunnelsIn = (state: NodeState | undefined): TunnelState[] =>
  [state?.tunnel, state?.secondTunnel].filter((one) => one !== undefined);

/** The desired state of a node. */
export function renderNode(plan: LabPlan, node: NodePlan): NodeState {
  const isFelix = (address: string) => routesBy(plan, address) === "Felix";
  const peers = plan.nodes.filter(({ name }) => name !== node.name);
  const [tunnel, secondTunnel] = tunnelsOf(plan).flatMap((kind) => renderTunnel(plan, node, kind) ?? []);
  const vxlan = [tunnel, secondTunnel].find((one) => one?.kind === "vxlan");
  const host = renderHost(plan, node, vxlan);
  // All other nodes, even those that CrossSubnet reaches without the tunnel: Felix's VXLAN manager makes no exception.
  const tenant = renderTenant(plan, node);
  const vteps = vxlan
    ? peers.flatMap((peer) => {
        const end = tunnelEndOf(peer, "vxlan");
        return end ? [{ peer, address: end.address }] : [];
      })
    : [];
  return {
    name: node.name,
    pods: node.pods.map((pod) => ({
      name: pod.name,
      interface: pod.interface,
      ...(writesNeighbours(plan) && { mac: macOf(pod.address) }),
    })),
    build: renderBuild(plan, node),
    podMtu: plan.mtu.pod,
    ...(tunnel && { tunnel }),
    ...(secondTunnel && { secondTunnel }),
    routes: [
      ...addressesOf(node)
        .filter(isFelix)
        .map((address) => `blackhole ${blockWith(node, address)} proto 80`),
      ...peers.flatMap((peer) =>
        addressesOf(peer)
          .filter((address) => isFelix(address) && hasRoute(plan, node, peer, address))
          .map((address) => felixRoute(routeTo(plan, node, peer, address))),
      ),
    ],
    neighbours: [
      ...vteps.map(
        ({ peer, address }) => `${address} lladdr ${vtepMac(peer)} dev ${TUNNELS.vxlan.device} nud permanent`,
      ),
      ...nodeNeighbours(plan, node),
    ],
    forwarding: vteps.map(
      ({ peer }) => `${vtepMac(peer)} dev ${TUNNELS.vxlan.device} dst ${recordedIp(peer)}`,
    ),
    facts: renderFacts(plan, node),
    nat: renderNat(plan, node),
    services: renderServices(plan, node),
    bird: renderBird(plan, node),
    ...(host && { host }),
    ...(tenant && { tenant }),
  };
}

function renderTunnel(plan: LabPlan, node: NodePlan, kind: TunnelKind): TunnelState | undefined {
  const end = tunnelEndOf(node, kind);
  // Felix makes vxlan.calico only where it knows the node's tunnel address. tunl0 needs none.
  if (!end && kind === "vxlan") return undefined;
  const { nic } = fabricFacts(plan);
  const link =
    kind === "ipip"
      ? "type ipip"
      : `address ${vtepMac(node)} type vxlan id ${VXLAN.vni} local ${recordedIp(node)} dev ${isMisrecorded(node) ? VPN_INTERFACE : nic} dstport ${VXLAN.port} nolearning`;
  return {
    kind,
    device: TUNNELS[kind].device,
    ...(end && { address: `${end.address}/32` }),
    mtu: tunnelMtu(plan, kind),
    link,
  };
}

/**
 * Felix marks every next hop as on-link, on the interface as well as in the tunnel (route_table.go, RTNH_F_ONLINK). Its
 * routes through the tunnel have the protocol `boot`, which `ip route` does not print. Those outside the tunnel, and
 * the blackhole, have 80 (measured on Calico 3.28.5; vxlan_mgr.go gives the number only to the tables without a
 * tunnel).
 */
function felixRoute({ block, via, device }: Route): string {
  const protocol = device === TUNNELS.vxlan.device ? "" : " proto 80";
  return `${block} via ${via} dev ${device}${protocol} onlink`;
}

/** MAC of the node's VXLAN device. It starts with 66, as Felix's random ones often do. */
const vtepMac = ({ index }: NodePlan): string => `66:00:00:00:${hex(index >> 8)}:${hex(index & 255)}`;
const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

function renderNat(plan: LabPlan, { host }: NodePlan): string {
  const pools = plan.ipPools ?? [plan.ipPool];
  const masqueraded = plan.ipPools ? pools.filter(({ natOutgoing }) => natOutgoing) : pools;
  const rule =
    pools.some(({ natOutgoing }) => natOutgoing) && !host.broken.includes("nat-missing")
      ? ["    ip saddr @masq-ipam-pools ip daddr != @all-ipam-pools counter masquerade"]
      : [];
  const set = (name: string, of: readonly { cidr: string }[]) => [
    `  set ${name} {`,
    "    type ipv4_addr; flags interval;",
    ...(of.length > 0 ? [`    elements = { ${of.map(({ cidr }) => cidr).join(", ")} }`] : []),
    "  }",
  ];
  return [
    "table ip calico {}",
    "delete table ip calico",
    "table ip calico {",
    ...set("all-ipam-pools", pools),
    ...set("masq-ipam-pools", masqueraded),
    "  chain cali-POSTROUTING {",
    "    type nat hook postrouting priority srcnat;",
    "    jump cali-nat-outgoing",
    "  }",
    "  chain cali-nat-outgoing {",
    ...rule,
    "  }",
    "}",
  ].join("\n");
}

function renderBuild(plan: LabPlan, node: NodePlan): string {
  const subnet = plan.subnets.findIndex(({ name }) => name === node.subnet);
  const port = renderPort(plan, node, subnetDevices(subnet).bridge);
  return [
    batch(
      undefined,
      [node.name, ...node.pods.map(({ name }) => name)].map((name) => `netns add ${name}`),
    ),
    inside(
      node.name,
      [
        sysctl(NODE_SYSCTLS),
        sysctl(QUIET, true),
        batch(undefined, [...port.node, ...node.pods.flatMap(podLink)]),
        ...node.pods.map((pod) => sysctl(podSysctls(pod))),
      ].join("\n"),
    ),
    batch(FABRIC, port.fabric),
    ...node.pods.map((pod) => batch(pod.name, podNetwork(pod))),
    startPauses(node.pods.map(({ name }) => name)),
  ].join("\n");
}

/** As a distribution and Calico set them: loose reverse-path filter (systemd's default), forwarding on. */
const NODE_SYSCTLS = {
  "net/ipv4/ip_forward": "1",
  "net/ipv4/conf/all/rp_filter": "0",
  "net/ipv4/conf/default/rp_filter": "2",
};

/**
 * As Felix sets them (endpoint_mgr.go, configureInterface): the node answers the pod's ARP request for 169.254.1.1
 * itself, at once, and the pod's packets may be translated to the node's loopback.
 */
const podSysctls = (pod: PodPlan): Record<string, string> => ({
  [`net/ipv4/conf/${pod.interface}/route_localnet`]: "1",
  [`net/ipv4/conf/${pod.interface}/proxy_arp`]: "1",
  [`net/ipv4/neigh/${pod.interface}/proxy_delay`]: "0",
});

const podLink = (pod: PodPlan): string[] => [
  // One queue, as Calico's CNI plugin sets it.
  `link add ${pod.interface} address ${CALI_MAC} numtxqueues 1 numrxqueues 1 type veth peer name eth0 netns ${pod.name}`,
  `link set ${pod.interface} up`,
  `route add ${pod.address}/32 dev ${pod.interface} scope link`,
];

const podNetwork = (pod: PodPlan): string[] => [
  "link set lo up",
  `addr add ${pod.address}/32 dev eth0`,
  "link set eth0 up",
  "route add 169.254.1.1 dev eth0 scope link",
  "route add default via 169.254.1.1 dev eth0",
];
