/** What EC2 has of a lab's link to another site: the connection and both gateways. Its routes go with them. */
import * as aws from "@pulumi/aws";
import { eachOf, filtersOf } from "./each-of";
import type { Ask, Found, Kind, Tags } from "./kind";

/**
 * Errors of an account that has no right to VPNs, as under the policy of an earlier version, and of an endpoint that only
 * resembles EC2 and has none. Neither can have made one, and a lab without a peer must not fail for it.
 */
const NO_VPNS =
  /UnauthorizedOperation|AccessDenied|not authorized|InvalidAction|UnknownOperation|UnsupportedOperation|not.?implemented|StatusCode: 501/i;

/** EC2 lists what is deleted for a while, and the provider's lookups return that, too. */
const LIVING = { name: "state", values: ["pending", "available"] };

/** What lives: of this id, or with the tags. */
const wanted = (tags: Tags, byId: boolean) => ({ filters: byId ? [LIVING] : [...filtersOf(tags), LIVING] });

/**
 * The answer, if it has the tags: an endpoint that only resembles EC2 (moto 5, for customer gateways) may know no filters,
 * and answer with another lab's.
 */
function marked<Answer extends { tags: Tags }>(answer: Answer, tags: Tags): Answer {
  if (Object.entries(tags).every(([key, value]) => answer.tags[key] === value)) return answer;
  throw new Error("no matching tags");
}

/** In the order in which they can be deleted: before the VPC, and the connection before its gateways. */
export const VPN_KINDS: readonly Kind[] = [
  {
    kind: "vpn-connection",
    type: "aws:ec2/vpnConnection:VpnConnection",
    list: (tags, region, options) => {
      const lookUp = (vpnConnectionId?: string) =>
        aws.ec2
          .getVpnConnection(
            { ...(vpnConnectionId && { vpnConnectionId }), ...wanted(tags, !!vpnConnectionId), region },
            options,
          )
          .then((found) => marked(found, tags).vpnConnectionId);
      return eachOf("vpn-connection", lookUp, tags, region, options, NO_VPNS);
    },
    command: (id) =>
      `aws ec2 delete-vpn-connection --vpn-connection-id ${id} && aws ec2 wait vpn-connection-deleted --vpn-connection-ids ${id}`,
  },
  {
    kind: "vpn-gateway",
    type: "aws:ec2/vpnGateway:VpnGateway",
    list: (tags, region, options) => {
      const lookUp = (id?: string) =>
        aws.ec2
          .getVpnGateway({ ...(id && { id }), ...wanted(tags, !!id), region }, options)
          .then((found) => marked(found, tags).id);
      return eachOf("vpn-gateway", lookUp, tags, region, options, NO_VPNS);
    },
    command: (id) => `aws ec2 delete-vpn-gateway --vpn-gateway-id ${id}`,
  },
  {
    kind: "customer-gateway",
    type: "aws:ec2/customerGateway:CustomerGateway",
    list: (tags, region, options) => {
      const lookUp = (id?: string) =>
        aws.ec2
          .getCustomerGateway({ ...(id && { id }), ...wanted(tags, !!id), region }, options)
          .then((found) => marked(found, tags).id);
      return eachOf("customer-gateway", lookUp, tags, region, options, NO_VPNS);
    },
    command: (id) => `aws ec2 delete-customer-gateway --customer-gateway-id ${id}`,
  },
];

/** EC2 does not delete a gateway that is attached. The provider detaches it itself. */
export async function detachVpn(found: Found, ask: Ask, region: string | undefined): Promise<Found> {
  const { attachedVpcId } = await ask((options) => aws.ec2.getVpnGateway({ id: found.id, region }, options));
  if (!attachedVpcId) return found;
  const detach = `aws ec2 detach-vpn-gateway --vpn-gateway-id ${found.id} --vpc-id ${attachedVpcId} && `;
  return { ...found, command: `${detach}${found.command}` };
}
