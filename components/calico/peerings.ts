/** Who exchanges routes by BGP, as Calico's objects (docs: networking/configuring/bgp, reference/resources/bgppeer). */
import { AS_NUMBER, isIbgp, type LabPlan, selectorOf } from "../plan";
import { hasRoutingChoice } from "./manifest";

/** The label of route reflectors, by which the BGPPeer of Calico's documentation selects them. */
export const REFLECTOR_LABEL = "route-reflector";

/** An object that says who exchanges routes. */
export interface Peering {
  kind: "BGPConfiguration" | "BGPPeer";
  name: string;
  spec: Record<string, unknown>;
}

/** The objects of a plan; none where Calico's own defaults are meant: a full mesh with AS 64512. */
export function renderPeerings(plan: LabPlan): Peering[] {
  const { enabled, mesh, asNumber, reflectors } = plan.bgp;
  const configuration = {
    // Whether BIRD programs the routes decides about closed BGP.
    ...(hasRoutingChoice(plan) && { programClusterRoutes: "Enabled" }),
    ...(enabled && !mesh && { nodeToNodeMeshEnabled: false }),
    ...(enabled && asNumber !== AS_NUMBER && { asNumber }),
  };
  return [
    ...(Object.keys(configuration).length > 0
      ? [{ kind: "BGPConfiguration" as const, name: "default", spec: configuration }]
      : []),
    ...(reflectors.length > 0
      ? [
          {
            kind: "BGPPeer" as const,
            name: "route-reflectors",
            spec: { nodeSelector: "all()", peerSelector: `${REFLECTOR_LABEL} == 'true'` },
          },
        ]
      : []),
    ...gatewayPeerings(plan),
  ];
}

/** The sessions with the gateway: a BGPPeer for each subnet, because the gateway has another address in each. */
function gatewayPeerings(plan: LabPlan): Peering[] {
  const { gatewayAsNumber, keepsNextHop } = plan.bgp;
  if (gatewayAsNumber === undefined) return [];
  return plan.subnets.map(({ name, gateway }) => ({
    kind: "BGPPeer",
    name: `gateway-${name}`,
    spec: {
      nodeSelector: selectorOf({
        nodes: plan.nodes.filter(({ subnet }) => subnet === name).map((node) => node.name),
      }),
      peerIP: gateway,
      asNumber: gatewayAsNumber,
      ...(keepsNextHop && !isIbgp(plan) && { keepOriginalNextHop: true }),
    },
  }));
}
