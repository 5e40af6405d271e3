/** A node's BIRD configuration, with the structure of Calico's confd templates. */

import {
  ENCAPSULATION_FACTS,
  type LabPlan,
  type NodePlan,
  type Route,
  recordedIp,
  routeTo,
} from "../../plan";

/** Renders the configuration. @returns the file, or an empty text if the plan has no BGP. */
export function renderBird(plan: LabPlan, node: NodePlan): string {
  if (!plan.bgp.enabled) return "";
  const peers = plan.nodes.filter(({ name }) => name !== node.name);
  const programs = ENCAPSULATION_FACTS[plan.encapsulation].routesBy === "BIRD";
  return [
    `router id ${recordedIp(node)};`,
    `log "/run/bird/${node.name}.log" { info, warning, error, fatal, bug };`,
    // The next hop of each peer, looked up for each route learnt from it. BIRD 2 cannot set `dev tunl0 onlink` on a BGP
    // route (Calico's own BIRD is a fork for that reason), but it copies the next hop of the route found here.
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
      (peer) => `  route ${recordedIp(peer)}/32 via ${nextHop(programs, peer, routeTo(plan, node, peer))};`,
    ),
    "}",
    "template bgp mesh {",
    `  local ${recordedIp(node)} as ${plan.bgp.asNumber};`,
    "  multihop;",
    "  connect delay time 1; connect retry time 1; error wait time 1, 2;",
    "  ipv4 { import all; export where source = RTS_STATIC; next hop self; gateway recursive; igp table nexthops; };",
    "}",
    ...peers.map((peer) => {
      // As in Calico's template, only one of two nodes connects and the other waits. If both connect at once, the
      // session takes seconds longer to come up.
      const passive = peer.address > node.address ? " passive on;" : "";
      return `protocol bgp Mesh_${peer.address.replaceAll(".", "_")} from mesh { neighbor ${recordedIp(peer)} as ${plan.bgp.asNumber};${passive} }`;
    }),
    "",
  ].join("\n");
}

/** Path of a node's BIRD files, without extension. */
export const birdFiles = (node: string): string => `/run/bird/${node}`;

/**
 * Bash that ends a node's BIRD and waits until its sockets are closed. If the namespace is deleted first, no peer is
 * told, and each keeps the dead session for BGP's hold time (240 s). Not `birdc down`: BIRD then takes up to two
 * seconds to close the sessions with its peers, which close theirs at the same moment.
 */
export function endBird(node: string): string {
  const files = birdFiles(node);
  return [
    `if read -r bird 2> /dev/null < ${files}.pid && read -r name 2> /dev/null < /proc/$bird/comm && [[ $name == bird ]]; then`,
    "  kill -9 $bird 2> /dev/null || true",
    // A zombie has closed everything. Process 1 reaps it later.
    '  while read -r line 2> /dev/null < /proc/$bird/stat && [[ $line != *") Z "* ]]; do :; done',
    "fi",
    `[[ ! -e ${files}.conf ]] || rm -f ${files}.*`,
  ].join("\n");
}

/** The next hop for a peer's pods. If Felix has the routes, it is the peer itself: BIRD then only learns them. */
function nextHop(programs: boolean, peer: NodePlan, { via, device, onlink }: Route): string {
  return programs ? `${via}%${device}${onlink ? " onlink" : ""}` : recordedIp(peer);
}
