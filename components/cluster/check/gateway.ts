/** What is looked at on a machine that is its site's gateway: whether IKE and ESP come through its own firewall. */
import { IKE_PORT, type LabPlan, NAT_T_PORT, type NodePlan, siteOf } from "../../plan";

/** The name of the node that is the other site's gateway; undefined on a node that is no gateway itself. */
export function peerGatewayOf(plan: LabPlan, node: NodePlan): string | undefined {
  const own = siteOf(plan, node);
  if (own?.router !== node.name) return undefined;
  return plan.sites?.find((site) => site !== own)?.router;
}

/** ESP is always in UDP 4500: both gateways ask for that. */
const LINK_NEEDS = [`ike udp ${IKE_PORT} ${IKE_PORT} refuse`, `nat-t udp ${NAT_T_PORT} ${NAT_T_PORT} refuse`];

/**
 * The gateway's values of `scripts/node/check.sh`. The end that starts the tunnel must get its packets out, and the end that
 * only answers must let them in: what comes back is an answer to the firewall.
 * @param peer the host name or address of the other site's gateway; undefined on a node that is no gateway.
 */
export const gatewayValues = <Host>(
  { link }: Pick<LabPlan, "link">,
  { site = "" }: Pick<NodePlan, "site">,
  peer: Host | undefined,
) => ({
  LINK_PEER: peer ?? "",
  LINK_WAY: peer !== undefined && !link?.initiators.includes(site) ? "in" : "out",
  LINK_NEEDS: peer === undefined ? "" : LINK_NEEDS.join("\n"),
});
