/** BIRD's configuration of a node, as Calico's confd templates shape it. */

import { ENCAPSULATION_FACTS, type LabPlan, type NodePlan, type Route, routeTo } from "../../plan";

/** @returns the file, or an empty text when the plan has no BGP. */
export function renderBird(plan: LabPlan, node: NodePlan): string {
  if (!plan.bgp.enabled) return "";
  const peers = plan.nodes.filter(({ name }) => name !== node.name);
  const programs = ENCAPSULATION_FACTS[plan.encapsulation].routesBy === "BIRD";
  return [
    `router id ${node.address};`,
    `log "/run/bird/${node.name}.log" { info, warning, error, fatal, bug };`,
    // Where a peer's address leads, asked for each route learnt from it. BIRD 2 cannot set `dev tunl0 onlink` on a BGP
    // route (Calico's own BIRD is a fork for that reason), but it takes over the next hop of the route found here.
    "ipv4 table nexthops;",
    "protocol device { scan time 2; }",
    "protocol kernel {",
    "  learn; scan time 10; metric 0;",
    `  ipv4 { import none; export ${programs ? "all" : "none"}; };`,
    "}",
    "protocol static own_block {",
    "  ipv4;",
    `  route ${node.block} blackhole;`,
    "}",
    "protocol static peers {",
    "  ipv4 { table nexthops; };",
    ...peers.map(
      (peer) => `  route ${peer.address}/32 via ${nextHop(programs, peer, routeTo(plan, node, peer))};`,
    ),
    "}",
    "template bgp mesh {",
    `  local ${node.address} as ${plan.bgp.asNumber};`,
    "  multihop;",
    "  connect delay time 1; connect retry time 1; error wait time 1, 2;",
    "  ipv4 { import all; export where source = RTS_STATIC; next hop self; gateway recursive; igp table nexthops; };",
    "}",
    ...peers.map((peer) => {
      // As in Calico's template: of two nodes one calls and the other waits. Two calls that meet cost seconds.
      const passive = peer.address > node.address ? " passive on;" : "";
      return `protocol bgp Mesh_${peer.address.replaceAll(".", "_")} from mesh { neighbor ${peer.address} as ${plan.bgp.asNumber};${passive} }`;
    }),
    "",
  ].join("\n");
}

/** Where a node's BIRD keeps its files, without their endings. */
export const birdFiles = (node: string): string => `/run/bird/${node}`;

/**
 * Bash that ends a node's BIRD and waits until its sockets are closed: when the namespace goes first, no peer is told,
 * and each keeps a dead session for as long as BGP holds one (240 s). Not `birdc down`: BIRD then takes up to two seconds
 * to part from its peers, which part at the same moment.
 */
export function endBird(node: string): string {
  const files = birdFiles(node);
  return [
    `if read -r bird 2> /dev/null < ${files}.pid && read -r name 2> /dev/null < /proc/$bird/comm && [[ $name == bird ]]; then`,
    "  kill -9 $bird 2> /dev/null || true",
    // A zombie has closed everything; process 1 takes it away when it gets round to it.
    '  while read -r line 2> /dev/null < /proc/$bird/stat && [[ $line != *") Z "* ]]; do :; done',
    "fi",
    `rm -f ${files}.*`,
  ].join("\n");
}

/** Where packets for a peer's pods go first. Where Felix has the routes, the peer itself: BIRD only learns them. */
function nextHop(programs: boolean, peer: NodePlan, { via, device, onlink }: Route): string {
  return programs ? `${via}%${device}${onlink ? " onlink" : ""}` : peer.address;
}
