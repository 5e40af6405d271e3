/** Changes a built node of the twin: renders the bash that does it in the sandbox, in Calico's order. Pure. */
import { addVpn, batch, bridgeBatch, changeHost, closesSessions, inside, nft, removeVpn } from "../fabric";
import { changeBird, endBird } from "./bird";
import { changeTenant } from "./change-tenant";
import { difference } from "./difference";
import { writeFacts } from "./facts";
import { podNeighbours } from "./neighbours";
import { type NodeState, type TunnelState, tunnelsIn } from "./nodes";

/**
 * Changes a built node from `old` to `state`, touching only what differs, in Calico's order (seen on Calico 3.28.5 by the
 * watch of a switch, and in felix/calc/encapsulation_resolver.go):
 *
 * - BIRD and Felix hear of the pool's change at the same time. BIRD gives its routes up at once. Felix restarts if VXLAN
 *   begins or ends, and only then makes the device and its routes: packets in between are lost.
 * - From Felix to BIRD, one's routes go and the other's come at the same moment, and then the device goes.
 * - Between VXLAN and VXLANCrossSubnet, Felix changes route by route.
 * - Between two modes of BIRD, tunl0 is ready before BIRD replaces its routes, and is shut after that.
 */
export function changeNode(old: NodeState | undefined, state: NodeState): string {
  const [had, wanted] = [tunnelsIn(old), tunnelsIn(state)];
  const isSame = (a: TunnelState, b: TunnelState) => a.device === b.device && a.link === b.link;
  const gone = had.filter((one) => !wanted.some((other) => isSame(one, other)));
  const made = wanted.filter((one) => !had.some((other) => isSame(one, other)));
  const kept = gone.length + made.length > 0 ? undefined : old;
  const lost = gone.filter(({ kind }) => kind === "vxlan");
  const { removed } = difference(old?.routes ?? [], state.routes);
  // The routes into a device go with it, and those that stay wanted must come back.
  const left = old?.routes.filter((route) => !gone.some(({ device }) => route.includes(` dev ${device}`)));
  const { added } = difference(left ?? [], state.routes);
  // One that another takes the place of goes only when that comes.
  const [comes, stays] = [new Set(added.map(blockOf)), new Set(left)];
  const replaced = new Map(
    removed
      .filter((route) => comes.has(blockOf(route)) && stays.has(route))
      .map((route) => [blockOf(route), route]),
  );
  const known = old?.neighbours.filter(
    (entry) => !gone.some(({ device }) => entry.includes(` dev ${device} `)),
  );
  const neighbours = difference(known ?? [], state.neighbours);
  const forwarding = difference(lost.length > 0 ? [] : (old?.forwarding ?? []), state.forwarding);
  // A node's firewall that closes TCP 179 must also end its sessions, and while the peers can still hear of it.
  const restarts = old !== undefined && old.bird !== "" && closesSessions(old.host, state.host);
  const bird =
    !restarts && old?.bird === state.bird
      ? ""
      : changeBird(state.name, restarts ? undefined : old?.bird, state.bird);
  // BIRD's part in a change from its routes to Felix' or back. Where it starts or ends, its place is behind the firewall.
  const hands = old !== undefined && !restarts && old.bird !== "" && state.bird !== "";
  const isFelix = (one: NodeState) => one.routes.length > 0;
  const withdraws = hands && !isFelix(old) && isFelix(state);
  const takesOver = hands && isFelix(old) && !isFelix(state);
  // The sessions of a new node come up in the time that the rest takes: BIRD waits for a second before it connects. Not where
  // BIRD's routes need the tunnel, or where a fault must be there first.
  const leads =
    old === undefined &&
    isFelix(state) &&
    state.host === undefined &&
    wanted.every(({ kind }) => kind === "vxlan");
  const tunnel = wanted
    .filter(
      (one) =>
        !had.some((other) => isSame(one, other) && one.mtu === other.mtu && one.address === other.address),
    )
    .map((one) => tunnelUp(state.name, one, had.find((other) => isSame(one, other))?.address))
    .join("\n");
  return [
    leads ? bird : "",
    addVpn(state.name, old?.host, state.host),
    podMtu(old, state),
    ...podMacs(old, state),
    withdraws ? bird : "",
    takesOver ? tunnel : "",
    batch(
      state.name,
      removed.filter((route) => replaced.get(blockOf(route)) !== route).map((route) => `route del ${route}`),
    ),
    takesOver ? bird : "",
    batch(
      state.name,
      lost.map(({ device }) => `link del ${device}`),
    ),
    takesOver ? "" : tunnel,
    batch(state.name, [
      ...neighbours.removed.map(
        (entry) => `neigh del ${entry.split(" lladdr")[0]} dev ${entry.split(" dev ")[1]?.split(" ")[0]}`,
      ),
      ...(kept ? neighbours.added : state.neighbours).map((entry) => `neigh replace ${entry}`),
    ]),
    bridgeBatch(state.name, [
      ...forwarding.removed.map((entry) => `fdb del ${entry}`),
      ...forwarding.added.map((entry) => `fdb append ${entry}`),
    ]),
    ...(restarts ? [endBird(state.name), `ip -n ${state.name} route flush proto bird`] : []),
    ...changeHost(state.name, old?.host, state.host),
    removeVpn(state.name, old?.host, state.host),
    leads || withdraws || takesOver ? "" : bird,
    // tunl0 belongs to the namespace and cannot be deleted. Without an address and with its link down, it carries
    // nothing.
    batch(
      state.name,
      gone
        .filter(({ kind }) => kind === "ipip")
        .flatMap(({ device }) => [`addr flush dev ${device}`, `link set ${device} down`]),
    ),
    batch(
      state.name,
      added.flatMap((route) => {
        const one = replaced.get(blockOf(route));
        return [...(one ? [`route del ${one}`] : []), `route replace ${route}`];
      }),
    ),
    old?.nat === state.nat ? "" : nft(state.name, state.nat),
    old?.facts === state.facts ? "" : writeFacts(state.name, state.facts),
    // New rules are for new connections, and a ping is the same connection as the last one with its identifier.
    old && old.nat !== state.nat ? inside(state.name, "conntrack -F 2> /dev/null") : "",
    state.services === undefined || old?.services === state.services ? "" : nft(state.name, state.services),
    changeTenant(state.name, old?.tenant, state.tenant),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** The block of a route in the syntax of `ip route`. */
const blockOf = (route: string): string => /\d+\.\d+\.\d+\.\d+\/\d+/.exec(route)?.[0] ?? route;

/**
 * Calico sets the MTU of new workloads only. The twin's pods change theirs as if they had been restarted: they also
 * forget the path MTUs that they have learned, which the kernel would keep for ten minutes.
 */
function podMtu(old: NodeState | undefined, state: NodeState): string {
  if (old?.podMtu === state.podMtu) return "";
  return [
    batch(
      state.name,
      state.pods.map((pod) => `link set ${pod.interface} mtu ${state.podMtu}`),
    ),
    ...state.pods.map((pod) => batch(pod.name, [`link set eth0 mtu ${state.podMtu}`, "route flush cache"])),
  ].join("\n");
}

/** Once for each pod, when the lab has become so large that it writes its neighbour entries. */
function podMacs(old: NodeState | undefined, { pods }: NodeState): string[] {
  const had = new Map(old?.pods.map(({ name, mac }) => [name, mac]));
  return pods.flatMap(({ name, mac }) =>
    mac && had.get(name) !== mac ? [batch(name, podNeighbours(mac))] : [],
  );
}

/** @param former the device's address so far, if it stays. */
function tunnelUp(
  node: string,
  { kind, device, address, mtu, link }: TunnelState,
  former: string | undefined,
): string {
  // If the driver is loaded, a new namespace already has tunl0, unless fb_tunnels_only_for_init_net forbids it.
  const make =
    kind === "ipip"
      ? `if [[ ! -e /proc/sys/net/ipv4/conf/${device} ]]; then ip link add ${device} ${link}; fi`
      : `ip link show ${device} > /dev/null 2>&1 || ip link add ${device} ${link}`;
  const settings = [
    `link set ${device} mtu ${mtu} up`,
    ...(former && former !== address ? [`addr flush dev ${device}`] : []),
    ...(address ? [`addr replace ${address} dev ${device}`] : []),
  ];
  return inside(node, [make, batch(undefined, settings)].join("\n"));
}
