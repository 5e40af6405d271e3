/** The network below the nodes: a bridge per subnet, the gateway between them, and an internet behind it. */
import { fabricFacts, INTERNET, isMisrecorded, type LabPlan, SMALLER_BY, vpnRange } from "../../plan";
import { EXTERNAL, FABRIC, INTERNET_HOST, ROUTER, routerDevice, subnetBridge } from "./names";
import { gatewayNeighbours } from "./neighbours";
import { startProcess } from "./process-files";
import { addBridge, batch, inside, sysctl } from "./shell";

/** The internet host's web server: a small page, for `curl`. */
export const PAGE = "internet-page";

/** Desired state of the network. `build` never changes in place; everything else does. */
export interface NetworkState {
  /** Bash that makes the namespaces `fabric`, `router` and `internet`, and everything in them that never changes. */
  build: string;
  /** The gateway's routes, in the syntax of `ip route`. */
  routes: string[];
  /** The gateway's MACs and neighbour entries, as lines for `ip -batch`. Absent in a small lab, which resolves them. */
  neighbours?: string[];
  /** The gateway's address translation, as an nftables file. */
  masquerade: string;
  /** The nodes that may have a port, each as `name address`. Each node makes its own. */
  ports: string[];
}

/** The desired state of a plan's network. */
export function renderNetwork(plan: LabPlan): NetworkState {
  const neighbours = gatewayNeighbours(plan);
  return {
    build: renderBuild(plan),
    ...(neighbours.length > 0 && { neighbours }),
    routes: [
      `default via ${INTERNET.address}`,
      // Otherwise stray packets follow the default route to a neighbour that answers "unreachable". Clouds stay silent.
      `blackhole ${plan.ipPool.cidr}`,
      ...(plan.nodes.some(isMisrecorded) ? [`blackhole ${vpnRange(plan).cidr}`] : []),
      ...plan.podRoutes.map(({ block, via }) => `${block} via ${via}`),
    ],
    masquerade: [
      "table ip nat {",
      "  chain postrouting {",
      "    type nat hook postrouting priority srcnat;",
      `    oifname "${EXTERNAL}"${translated(plan)} masquerade`,
      "  }",
      ...blackHole(plan),
      "}",
    ].join("\n"),
    ports: plan.nodes.map(({ name, address }) => `${name} ${address}`),
  };
}

/** Most gateways translate only the nodes' own addresses, as an internet gateway or OVN does. */
function translated(plan: LabPlan): string {
  if (fabricFacts(plan).snat === "any") return "";
  return ` ip saddr { ${plan.subnets.map(({ cidr }) => cidr).join(", ")} }`;
}

/**
 * Without a layer 2, a port reaches nothing but the gateway (`isolated`, see the nodes), and the gateway answers ARP
 * requests for every address of the subnet and sends packets back by the interface that they came from.
 */
const answerForAll = (nic: string): Record<string, string> => ({
  [`net/ipv4/conf/${nic}/proxy_arp_pvlan`]: "1",
  [`net/ipv4/neigh/${nic}/proxy_delay`]: "0",
  [`net/ipv4/conf/${nic}/send_redirects`]: "0",
});

/** A gateway that carries less between the subnets than their links, and tells nobody. */
function blackHole(plan: LabPlan): string[] {
  if (!plan.nodes.some(({ host }) => host.broken.includes("mtu-black-hole"))) return [];
  return [
    "  chain black-hole {",
    "    type filter hook forward priority 0;",
    `    iifname "eth*" oifname "eth*" ip length > ${plan.mtu.link - SMALLER_BY} counter drop`,
    "  }",
  ];
}

function renderBuild(plan: LabPlan): string {
  const link = plan.mtu.link;
  const subnets = plan.subnets.map((subnet, i) => ({
    ...subnet,
    bridge: subnetBridge(i),
    nic: routerDevice(i),
  }));
  const fabric = subnets.flatMap(({ bridge, nic }, i) => [
    ...addBridge(bridge, link),
    `link set ${bridge} up`,
    `link add gw${i} mtu ${link} type veth peer name ${nic} mtu ${link} netns ${ROUTER}`,
    `link set gw${i} master ${bridge} up`,
  ]);
  const router = [
    "link set lo up",
    ...subnets.flatMap(({ nic, gateway, prefix }) => [
      `addr add ${gateway}/${prefix} dev ${nic}`,
      `link set ${nic} up`,
    ]),
    `link add ${EXTERNAL} mtu ${INTERNET.mtu} type veth peer name eth0 mtu ${INTERNET.mtu} netns ${INTERNET_HOST}`,
    `addr add ${INTERNET.gateway}/${INTERNET.prefix} dev ${EXTERNAL}`,
    `link set ${EXTERNAL} up`,
  ];
  const internet = [
    "link set lo up",
    `addr add ${INTERNET.address}/${INTERNET.prefix} dev eth0`,
    "link set eth0 up",
  ];
  return [
    batch(
      undefined,
      [FABRIC, ROUTER, INTERNET_HOST].map((name) => `netns add ${name}`),
    ),
    batch(FABRIC, ["link set lo up", ...fabric]),
    // Track connections only on the ports' own bridges (they switch it on), not a second time on the subnets' bridges.
    inside(FABRIC, sysctl({ "net/bridge/bridge-nf-call-iptables": "0" }, true)),
    batch(ROUTER, router),
    // ICMP redirects would teach nodes routes that no cloud's router teaches them.
    inside(ROUTER, sysctl({ "net/ipv4/ip_forward": "1", "net/ipv4/conf/all/send_redirects": "0" })),
    ...(fabricFacts(plan).layer3
      ? [inside(ROUTER, sysctl(Object.assign({}, ...subnets.map(({ nic }) => answerForAll(nic)))))]
      : []),
    batch(INTERNET_HOST, internet),
    startProcess(PAGE, INTERNET_HOST, "/run/encaplab/bin/internet-page"),
  ].join("\n");
}
