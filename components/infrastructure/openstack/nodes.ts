/** The nodes: one port and one instance each, and one floating IP over which all are reached. */
import * as openstack from "@pulumi/openstack";
import type * as pulumi from "@pulumi/pulumi";
import type { OpenStackConfig } from "../../config";
import type { LabPlan, NodePlan } from "../../plan";
import { connectionTo, type Foundation, groupsOf, KeyPair, type Scope } from "../common";
import type { CloudNode, Connection } from "../interface";
import { createFloatingIp, createInstance, type MachineArgs, USER } from "./machine";
import type { Network, NetworkSubnet } from "./network";
import type { Security } from "./security";

/** What the nodes are made from. */
export interface NodesArgs extends MachineArgs {
  plan: LabPlan;
  config: OpenStackConfig;
  network: Network;
  security: Security;
}

/** Declares the nodes, in the plan's order. */
export function createNodes(
  args: NodesArgs,
  { scope, login }: Pick<Foundation, "scope" | "login">,
): CloudNode[] {
  const { plan, config } = args;
  const { parent, named } = scope;
  const built = plan.nodes.map((node) => {
    const subnet = args.network.subnets.get(node.subnet) as NetworkSubnet;
    const port = createPort(node, subnet, args, scope);
    const hostKey = new KeyPair(named(`${node.name}-host`), { parent });
    const instance = createInstance(node.name, port, subnet, hostKey, args, scope);
    return { node, subnet, port, hostKey, instance };
  });
  const controlPlane = built.find(
    ({ node }) => node.name === plan.controlPlane.name,
  ) as (typeof built)[number];
  const publicAddress = createFloatingIp(
    controlPlane.node.name,
    controlPlane.port,
    controlPlane.subnet,
    args,
    scope,
  );
  const reach = (host: pulumi.Input<string>, { hostKey }: (typeof built)[number]): Connection =>
    connectionTo(host, config.user ?? USER, login, hostKey);
  const jump = reach(publicAddress, controlPlane);
  return built.map((made) => ({
    ...made.node,
    resource: made.instance,
    ...(made === controlPlane
      ? { connection: jump, publicAddress }
      : { connection: { ...reach(made.node.address, made), jump } }),
  }));
}

/** The node's port. It holds the fabric's part of a fault or a mode, which changes in place while the machine runs. */
function createPort(
  node: NodePlan,
  { subnet, leg }: NetworkSubnet,
  { plan, security, label }: NodesArgs,
  { parent, named }: Scope,
): openstack.networking.Port {
  return new openstack.networking.Port(
    named(node.name),
    {
      ...label.described(node.name),
      // The network's id from the subnet: when the subnet is replaced, so is the port, and the port is deleted first.
      networkId: subnet.networkId,
      fixedIps: [{ subnetId: subnet.id, ipAddress: node.address }],
      // On the port, not on the instance: there, Nova would set the groups, and would need their names.
      securityGroupIds: groupsOf(node, security).map(({ id }) => id),
      allowedAddressPairs: node.host.allowsPods ? [{ ipAddress: plan.ipPool.cidr }] : [],
    },
    {
      parent,
      // The rules exist before the port and before every change to it. The router's interface is deleted after it.
      dependsOn: [...security.rules, leg],
      // A new address needs a new machine: Neutron would change it in place, and the machine would not notice.
      replaceOnChanges: ["fixedIps"],
      // The plan fixes the address, so the old port must release it first.
      deleteBeforeReplace: true,
    },
  );
}
