/** Checks the link to a site that is another stack: where there can be one, and what both clouds can agree on. */
import { BOTH_SITES, type LabConfig } from "../../config";
import { parseCidr } from "../addressing";
import { type PeerSitePlan, planPeerSite, SITE_GATEWAY } from "../peer-site";
import { placementOf } from "../placement";
import { proposalParts } from "../proposal";
import { roomIn } from "../topology";
import type { Report } from "./report";

/** The clouds whose gateways join two stacks. */
const CLOUDS: readonly LabConfig["cloud"][] = ["aws", "openstack"];

/**
 * What AWS's tunnels and Neutron's VPN both take: AES with 128 or 256 bits, in CBC mode or in GCM with 16 bytes, and in
 * Neutron's provider groups 2, 5 and 14, of which AWS takes no 5 for IKE (aws.ec2.VpnConnection and
 * openstack.vpnaas.IkePolicy, "Valid values are").
 */
const AGREED = {
  ciphers: ["aes128", "aes256", "aes128gcm16", "aes256gcm16"],
  groups: { ike: ["modp1024", "modp2048"], esp: ["modp1024", "modp1536", "modp2048"] },
} as const;

/** AWS's rule for keys (EC2 API: VpnTunnelOptionsSpecification). Neutron takes any text. */
const KEY = /^[1-9A-Za-z._][0-9A-Za-z._]{7,63}$/;

/** Checks `link.peer`, and the link's other keys for two gateways of clouds. */
export function checkPeerSite(config: LabConfig, report: Report): void {
  const { link, cloud, topology } = config;
  const plan = planPeerSite(config, []);
  if (link?.gateway !== undefined && !plan)
    report(
      "link.gateway",
      link.gateway,
      "it is for a stack that is one site: set link.peer, or remove it (on machines that you have, sites[].gateway names the one that is a gateway)",
    );
  if (!link || !plan) return;
  const { onThisMachine } = placementOf(config);
  if (onThisMachine || !CLOUDS.includes(cloud)) {
    const why = onThisMachine
      ? "a lab on this machine has both sites in one stack: set sites instead, as L15 does, and remove link.peer"
      : `cloud ${cloud} has no gateway that joins two stacks; remove link.peer, or use cloud ${CLOUDS.join(" or ")}`;
    report("link.peer", plan.stack, why);
    return;
  }
  if (plan.gateway) checkGateway(config, plan, report);
  const mayBe = cloud === "aws" && !plan.gateway ? ["subnets", "any"] : ["subnets"];
  if (!mayBe.includes(plan.selectors))
    report(
      "link.selectors",
      plan.selectors,
      plan.gateway && plan.selectors === "any"
        ? "must be subnets with link.gateway: instance: all that the instance sends would be in the tunnel, its answers to your login included"
        : `must be ${mayBe.join(" or ")}: an AWS tunnel has one range on each side, and Neutron's side is a subnet; pods with a tunnel of their own (IPIP, VXLAN) pass all the same`,
    );
  if (cloud === "openstack" && topology.length > 1)
    report(
      "topology",
      `${topology.length} subnets`,
      "must be one subnet: AWS keeps one pair of security associations for a tunnel, and Neutron makes one for each subnet",
    );
  if (cloud === "aws" && plan.mtu !== undefined)
    report("link.mtu", plan.mtu, "AWS's gateway has no such setting; set it in the stack on OpenStack");
  if (plan.initiator === BOTH_SITES && plan.ike === 1)
    report(
      "link.initiator",
      BOTH_SITES,
      "AWS starts no tunnel with IKEv1; set link.ike: 2, or name the stack on OpenStack",
    );
  if (link.psk !== undefined && !KEY.test(link.psk))
    report(
      "link.psk",
      link.psk,
      "must be 8 to 64 letters, digits, periods and underscores, and not begin with 0, as AWS requires",
    );
  for (const phase of ["ike", "esp"] as const) {
    const { cipher, group } = proposalParts(plan.proposals[phase]);
    const { ciphers, groups } = AGREED;
    if (!(ciphers as readonly string[]).includes(cipher))
      report(
        `link.proposals.${phase}`,
        plan.proposals[phase],
        `its cipher must be one of ${ciphers.join(", ")}, as AWS requires`,
      );
    if (!(groups[phase] as readonly string[]).includes(group))
      report(
        `link.proposals.${phase}`,
        plan.proposals[phase],
        `its group must be one of ${groups[phase].join(", ")}, which both AWS and Neutron have`,
      );
  }
}

/** Checks that the gateway's instance has a name and an address of its own. */
function checkGateway({ topology }: LabConfig, { gateway }: PeerSitePlan, report: Report): void {
  topology.forEach(({ name: subnet, cidr, nodes }, i) => {
    nodes.forEach(({ name }, j) => {
      if (name === SITE_GATEWAY)
        report(
          `topology[${i}].nodes[${j}].name`,
          name,
          "it is the name of the instance that is the site's gateway; names must be unique",
        );
    });
    if (subnet === gateway?.subnet && nodes.length === roomIn(parseCidr(cidr)))
      report(
        `topology[${i}].nodes`,
        `${nodes.length} nodes`,
        `${cidr} has no address left for the site's gateway; use a larger subnet or fewer nodes`,
      );
  });
}
