/** The gateways of the twin: one router, or one for each site. Each has its own namespace, and its place in the internet. */
import { INTERNET, type LabPlan, type SitePlan } from "../../plan";
import { addBridge, EXTERNAL, INTERNET_HOST, ROUTER, renderRouter, routerRoutes } from "../fabric";
import { renderTwinRouterBird } from "./bird";
import { gatewayNeighbours } from "./neighbours";

/** A router of the twin. */
export interface RouterPlan {
  /** Its namespace. */
  name: string;
  /** Its address in the internet. */
  address: string;
  /** Absent in a lab without sites. */
  site?: SitePlan;
}

/** What of a router can change in place. */
export interface RouterState {
  name: string;
  /** Its routes, in the syntax of `ip route`. */
  routes: string[];
  /** Its MACs and neighbour entries, as lines for `ip -batch`. Absent in a small lab, which resolves them. */
  neighbours?: string[];
  /** Its address translation, as an nftables file. */
  masquerade: string;
  /** BIRD's configuration; absent if the router speaks no BGP. */
  bird?: string;
}

/** The routers of a plan. */
export const routersOf = ({ sites }: Pick<LabPlan, "sites">): RouterPlan[] =>
  sites?.map((site) => ({ name: site.router, address: site.address, site })) ?? [
    { name: ROUTER, address: INTERNET.gateway },
  ];

/** The router of a subnet. */
export const routerOfSubnet = (plan: Pick<LabPlan, "sites">, subnet: string): string =>
  plan.sites?.find(({ subnets }) => subnets.includes(subnet))?.router ?? ROUTER;

/** What of a router can change in place. */
export function renderRouterState(plan: LabPlan, { name, site }: RouterPlan): RouterState {
  const neighbours = gatewayNeighbours(plan, site);
  // A site's router speaks no BGP: the plan refuses it.
  const bird = site ? "" : renderTwinRouterBird(plan);
  return {
    name,
    ...(neighbours.length > 0 && { neighbours }),
    routes: [`default via ${INTERNET.address}`, ...routerRoutes(plan, site)],
    masquerade: renderRouter(plan, EXTERNAL),
    ...(bird !== "" && { bird }),
  };
}

/** The file with the names of the sites' routers: the next lab in the sandbox may have other sites, or none. */
const NAMES = "/run/encaplab/site-routers";

/** Bash that notes the sites' routers, before they are made. */
export const noteSiteRouters = (routers: readonly RouterPlan[]): string =>
  routers.length > 1 ? `echo ${routers.map(({ name }) => name).join(" ")} > ${NAMES}` : "";

/** Bash that removes the routers of whatever sites there were. */
export const removeSiteRouters = (): string =>
  [
    `if [[ -e ${NAMES} ]]; then`,
    `  for name in $(< ${NAMES}); do [[ ! -e /run/netns/$name ]] || ip netns del $name; done`,
    `  rm -f ${NAMES}`,
    "fi",
  ].join("\n");

/** The bridge that joins the routers of several sites and the internet's host. */
const WAN = "wan";

/**
 * Lines of `ip -batch` that join the routers with the internet: in the fabric, and by namespace. A single router has a veth
 * pair; with sites, all ends are on one bridge, so that the routers reach each other as neighbours.
 */
export function renderInternet(routers: readonly RouterPlan[]): {
  fabric: string[];
  router: (router: RouterPlan) => string[];
} {
  const { mtu } = INTERNET;
  const up = (address: string) => [
    `addr add ${address}/${INTERNET.prefix} dev ${EXTERNAL}`,
    `link set ${EXTERNAL} up`,
  ];
  if (routers.length === 1) {
    const pair = `link add ${EXTERNAL} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${INTERNET_HOST}`;
    return { fabric: [], router: ({ address }) => [pair, ...up(address)] };
  }
  const port = (at: number | string) => `${WAN}-${at}`;
  const plug = (at: number | string, device: string, namespace: string) => [
    `link add ${port(at)} mtu ${mtu} type veth peer name ${device} mtu ${mtu} netns ${namespace}`,
    `link set ${port(at)} master ${WAN} up`,
  ];
  return {
    fabric: [
      ...addBridge(WAN, mtu),
      `link set ${WAN} up`,
      ...plug("host", "eth0", INTERNET_HOST),
      ...routers.flatMap(({ name }, i) => plug(i, EXTERNAL, name)),
    ],
    router: ({ address }) => up(address),
  };
}
