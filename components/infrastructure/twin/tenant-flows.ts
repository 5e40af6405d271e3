/** What Neutron's Open vSwitch firewall programs on br-int: port security, and a stateful security group. */
import type { TenantProtocol } from "../../config";
import { TENANT_TUNNEL } from "../../plan";

/** A device of br-int, with the addresses that it may send from. */
export interface Vif {
  device: string;
  address: string;
  mac: string;
  /** Allowed address pairs: ranges besides the address. */
  allowed: readonly string[];
}

/** The device of a host's DHCP server in br-int. */
export const DHCP_DEVICE = "tap-dhcp";

/** The tables. Neutron has the same steps in its tables 71, 72, 81 and 82. */
const [FROM, TO, GROUP] = [0, 1, 2];

/**
 * Renders the flows of a node's br-int, each as `ovs-ofctl` takes it.
 *
 * - What a device sends must have its own MAC and address, or one of its allowed address pairs, and is remembered.
 * - What is for a device must be an answer, or of a protocol that the group lets in.
 *
 * - What the node's port asks a DHCP server goes to the host's own and nowhere else, and only that one answers.
 *
 * Every device has a conntrack zone of its own, so that an answer must be one to this device's packet. The rest is what a
 * switch does (`NORMAL`).
 *
 * @param router the MAC of the tenant's router. It is not in the lab, and it knows no pods: what is for it is lost.
 * @param port the device of the node's own port, which takes its address by DHCP. Default: none.
 */
export function renderFlows(
  vifs: readonly Vif[],
  group: readonly TenantProtocol[],
  router: string,
  port?: string,
): string {
  const sends = ({ device, address, mac, allowed }: Vif, zone: number) => {
    const own = `priority=90,in_port=${device},dl_src=${mac}`;
    return [
      `table=${FROM},${own},arp,arp_spa=${address},arp_sha=${mac},actions=NORMAL`,
      ...[address, ...allowed].map(
        (source) =>
          `table=${FROM},${own},ip,nw_src=${source},actions=ct(commit,zone=${zone}),resubmit(,${TO})`,
      ),
    ];
  };
  return [
    `table=${FROM},priority=100,in_port=${TENANT_TUNNEL.device},actions=resubmit(,${TO})`,
    ...(port ? dhcpFlows(vifs, port) : []),
    ...vifs.flatMap((vif, i) => sends(vif, i + 1)),
    `table=${FROM},priority=0,actions=drop`,
    ...vifs.map(
      ({ mac }, i) => `table=${TO},priority=90,ip,dl_dst=${mac},actions=ct(table=${GROUP},zone=${i + 1})`,
    ),
    `table=${TO},priority=90,dl_dst=${router},actions=drop`,
    `table=${TO},priority=0,actions=NORMAL`,
    ...["est", "rel"].map((state) => `table=${GROUP},priority=100,ct_state=+trk+${state},actions=NORMAL`),
    ...group.map(
      (protocol) =>
        `table=${GROUP},priority=90,${protocol},ct_state=+trk+new,actions=ct(commit,zone=NXM_NX_CT_ZONE[]),NORMAL`,
    ),
    `table=${GROUP},priority=0,actions=drop`,
  ].join("\n");
}

/** As Neutron's `_initialize_egress` and `_initialize_ingress` have it: DHCP before an address is known, and no server on a port. */
const dhcpFlows = (vifs: readonly Vif[], port: string): string[] => [
  ...vifs
    .filter(({ device }) => device === port)
    .map(
      ({ mac }) =>
        `table=${FROM},priority=95,udp,in_port=${port},dl_src=${mac},tp_src=68,tp_dst=67,actions=output:${DHCP_DEVICE}`,
    ),
  ...vifs.map(
    ({ device }) => `table=${FROM},priority=95,udp,in_port=${device},tp_src=67,tp_dst=68,actions=drop`,
  ),
  `table=${FROM},priority=95,udp,in_port=${DHCP_DEVICE},tp_src=67,tp_dst=68,actions=output:${port}`,
];
