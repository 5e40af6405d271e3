/** A subnet: a bridge, and the router's interface in it. */
import { fabricFacts, type LabPlan, type SubnetPlan } from "../../plan";
import { macOf, ROUTER, type SubnetDevices } from "./names";
import { addBridge, sysctl } from "./shell";

/** What makes a subnet: lines of `ip -batch` for each namespace, and the router's kernel settings as bash. */
export interface SubnetLinks {
  fabric: string[];
  router: string[];
  settings: string;
}

/**
 * Renders a subnet.
 * @param fixedMac whether the router's interface gets a MAC made from its address. What is rebuilt while nodes run then
 *   has the MAC that they remember.
 * @param router the namespace of its router. Default: the one of a lab without sites.
 */
export function renderSubnet(
  plan: LabPlan,
  { gateway, prefix }: SubnetPlan,
  devices: SubnetDevices,
  fixedMac = false,
  router = ROUTER,
): SubnetLinks {
  const link = plan.mtu.link;
  const { bridge, nic, gateway: toRouter } = devices;
  const mac = fixedMac ? ` address ${macOf(gateway)}` : "";
  return {
    fabric: [
      ...addBridge(bridge, link),
      `link set ${bridge} up`,
      `link add ${toRouter} mtu ${link} type veth peer name ${nic}${mac} mtu ${link} netns ${router}`,
      `link set ${toRouter} master ${bridge} up`,
    ],
    router: [`addr add ${gateway}/${prefix} dev ${nic}`, `link set ${nic} up`],
    settings: fabricFacts(plan).layer3 ? sysctl(answerForAll(nic)) : "",
  };
}

/**
 * Without a layer 2, a port reaches nothing but the gateway (`isolated`, see {@link renderPort}), and the gateway answers
 * ARP requests for every address of the subnet and sends packets back by the interface that they came from.
 */
const answerForAll = (nic: string): Record<string, string> => ({
  [`net/ipv4/conf/${nic}/proxy_arp_pvlan`]: "1",
  [`net/ipv4/neigh/${nic}/proxy_delay`]: "0",
  [`net/ipv4/conf/${nic}/send_redirects`]: "0",
});

/** ICMP redirects would teach nodes routes that no cloud's router teaches them. */
export const ROUTER_SYSCTLS = { "net/ipv4/ip_forward": "1", "net/ipv4/conf/all/send_redirects": "0" };

/**
 * Kernel settings of the namespace of switches, before it has devices. Track connections only on the ports' own bridges (they
 * switch it on), not a second time on the subnets' bridges. A switch has no address, so no IPv6: each of its ports would
 * solicit routers, see {@link QUIET}.
 */
export const FABRIC_SYSCTLS = {
  "net/bridge/bridge-nf-call-iptables": "0",
  "net/ipv6/conf/default/disable_ipv6": "1",
};

/**
 * Kernel setting of a node's namespace, before it has devices. A router solicitation goes to every node of the subnet, and is
 * repeated as long as no router answers (RFC 7559). In subnets of 128 nodes these were 16,000 packets at once, and what is
 * beyond net.core.netdev_max_backlog the kernel drops for all namespaces: the engine lost connections on loopback.
 */
export const QUIET = { "net/ipv6/conf/default/router_solicitations": "0" };
