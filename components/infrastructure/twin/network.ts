/** The network below the nodes: a bridge per subnet, the gateway between them, and an internet behind it. */
import { INTERNET, type LabPlan } from "../../plan";
import {
  batch,
  FABRIC,
  FABRIC_SYSCTLS,
  INTERNET_HOST,
  inside,
  ROUTER,
  ROUTER_SYSCTLS,
  renderSubnet,
  subnetDevices,
  sysctl,
} from "../fabric";
import { startProcess } from "./process-files";
import {
  noteSiteRouters,
  type RouterPlan,
  type RouterState,
  renderInternet,
  renderRouterState,
  routerOfSubnet,
  routersOf,
} from "./routers";

/** The internet host's web server: a small page, for `curl`. */
export const PAGE = "internet-page";

/** Desired state of the network. `build` never changes in place; everything else does. */
export interface NetworkState extends Omit<RouterState, "name"> {
  /** Bash that makes the namespaces `fabric`, `internet` and those of routers, and all in them that never changes. */
  build: string;
  /** The sites' routers, in place of the one that the other fields are about. Absent in a lab without sites. */
  sites?: RouterState[];
  /** The nodes that may have a port, each as `name address`. Each node makes its own. */
  ports: string[];
}

/** The desired state of a plan's network. */
export function renderNetwork(plan: LabPlan): NetworkState {
  const routers = routersOf(plan);
  const [first, ...others] = routers.map((router) => renderRouterState(plan, router));
  const { name: _, ...only } = first as RouterState;
  return {
    build: renderBuild(plan, routers),
    ...(others.length > 0 ? { routes: [], masquerade: "", sites: [first as RouterState, ...others] } : only),
    ports: plan.nodes.map(({ name, address }) => `${name} ${address}`),
  };
}

/** The routers of a state. */
export const routersIn = ({ sites, routes, neighbours, masquerade, bird }: NetworkState): RouterState[] =>
  sites ?? [{ name: ROUTER, routes, masquerade, ...(neighbours && { neighbours }), ...(bird && { bird }) }];

function renderBuild(plan: LabPlan, routers: readonly RouterPlan[]): string {
  const subnets = plan.subnets.map((subnet, i) => ({
    router: routerOfSubnet(plan, subnet.name),
    links: renderSubnet(plan, subnet, subnetDevices(i), false, routerOfSubnet(plan, subnet.name)),
  }));
  const wan = renderInternet(routers);
  const internet = [
    "link set lo up",
    `addr add ${INTERNET.address}/${INTERNET.prefix} dev eth0`,
    "link set eth0 up",
  ];
  const noted = noteSiteRouters(routers);
  return [
    ...(noted === "" ? [] : [noted]),
    batch(
      undefined,
      [FABRIC, ...routers.map(({ name }) => name), INTERNET_HOST].map((name) => `netns add ${name}`),
    ),
    inside(FABRIC, sysctl(FABRIC_SYSCTLS, true)),
    batch(FABRIC, ["link set lo up", ...subnets.flatMap(({ links }) => links.fabric), ...wan.fabric]),
    ...routers.flatMap((router) => {
      const own = subnets.filter((one) => one.router === router.name).map(({ links }) => links);
      const settings = own.map((one) => one.settings).filter((text) => text !== "");
      return [
        batch(router.name, ["link set lo up", ...own.flatMap((one) => one.router), ...wan.router(router)]),
        inside(router.name, sysctl(ROUTER_SYSCTLS)),
        ...(settings.length > 0 ? [inside(router.name, settings.join("\n"))] : []),
      ];
    }),
    batch(INTERNET_HOST, internet),
    startProcess(PAGE, INTERNET_HOST, "/run/encaplab/bin/internet-page"),
  ].join("\n");
}
