/** A node's port on the fabric. */
import { fabricFacts, type LabPlan, type NodePlan, subnetOf } from "../../plan";
import { FABRIC, macOf, port } from "./names";
import { addBridge, batch } from "./shell";

/** What plugs a node in: lines of `ip -batch` for its namespace, and then for the fabric's. */
export interface PortLinks {
  node: string[];
  fabric: string[];
}

/** Renders a node's port. @param bridge of the node's subnet. */
export function renderPort(plan: LabPlan, node: NodePlan, bridge: string): PortLinks {
  const { nic, layer3, securityGroup } = fabricFacts(plan);
  const { gateway, prefix } = subnetOf(plan, node);
  const { tap, bridge: own, inner, outer } = port(node.name);
  const link = plan.mtu.link;
  return {
    node: [
      "link set lo up",
      `link add ${nic} address ${macOf(node.address)} mtu ${link} type veth peer name ${tap} mtu ${link} netns /run/netns/${FABRIC}`,
      `addr add ${node.address}/${layer3?.hostPrefix ?? prefix} dev ${nic}`,
      `link set ${nic} up`,
      ...(layer3?.hostPrefix ? [`route add ${gateway} dev ${nic} scope link`] : []),
      `route add default via ${gateway} dev ${nic}`,
    ],
    fabric: [
      // In a group, the bridge's packets must pass the hooks of the IP family, where connections are tracked.
      ...addBridge(own, link, securityGroup ? " nf_call_iptables 1" : ""),
      `link add ${inner} mtu ${link} type veth peer name ${outer} mtu ${link}`,
      `link set ${tap} master ${own} up`,
      `link set ${inner} master ${own} up`,
      `link set ${outer} master ${bridge} up`,
      // An isolated port reaches only ports that are not: the gateway's.
      ...(layer3 ? [`link set ${outer} type bridge_slave isolated on`] : []),
      `link set ${own} up`,
    ],
  };
}

/** Bash that removes a node's port from the fabric. What is missing is no error. */
export function unplug(node: string): string {
  const { tap, bridge, inner } = port(node);
  const links = [tap, inner, bridge].map((link) => `link del ${link}`);
  return `{ ${batch(FABRIC, links, "-force ")}\n} 2> /dev/null || true`;
}
