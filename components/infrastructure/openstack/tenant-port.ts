/** A Neutron port of a tenant network that is bound to a host, for whatever the host itself plugs in. */
import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";

/** What a {@link createHostPort} is made from. */
export interface HostPortArgs {
  /** The network's id. */
  network: pulumi.Input<string>;
  /** The id of the port's security group. */
  securityGroup: pulumi.Input<string>;
  /** The host, as Neutron names it. */
  host: pulumi.Input<string>;
  /** Ranges that may be a packet's source besides the port's own address. */
  allowed: readonly pulumi.Input<string>[];
}

/** A bound port, as the host must plug it in. */
export interface HostPort {
  port: openstack.networking.Port;
  /** IPv4, as Neutron has chosen it. */
  address: pulumi.Output<string>;
  /** The network's, in bytes. */
  mtu: pulumi.Output<number>;
  /** The name of the interface: `tap` and the first 11 characters of the port's id, as Neutron's own (DEVICE_NAME_MAX_LEN). */
  device: pulumi.Output<string>;
}

/** The MTU of a tenant network whose API does not tell. Neutron's own are not smaller, with VXLAN or Geneve on 1500. */
const USUAL_MTU = 1442;

/** Declares the port. Only an administrator may bind one to a host (Neutron's policy `create_port:binding:host_id`). */
export function createHostPort(
  name: string,
  { network, securityGroup, host, allowed }: HostPortArgs,
  options: pulumi.CustomResourceOptions,
): HostPort {
  const port = new openstack.networking.Port(
    name,
    {
      networkId: network,
      securityGroupIds: [securityGroup],
      binding: { hostId: host },
      // Not `compute:…`: such a port belongs to an instance, and Nova would look for it.
      deviceOwner: "encaplab:tenant-port",
      description: pulumi.interpolate`encaplab: plugged into br-int of ${host}`,
      allowedAddressPairs: allowed.map((ipAddress) => ({ ipAddress })),
    },
    {
      ...options,
      // Another network or host is another port: Neutron would leave the old host's interface behind.
      replaceOnChanges: ["binding.hostId"],
      deleteBeforeReplace: true,
    },
  );
  const { mtu } = openstack.networking.getNetworkOutput({ networkId: network }, { parent: options.parent });
  return {
    port,
    address: port.allFixedIps.apply((all) => all.find((one) => !one.includes(":")) ?? ""),
    mtu: pulumi.output(mtu).apply((known) => known || USUAL_MTU),
    device: port.id.apply((id) => `tap${id.slice(0, 11)}`),
  };
}
