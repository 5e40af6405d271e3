/** Checks who exchanges routes by BGP against the nodes, the encapsulation and the gateway. */
import { faultOf, type LabConfig, placeOf } from "../../config";
import { fabricFacts } from "../fabric";
import { MAX_MESH } from "../peering";
import { placementOf } from "../placement";
import { encapsulationText, type Pools, planPools, routesNeedBgp } from "../pool";
import { checkNodeNames, nodeNames } from "./node-names";
import type { Report } from "./report";

const NAME_REFLECTORS = "bgp: routeReflectors with the names of two or three nodes in routeReflectors";

/** Checks `bgp`, `routeReflectors`, `peering`, and `podRoutes: bgp`. */
export function checkBgp(config: LabConfig, report: Report): void {
  const { bgp, peering, calico } = config;
  const hasCalico = calico?.install !== "none";
  const pools = poolsIn(config);
  if (bgp === "Disabled" && routesNeedBgp(pools))
    report(
      "bgp",
      bgp,
      `must be mesh or routeReflectors: encapsulation ${encapsulationText(pools)} gets its routes by BGP; only VXLAN and VXLANCrossSubnet work without it`,
    );
  if (bgp === "Disabled" && hasCalico && keysOf(peering).length > 0)
    report("peering", keysOf(peering), "must be left out: with bgp: Disabled there is no BGP");
  if (bgp === "routeReflectors" && peering?.nodeToNodeMesh)
    report("peering.nodeToNodeMesh", true, "must be false or left out: bgp: routeReflectors has no mesh");
  checkSize(config, report);
  checkReflectors(config, report);
  checkGateway(config, report);
}

/** The keys that are set. The engine gives a program the empty section where the stack's file has none. */
const keysOf = (peering: LabConfig["peering"]): string[] => Object.keys(peering ?? {});

const poolsIn = (config: LabConfig): Pools => ({
  encapsulation: config.encapsulation,
  ipPools: planPools(config),
});

function checkSize(config: LabConfig, report: Report): void {
  const { topology, bgp, peering, calico } = config;
  const nodes = topology.flatMap((subnet) => subnet.nodes);
  const isMesh = calico?.install === "none" || (bgp === "mesh" && (peering?.nodeToNodeMesh ?? true));
  if (!isMesh || nodes.length <= MAX_MESH) return;
  const sessions = (nodes.length * (nodes.length - 1)) / 2;
  const orNone = routesNeedBgp(poolsIn(config))
    ? ""
    : `; or take bgp: Disabled, because ${encapsulationText(poolsIn(config))} needs no BGP`;
  report(
    "topology",
    `${nodes.length} nodes`,
    `must have at most ${MAX_MESH} nodes with bgp: mesh, because every two of them have a BGP session (${sessions} here), and such a mesh starts slowly and loses routes when nodes restart (calico#1579, #9976); take ${NAME_REFLECTORS}${orNone}`,
  );
}

function checkReflectors({ topology, bgp, routeReflectors, faults }: LabConfig, report: Report): void {
  const names = nodeNames({ topology });
  if (bgp !== "routeReflectors") {
    if (routeReflectors.length > 0)
      report("routeReflectors", routeReflectors, "must be left out, or set bgp: routeReflectors");
    return;
  }
  if (routeReflectors.length === 0)
    report(
      "routeReflectors",
      routeReflectors,
      `must name the nodes that reflect routes, two at best, e.g. [${names.slice(0, 2).join(", ")}]`,
    );
  checkNodeNames({ topology }, routeReflectors, "routeReflectors", report);
  for (const setting of faults.filter((one) => faultOf(one) === "reflector-down"))
    for (const name of placeOf(setting).nodes ?? [])
      if (names.includes(name) && !routeReflectors.includes(name))
        report(
          "faults",
          `reflector-down on ${name}`,
          `must be on route reflectors, which are ${routeReflectors.join(", ")}`,
        );
}

function checkGateway(config: LabConfig, report: Report): void {
  const { podRoutes, bgp, peering } = config;
  const placement = placementOf(config);
  if (podRoutes !== "bgp") {
    for (const key of ["gatewayAsNumber", "keepOriginalNextHop"] as const)
      if (peering?.[key])
        report(
          `peering.${key}`,
          peering[key],
          "must be left out, or set podRoutes: bgp: the gateway speaks no BGP",
        );
    return;
  }
  const { gateway } = fabricFacts(placement);
  if (bgp === "Disabled")
    report("podRoutes", podRoutes, "must be none or static: bgp: Disabled runs no BIRD");
  if (placement.fabric !== "plain")
    report(
      "podRoutes",
      podRoutes,
      `must be none or static: the ${gateway} of fabric ${placement.fabric} speaks no BGP; only the router of fabric plain does`,
    );
  else if (!placement.onTwin) checkMachines(config, report);
}

/** Checks `podRoutes: bgp` where the nodes are machines: they must run BIRD, and the lab must have a gateway to run it on. */
function checkMachines(config: LabConfig, report: Report): void {
  const { podRoutes, calico, hosts, cluster } = config;
  if (calico?.install === "none")
    report("podRoutes", podRoutes, "must be none or static: without Calico the nodes run no BIRD");
  if (placementOf(config).onContainers) return;
  if (!hosts?.router)
    report(
      "podRoutes",
      podRoutes,
      "must be none, or set rehearse: true; or name the machine that is the gateway between the subnets in hosts.router: { address }, and the lab runs BIRD there",
    );
  if (cluster === "none")
    report(
      "cluster",
      cluster,
      "must be kubeadm with podRoutes: bgp: without a cluster the lab changes nothing on machines, and nothing speaks BGP with the gateway",
    );
}
