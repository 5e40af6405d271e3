/** Plugs a node that is an OpenStack compute host into a tenant network, so that its pods reach the tenant's instances. */
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../infrastructure";
import type * as openstack from "../infrastructure/openstack";
import { runScript } from "./run-script";

/** What {@link TenantPort} is made from. */
export interface TenantPortArgs {
  /** The node: a compute host with a br-int, of ML2/OVS or OVN. */
  node: Machine;
  /** The id of the tenant network. Its subnet must have DHCP. */
  network: pulumi.Input<string>;
  /** The id of the port's security group. What pods begin needs no rule in it. */
  securityGroup: pulumi.Input<string>;
  /** The host's name in Neutron (`openstack network agent list`). Default: the node's name. */
  host?: pulumi.Input<string>;
  /**
   * Ranges of pod addresses that may leave by the port: its allowed address pairs. Needed without natOutgoing, which gives
   * pods' packets the port's address; instances then need routes to these ranges (the subnet's host routes). Default: none.
   */
  podCidrs?: readonly pulumi.Input<string>[];
}

/**
 * A Neutron port that is bound to a node and plugged into the node's own br-int. The pods of that node, and of no other,
 * then reach the network's instances: the node forwards their packets, and natOutgoing gives them the port's address. The
 * node gets no default route and no DNS servers by it. Deleting it unplugs the port first. The credentials must be an
 * administrator's, since others may not bind a port to a host.
 *
 * @example
 * ```ts
 * import { Cluster, Hosts, parseConfig, planLab, TenantPort } from "encaplab";
 *
 * const machines = [
 *   { name: "cp1", address: "192.168.30.10", subnet: "192.168.30.0/24" },
 *   { name: "w1", address: "192.168.30.11", subnet: "192.168.30.0/24" },
 * ];
 * const config = parseConfig({ cloud: "hosts", hosts: { machines, user: "ubuntu" } });
 * const plan = planLab(config);
 * const infrastructure = new Hosts("machines", { plan, config: config.hosts ?? {} });
 * const cluster = new Cluster("cluster", { plan, infrastructure });
 * const [network, securityGroup] = ["8c5b6f0e-2f1d-4c53-9f0a-6d1c0b8f7a11", "1d3f9a52-7b60-4f0e-a0b1-2c9e5d4f6a77"];
 * for (const node of cluster.nodes.filter(({ role }) => role === "worker")) {
 *   const { address } = new TenantPort(`tenant-${node.name}`, { node, network, securityGroup });
 *   address.apply((known) => console.log(`pods of ${node.name} reach the tenant's instances as ${known}`));
 * }
 * ```
 */
export class TenantPort extends pulumi.ComponentResource {
  /** The port's IPv4 address, once the node has it. */
  readonly address: pulumi.Output<string>;
  /** The node's interface in the network. */
  readonly device: pulumi.Output<string>;

  constructor(name: string, args: TenantPortArgs, options?: pulumi.ComponentResourceOptions) {
    super("encaplab:cluster:TenantPort", name, {}, options);
    const { node, network, securityGroup, host = node.name, podCidrs = [] } = args;
    const { createHostPort } = require("../infrastructure/openstack") as typeof openstack;
    const { port, address, mtu, device } = createHostPort(
      name,
      { network, securityGroup, host, allowed: podCidrs },
      { parent: this },
    );
    const plugged = runScript(
      {
        node,
        prefix: `${name}-`,
        step: "tenant-port",
        values: {
          DEVICE: device,
          PORT_ID: port.id,
          MAC: port.macAddress,
          ADDRESS: address,
          MTU: mtu.apply(String),
        },
        runs: "create-and-delete",
        // Another port is another interface, and the old one must go first.
        triggers: [port.id],
      },
      { parent: this, dependsOn: [port] },
    );
    this.device = device;
    // Not before the node has it. Pulumi makes the output secret because the connection is, but an address is not.
    this.address = pulumi.unsecret(pulumi.all([address, plugged.stdout]).apply(([known]) => known));
    this.registerOutputs({ address: this.address, device: this.device });
  }
}
