/** The network below the nodes: a bridge per subnet, the gateway between them, and an internet behind it. */
import { INTERNET, type LabPlan } from "../../plan";
import {
  batch,
  EXTERNAL,
  FABRIC,
  FABRIC_SYSCTLS,
  INTERNET_HOST,
  inside,
  ROUTER,
  ROUTER_SYSCTLS,
  renderRouter,
  renderSubnet,
  routerRoutes,
  subnetDevices,
  sysctl,
} from "../fabric";
import { renderRouterBird } from "./bird";
import { gatewayNeighbours } from "./neighbours";
import { startProcess } from "./process-files";

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
  /** BIRD's configuration on the gateway; absent if it speaks no BGP. */
  bird?: string;
  /** The nodes that may have a port, each as `name address`. Each node makes its own. */
  ports: string[];
}

/** The desired state of a plan's network. */
export function renderNetwork(plan: LabPlan): NetworkState {
  const neighbours = gatewayNeighbours(plan);
  const bird = renderRouterBird(plan);
  return {
    build: renderBuild(plan),
    ...(neighbours.length > 0 && { neighbours }),
    routes: [`default via ${INTERNET.address}`, ...routerRoutes(plan)],
    masquerade: renderRouter(plan, EXTERNAL),
    ...(bird !== "" && { bird }),
    ports: plan.nodes.map(({ name, address }) => `${name} ${address}`),
  };
}

function renderBuild(plan: LabPlan): string {
  const subnets = plan.subnets.map((subnet, i) => renderSubnet(plan, subnet, subnetDevices(i)));
  const settings = subnets.map((one) => one.settings).filter((text) => text !== "");
  const router = [
    "link set lo up",
    ...subnets.flatMap((one) => one.router),
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
    batch(FABRIC, ["link set lo up", ...subnets.flatMap((one) => one.fabric)]),
    inside(FABRIC, sysctl(FABRIC_SYSCTLS, true)),
    batch(ROUTER, router),
    inside(ROUTER, sysctl(ROUTER_SYSCTLS)),
    ...(settings.length > 0 ? [inside(ROUTER, settings.join("\n"))] : []),
    batch(INTERNET_HOST, internet),
    startProcess(PAGE, INTERNET_HOST, "/run/encaplab/bin/internet-page"),
  ].join("\n");
}
