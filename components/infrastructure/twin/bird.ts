/** BIRD's configuration, with the structure of Calico's confd templates, on the nodes and on the router. */
import {
  arePeers,
  blocksOf,
  ENCAPSULATION_FACTS,
  isIbgp,
  isReflector,
  type LabPlan,
  type NodePlan,
  opensSession,
  podAddress,
  REFLECTOR_CLUSTER_ID,
  recordedIp,
  routesBy,
  routesNeedBgp,
  routeTo,
  runsBird,
  subnetOf,
  type TunnelEnd,
} from "../../plan";
import { BGP_TIMES, ROUTER, renderRouterBird, underlined } from "../fabric";
import { endDaemon } from "./process-files";

/** Renders a node's configuration. @returns the file, or an empty text if BIRD does not run there. */
export function renderBird(plan: LabPlan, node: NodePlan): string {
  if (!runsBird(plan, node)) return "";
  const { asNumber, exports } = plan.bgp;
  const peers = plan.nodes.filter(({ name }) => name !== node.name);
  const programs = routesNeedBgp(plan);
  return [
    `router id ${recordedIp(node)};`,
    `log ${logFile(node.name)} { info, warning, error, fatal, bug };`,
    // The next hop of each peer, looked up for each route learnt from it. BIRD 2 cannot set `dev tunl0 onlink` on a BGP
    // route (Calico's own BIRD is a fork for that reason), but it copies the next hop of the route found here.
    "ipv4 table nexthops;",
    "protocol device { scan time 2; }",
    "protocol kernel {",
    "  learn; scan time 10; metric 0;",
    `  ipv4 { import none; export ${programs ? toKernel(plan) : "none"}; };`,
    "}",
    "protocol static own_block {",
    "  ipv4;",
    ...blocksOf(node).map((block) => `  route ${block} blackhole;`),
    "}",
    "protocol static peers {",
    "  ipv4 { table nexthops; };",
    ...peers.flatMap((peer) => nextHops(plan, node, peer)),
    "}",
    ...ownNextHops(plan, node),
    "template bgp bgp_template {",
    `  local ${recordedIp(node)} as ${asNumber};`,
    "  multihop;",
    `  ${BGP_TIMES}`,
    `  ipv4 { import all; export ${exports ? toPeers(plan, node) : "none"}; gateway recursive; igp table nexthops; };`,
    "}",
    ...peers
      .filter((peer) => arePeers(plan, node, peer))
      .map((peer) => {
        // As in Calico's template, only one of two nodes connects and the other waits. If both connect at once, the
        // session takes seconds longer to come up.
        const passive = opensSession(node, peer) ? "" : " passive on;";
        const client =
          isReflector(plan, node) && !isReflector(plan, peer)
            ? ` rr client; rr cluster id ${REFLECTOR_CLUSTER_ID};`
            : "";
        const kind = plan.bgp.mesh ? "Mesh" : "Node";
        return `protocol bgp ${kind}_${underlined(peer.address)} from bgp_template { neighbor ${recordedIp(peer)} as ${asNumber};${passive}${client} }`;
      }),
    ...gatewayPeer(plan, node),
    "",
  ].join("\n");
}

const logFile = (name: string): string => `"/run/bird/${name}.log"`;

/** A node's session with the gateway in its own subnet, as a BGPPeer that selects the nodes of a subnet. */
function gatewayPeer(plan: LabPlan, node: NodePlan): string[] {
  const { gatewayAsNumber, keepsNextHop } = plan.bgp;
  if (gatewayAsNumber === undefined) return [];
  const { gateway } = subnetOf(plan, node);
  const client =
    isReflector(plan, node) && isIbgp(plan) ? ` rr client; rr cluster id ${REFLECTOR_CLUSTER_ID};` : "";
  const keep = keepsNextHop && !isIbgp(plan) ? " ipv4 { next hop keep; };" : "";
  return [
    `protocol bgp Node_${underlined(gateway)} from bgp_template { neighbor ${gateway} as ${gatewayAsNumber};${client}${keep} }`,
  ];
}

/** Renders the router's configuration. @returns the file, or an empty text if the router speaks no BGP. */
export const renderTwinRouterBird = (plan: LabPlan): string =>
  renderRouterBird(plan, { log: logFile(ROUTER) });

/** Bash that ends all sessions of all BIRDs, and lets them begin anew. */
export const RESTART_SESSIONS =
  'for socket in /run/bird/*.ctl; do [[ ! -S $socket ]] || birdc -s "$socket" restart all > /dev/null; done';

/** Path of the files of a node's or the router's BIRD, without extension. */
export const birdFiles = (node: string): string => `/run/bird/${node}`;

/**
 * Bash that ends a node's BIRD and waits until its sockets are closed. If the namespace is deleted first, no peer is
 * told, and each keeps the dead session for BGP's hold time (240 s). Not `birdc down`: BIRD then takes up to two
 * seconds to close the sessions with its peers, which close theirs at the same moment.
 */
export function endBird(node: string): string {
  const files = birdFiles(node);
  return [endDaemon(`${files}.pid`, "bird"), `[[ ! -e ${files}.conf ]] || rm -f ${files}.*`].join("\n");
}

/**
 * Bash that starts BIRD in its namespace, reloads its changed file (its sessions stay), or ends it and removes its routes.
 * @param old its configuration so far, if it runs.
 */
export function changeBird(name: string, old: string | undefined, now: string): string {
  const base = birdFiles(name);
  if (now === "") {
    if (!old) return "";
    return [endBird(name), `ip -n ${name} route flush proto bird`].join("\n");
  }
  const write = `cat > ${base}.conf <<'BIRD'\n${now}BIRD`;
  // `{lock}>&-`, because a daemon that inherits the lock would hold it forever.
  if (old) return `${write}\nbirdc -s ${base}.ctl configure > /dev/null`;
  return `${write}\nnsenter --net=/run/netns/${name} bird -c ${base}.conf -s ${base}.ctl -P ${base}.pid {lock}>&-`;
}

/** What BIRD writes into the kernel: not the blocks of VXLAN pools, which are Felix' (bird_ipam.cfg.template). */
function toKernel({ ipPools = [] }: LabPlan): string {
  const felix = ipPools.filter(
    ({ encapsulation }) => ENCAPSULATION_FACTS[encapsulation].routesBy === "Felix",
  );
  return felix.length > 0 ? `where !(net ~ [ ${felix.map(({ cidr }) => `${cidr}+`).join(", ")} ])` : "all";
}

/**
 * The blocks of a node whose next hop is another one than that of its pods' block. BIRD 2 finds one next hop for each address,
 * so the node tells its peers of such a block with the tunnel's address in it as the next hop.
 */
const blocksApart = (plan: LabPlan, { tunnels, block }: NodePlan): TunnelEnd[] =>
  Object.values(tunnels ?? {}).filter((end) => end.block !== block && routesBy(plan, end.address) === "BIRD");

/** What a node tells the other nodes of, in BIRD's language. */
function toPeers(plan: LabPlan, node: NodePlan): string {
  return blocksApart(plan, node).length > 0 ? "filter own_next_hops" : `where net ~ ${plan.ipPool.cidr}`;
}

function ownNextHops(plan: LabPlan, node: NodePlan): string[] {
  const apart = blocksApart(plan, node);
  if (apart.length === 0) return [];
  return [
    "filter own_next_hops {",
    ...apart.map(({ block, address }) => `  if net = ${block} then bgp_next_hop = ${address};`),
    `  if net ~ ${plan.ipPool.cidr} then accept;`,
    "  reject;",
    "}",
  ];
}

/** The next hops for a peer's blocks. If Felix has the routes, it is the peer itself: BIRD then only learns them. */
function nextHops(plan: LabPlan, node: NodePlan, peer: NodePlan): string[] {
  const hop = (address: string) => {
    const { via, device, onlink } = routeTo(plan, node, peer, address);
    return routesBy(plan, address) === "BIRD"
      ? `${via}%${device}${onlink ? " onlink" : ""}`
      : recordedIp(peer);
  };
  return [
    `  route ${recordedIp(peer)}/32 via ${hop(podAddress(peer))};`,
    ...blocksApart(plan, peer).map(({ address }) => `  route ${address}/32 via ${hop(address)};`),
  ];
}
